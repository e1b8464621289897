// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns whether `path` is Hugging Face's imagefolder with metadata
/// (huggingface.co/docs/datasets, "Create an image dataset"): a metadata.csv or metadata.jsonl
/// beside the images or in the folder of each part, with `file_name` relative to it.
bool is_imagefolder_layout(const std::string& path);

/// Reads it. Classes: `label` (a name or number) or `labels` (a list of them). Boxes: `objects`
/// with `bbox` ([x,y,width,height] each) and `categories`. `patient` and `split` are the patient
/// and the part; without `split` the folder's name gives the part. Other columns with plain values
/// are metadata. Throws Exit::bad_data for a line that is not such an object, and as
/// match_listing().
Manifest read_imagefolder(const std::string& path);

}  // namespace evenray
