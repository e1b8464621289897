// SPDX-License-Identifier: Apache-2.0
// One file with all that finding boxes needs.
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "detector/detector.hpp"
#include "detector/finding.hpp"
#include "metrics/detection/froc.hpp"
#include "metrics/detection/panel.hpp"
#include "nn/checkpoint.hpp"
#include "nn/model_card.hpp"

namespace evenray {
namespace {

/// A detector is shown to its readers with so many wrong boxes of a class per image.
constexpr double kShownWrong = 1;

/// See Detector::shown_score().
std::optional<double> shown_score_of(const CocoBoxes& boxes) {
  std::optional<double> out;
  const size_t classes = boxes.class_names.size();
  for (const auto& of_class : boxes_by_class(boxes.images, classes)) {
    const auto ranked = froc_outcomes(of_class, HitRule{});
    if (ranked.targets.empty()) continue;
    const double score = score_at_wrong(ranked, boxes.images.size(), kShownWrong);
    if (std::isfinite(score)) out = std::max(out.value_or(0), score);
  }
  return out;
}

}  // namespace

void pack_detector(const Path& run,
                   const Store& store,
                   const std::string& fit,
                   const Compute& compute,
                   const Path& out) {
  const Path source = model_file(run);
  const Detector detector(run, compute);
  TensorFile file = read_safetensors(source);
  Json facts = parse_json(require_metadata(file, "facts", source), "facts");
  check(facts.value("store", "") == store.content_digest(),
        Exit::bad_data,
        cat(store.path().string(),
            " is not the store that the detector was trained on; give that one with --data"));
  std::erase_if(file.tensors, [](const auto& item) { return !item.first.starts_with("ema."); });
  facts["packed"] = true;
  facts["fit"] = fit;
  if (!true_boxes(store, "val").images.empty())
    if (const auto score = shown_score_of(detector.find(store, "val")))
      facts["shown_score"] = *score;
  facts["card"] = model_card(store);
  if (!true_boxes(store, "test").images.empty()) {
    const Json found = detection_metrics(detector.find(store, "test"), Resampling{});
    for (const char* key : {"images", "classes", "values", "ci", "cautions"})
      facts["card"]["tested"][key] = found.at(key);
  }
  file.metadata["facts"] = facts.dump();
  write_safetensors(out, file);
}

}  // namespace evenray
