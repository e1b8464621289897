// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace evenray {

/// Throws Exit::bad_data, with what to do, if a folder that no layout recognises is a known data
/// set that evenray does not read: Parquet files of Hugging Face, or JSON files of LabelMe.
void refuse_unread_layouts(const std::string& path);

}  // namespace evenray
