// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "serve/site.hpp"

namespace evenray {

/// A file that somebody uploads, or that lies in the watched folder.
struct ReceivedFile {
  std::string_view bytes;
  std::string name;              ///< shown in lists
  std::string patient;           ///< id; empty: none
  bool patient_of_file = false;  ///< a DICOM file names its patient, who is added if unknown
};

/// Checks a file in the child process, keeps it, and lets it wait for its analysis. Returns the id
/// of the exam. Throws 65 for a file that is not an image or too large, 66 for an unknown patient,
/// 74 for a full disk.
std::string take_file(Site& site, const Visitor& visitor, const ReceivedFile& file);

}  // namespace evenray
