// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/layouts/listing.hpp"

namespace evenray {

/// Reads one Pascal VOC annotation (Everingham et al. 2010): <filename> and <object>s, each with
/// <name> and <bndbox>. xmin, ymin, xmax and ymax are used unchanged, as current tools write them
/// (VOC's own files count pixels from 1). If <filename> is empty, the image is named after the stem
/// of the XML file. The file may be in any character set that it declares. A file that is not such
/// an annotation, and an object whose box is not four numbers, are remarks (read_annotation()).
/// Throws Exit::missing_input.
ListedImage read_voc_file(const Path& file);

/// Returns whether a folder that also holds the images contains such XML files at any depth.
bool is_voc_layout(const std::string& path);
/// Reads them. Parts: from ImageSets/Main/{train,val,test}.txt, else from the folders' names.
/// Throws as read_voc_file() and match_listing().
Manifest read_voc(const std::string& path);

}  // namespace evenray
