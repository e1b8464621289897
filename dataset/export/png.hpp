// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "core/output_folder.hpp"
#include "dataset/export/export.hpp"

namespace evenray {

/// What every export does with pixels and names.

/// Returns `image` in the size and depth that `options` ask for. `white16`: the value of white in a
/// 16-bit image.
cv::Mat shaped(const cv::Mat& image, const ExportOptions& options, int white16);

/// A file of an export: its relative name and its bytes, or the reason why there is none.
struct MadeFile {
  std::string name, bytes;
  std::string fault;  ///< audit kind; empty: none
  std::string why{};  ///< the reason in words, if there is a fault
};

/// Calls make(i) for i in 0..n-1 on `threads` threads and writes the files in the order of i. Calls
/// faulty(i, file) for each file that has a fault. At most `ahead` files wait to be written. Throws
/// Exit::io; Exit::stopped if the run is stopped.
void write_files(OutputFolder& out,
                 size_t n,
                 int threads,
                 size_t ahead,
                 const std::function<MadeFile(size_t)>& make,
                 const std::function<void(size_t, const MadeFile&)>& faulty = {});

/// Returns the names of the classes whose label is 1, joined with "+"; "none" if there is none.
std::string shown_classes(const std::vector<std::string>& class_names,
                          const std::vector<int8_t>& labels);

}  // namespace evenray
