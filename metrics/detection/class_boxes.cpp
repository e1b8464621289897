// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/class_boxes.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {

std::vector<std::vector<ClassBoxes>> boxes_by_class(const std::vector<ScoredImage>& images,
                                                    size_t classes) {
  std::vector<std::vector<ClassBoxes>> out(classes);
  for (size_t i = 0; i < images.size(); ++i) {
    const auto of_class = [&](int class_index) -> ClassBoxes& {
      check(class_index >= 0 && static_cast<size_t>(class_index) < classes,
            Exit::failed,
            "a box of an unknown class");
      auto& list = out[static_cast<size_t>(class_index)];
      if (list.empty() || list.back().image != i)
        list.push_back({static_cast<uint32_t>(i), {}, {}});
      return list.back();
    };
    for (const auto& box : images[i].truth) of_class(box.class_index).truth.push_back(&box);
    for (const auto& box : images[i].found) of_class(box.class_index).found.push_back(&box);
  }
  for (auto& of_class : out)
    for (auto& boxes : of_class)
      std::stable_sort(boxes.found.begin(),
                       boxes.found.end(),
                       [](const FoundBox* a, const FoundBox* b) { return a->score > b->score; });
  return out;
}

void check_weights(std::span<const double> image_weights, size_t images) {
  if (!image_weights.empty() && image_weights.size() != images)
    throw Error(Exit::failed, "there must be one weight for each image");
}

double RankedOutcomes::boxes(std::span<const double> image_weights) const {
  if (image_weights.empty()) return static_cast<double>(targets.size());
  double sum = 0;
  for (const CountedBox& target : targets) sum += image_weights[target.image];
  return sum;
}

RankedOutcomes ranked_outcomes(const std::vector<ClassBoxes>& boxes,
                               const std::function<std::vector<int>(const ClassBoxes&)>& match) {
  constexpr size_t kMostPairs = 100'000'000;
  RankedOutcomes out;
  std::vector<uint32_t> outcomes;
  std::vector<double> scores;
  for (const auto& in_image : boxes) {
    const auto& [image, truth, found] = in_image;
    if (!truth.empty() && found.size() > kMostPairs / truth.size())
      throw Error(Exit::bad_data,
                  cat("one image has ",
                      found.size(),
                      " found and ",
                      truth.size(),
                      " true boxes of a class, which is too many; keep those with high scores"));
    const std::vector<int> hits = match(in_image);
    std::vector<double> score_of_hit(truth.size(), -std::numeric_limits<double>::infinity());
    for (size_t f = 0; f < found.size(); ++f) {
      if (hits[f] == kNeither) continue;
      if (hits[f] != kWrong) score_of_hit[static_cast<size_t>(hits[f])] = found[f]->score;
      outcomes.push_back(2 * image + (hits[f] == kWrong ? 0 : 1));
      scores.push_back(found[f]->score);
    }
    for (size_t t = 0; t < truth.size(); ++t)
      if (!truth[t]->ignored()) out.targets.push_back({image, truth[t]->area, score_of_hit[t]});
  }
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(
      order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  for (const size_t i : order) {
    out.outcomes.push_back(outcomes[i]);
    out.scores.push_back(scores[i]);
  }
  return out;
}

}  // namespace evenray
