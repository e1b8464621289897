// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns whether `path` is an .npz file. MedMNIST publishes its sets (Yang et al. 2023;
/// ChestMNIST is NIH ChestX-ray14) as one file with train_images, train_labels and the same for val
/// and test: images u8 or u16 [N,H,W] or u8 [N,H,W,3], labels integers [N,L].
bool is_medmnist_file(const std::string& path);

/// Reads it. Parts are those of the file. With one label column, each value is a class; with
/// several, each column of 0, 1 and -1 (unknown) is a class. Classes have names if the file has the
/// name of one of MedMNIST's radiograph sets, else numbers. Ids are part and row. Throws
/// Exit::bad_data for arrays that are missing or do not match, and as read_npz().
Manifest read_medmnist(const std::string& path);

}  // namespace evenray
