// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// One .npz file with train_images, train_labels and the same of val and test, as MedMNIST
/// publishes sets (Yang et al. 2023; ChestMNIST is NIH ChestX-ray14): images u8 or u16 [N,H,W] or
/// u8 [N,H,W,3], labels whole numbers [N,L].
bool is_medmnist_file(const std::string& path);

/// Parts are the file's. One label column: a class a value; several: a class a column of 0, 1 and
/// -1 (unknown). Classes are named where the file is named as MedMNIST names its radiograph sets,
/// else by number; ids are part and row. Throws 65 for arrays that are missing or do not fit, and
/// as read_npz().
Manifest read_medmnist(const std::string& path);

}  // namespace evenray
