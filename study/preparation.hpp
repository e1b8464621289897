// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/image_facts.hpp"
#include "dataset/split.hpp"
#include "study/cells.hpp"

namespace evenray {

/// The data of a study, divided into parts but not packed yet.
struct StudyData {
  Manifest manifest;
  SplitOptions options;
  std::vector<SplitRow> rows;
  Json audit;
  /// {"source","format","licence","images","grouping","class_names","size_px","findings",
  /// "shortcuts","rare_class","median_box_side_px","folds":[{"images":{part:images},
  /// "counts":{part:{class:images}},"test_groups":{"rare","other"},
  /// "generator_images":{class:images}}]}. `median_box_side_px` is estimated from the sizes of the
  /// images. `generator_images`: training images that match gan.where.
  Json facts;
};

/// Returns the facts that preflight_json() needs as far as the labels tell them before any image is
/// read: as if every image were usable and a group of its own, and classes were divided exactly.
Json expected_facts(const Config& config, const Manifest& manifest);

/// Reads, audits and divides the data; writes nothing. A large collection takes long to read, so
/// what its labels show against the study is then logged, or thrown (65), beforehand. Throws 2
/// without data.path, 65 for data without training images, or with
/// an empty val or test part.
StudyData divide_data(const Config& config);

/// Packs one store for each fold and writes data/{audit.json,split.csv,set-fN.h5,facts.json} into
/// the study folder. Returns the content of facts.json: the facts of `data` with the measured
/// median box side, the rows left out, and for each fold the digest of its store and the metadata
/// baseline.
Json pack_data(const Config& config, const StudyFolder& folder, const StudyData& data);

}  // namespace evenray
