// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/layouts/listing.hpp"

namespace evenray {

/// One Pascal VOC annotation (Everingham et al. 2010): <filename> and its <object>s, each with
/// <name> and <bndbox>. xmin, ymin, xmax, ymax are taken as they stand, as today's tools write them
/// (VOC's own files count pixels from 1). The image is named after the XML file's stem where
/// <filename> is empty. Throws 66, or 65 where it is no such file or a box is not four numbers.
ListedImage read_voc_file(const Path& file);

/// XML files of that kind at any depth below a folder that also holds the images. Parts: from
/// ImageSets/Main/{train,val,test}.txt, else from folders' names.
bool is_voc_layout(const std::string& path);
/// Throws as read_voc_file() and match_listing().
Manifest read_voc(const std::string& path);

}  // namespace evenray
