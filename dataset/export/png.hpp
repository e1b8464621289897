// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "core/output_folder.hpp"
#include "dataset/export/export.hpp"

namespace evenray {

/// What every export does with pixels and names.

/// Of the size and depth that are asked for; `white16`: what a 16-bit image means by white.
cv::Mat shaped(const cv::Mat& image, const ExportOptions& options, int white16);

/// A file of an export: its name, relative, and its bytes; or why there is none.
struct MadeFile {
  std::string name, bytes;
  std::string fault;  ///< audit kind; empty: none
};

/// make(i) on `threads` threads, the files written in order of i, take(i, file) for each that has a
/// fault. At most `ahead` wait to be written. Throws 74; 75 when stopped.
void write_files(OutputFolder& out,
                 size_t n,
                 int threads,
                 size_t ahead,
                 const std::function<MadeFile(size_t)>& make,
                 const std::function<void(size_t, const MadeFile&)>& faulty = {});

/// The names of those classes whose label is 1, joined with "+"; "none" where there is none.
std::string shown_classes(const std::vector<std::string>& class_names,
                          const std::vector<int8_t>& labels);

}  // namespace evenray
