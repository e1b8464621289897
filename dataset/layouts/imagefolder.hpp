// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Hugging Face's imagefolder with metadata (huggingface.co/docs/datasets, "Create an image
/// dataset"): a metadata.csv or metadata.jsonl beside the images or in each part's folder, with
/// `file_name` relative to it.
bool is_imagefolder_layout(const std::string& path);

/// `label` (a name or number) or `labels` (a list of them) are classes; `objects` with `bbox`
/// ([x,y,width,height] each) and `categories` are boxes; other columns with plain values are
/// metadata, `patient` and `split` what they say. Parts by folders' names. Throws 65 where a line
/// is no such object, and as match_listing().
Manifest read_imagefolder(const std::string& path);

}  // namespace evenray
