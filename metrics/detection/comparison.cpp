// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/comparison.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "metrics/text.hpp"

namespace evenray {
namespace {

bool same_box(const TrueBox& a, const TrueBox& b) {
  const auto facts = [](const TrueBox& box) {
    return std::tuple(box.box.x,
                      box.box.y,
                      box.box.width,
                      box.box.height,
                      box.class_index,
                      box.area,
                      box.crowd,
                      box.difficult);
  };
  return facts(a) == facts(b);
}

bool same_image(const ScoredImage& a, const ScoredImage& b) {
  return a.id == b.id && a.group == b.group && a.fold == b.fold && a.columns == b.columns &&
         std::equal(a.truth.begin(), a.truth.end(), b.truth.begin(), b.truth.end(), same_box);
}

void check_same_truth(const std::vector<NamedBoxes>& detectors) {
  if (detectors.size() < 2)
    throw Error(Exit::bad_data, "a comparison needs the boxes of two detectors or more");
  const CocoBoxes& first = detectors[0].boxes;
  for (const auto& [name, boxes] : detectors)
    if (boxes.class_names != first.class_names || boxes.columns != first.columns ||
        boxes.folds != first.folds || boxes.masks != first.masks ||
        !std::equal(boxes.images.begin(),
                    boxes.images.end(),
                    first.images.begin(),
                    first.images.end(),
                    same_image))
      throw Error(Exit::bad_data,
                  cat("cannot compare ",
                      name,
                      " with ",
                      detectors[0].name,
                      ": their images, classes or true boxes differ; read both with the same file "
                      "of true boxes"));
}

}  // namespace

Json compare_detections(const std::vector<NamedBoxes>& detectors,
                        const Resampling& options,
                        const DetectionOptions& detection) {
  check_same_truth(detectors);
  const CocoBoxes& first = detectors[0].boxes;
  const Division division = division_of(first);
  std::vector<Measure> measures;
  Json names = Json::array();
  for (const auto& [name, boxes] : detectors) {
    measures.push_back(detection_measure(boxes, division, detection, options.threads));
    names.push_back(name);
  }
  const auto& keys = measures[0].keys;
  const size_t count = keys.size();
  const Measure together = joined(measures);
  const auto all = together.values({});
  const auto groups = groups_of_images(first);
  const Replicates replicates = resample(
      groups,
      options,
      count * (detectors.size() - 1),
      [&](std::span<const double> weights) {
        const auto drawn = together.values(weights);
        std::vector<double> differences;
        for (size_t k = count; k < drawn.size(); ++k)
          differences.push_back(drawn[k] - drawn[k % count]);
        return differences;
      },
      strata_of(first));
  Json comparisons = Json::array();
  Cautions cautions;
  for (size_t d = 1; d < detectors.size(); ++d) {
    Json differences = Json::object();
    for (size_t k = 0; k < count; ++k) {
      const double second = all[d * count + k];
      differences[keys[k].name] = difference_json(all[k],
                                                  second,
                                                  second - all[k],
                                                  replicates[(d - 1) * count + k],
                                                  keys[k].support,
                                                  options.confidence);
      if (options.draws > 0) cautions.add(keys[k].about, keys[k].support);
    }
    comparisons.push_back({{"name", detectors[d].name}, {"differences", differences}});
  }
  Json out{{"schema", "evenray-detection-comparison-1"}};
  out.update(detection_facts(first, detection));
  out["names"] = names;
  out["bootstrap"] = resampling_json(groups, options);
  out["cautions"] = cautions.json();
  out["comparisons"] = std::move(comparisons);
  return out;
}

std::string detection_comparison_text(const Json& comparison) {
  std::string text = cat(comparison["images"].get<int64_t>(),
                         " images",
                         resampling_text(comparison["bootstrap"]),
                         "\n",
                         cautions_text(comparison["cautions"]));
  const bool drawn = comparison["bootstrap"]["draws"].get<int64_t>() > 0;
  const std::string first = comparison["names"][0];
  for (const auto& one : comparison["comparisons"]) {
    const std::string second = one["name"];
    std::vector<std::vector<std::string>> rows{
        {"value", first, second, cat(second, " - ", first), "p"}};
    for (const auto& [key, value] : one["differences"].items())
      rows.push_back({key,
                      short_number(value["first"]),
                      short_number(value["second"]),
                      short_number(value["difference"]) +
                          (value["difference"].is_number() && drawn ? interval(value["ci"]) : ""),
                      short_number(value["p"])});
    text += "\n" + aligned_table(rows);
  }
  return text;
}

}  // namespace evenray
