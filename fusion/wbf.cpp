// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <set>

#include "fusion/box_strips.hpp"
#include "fusion/methods.hpp"

namespace evenray {
namespace {

double highest_of(std::span<const double> weights) {
  return *std::max_element(weights.begin(), weights.end());
}

/// The weights of all models.
struct ModelWeights {
  explicit ModelWeights(const BoxLists& models, const FusionOptions& options)
      : of_models(options.weights) {
    of_models.resize(models.size(), 1);
    sum = std::accumulate(of_models.begin(), of_models.end(), 0.);
  }
  std::vector<double> of_models;
  double sum = 0;
};

/// A mean of boxes that grows.
class MeanBox {
 public:
  void add(const Corners& box, double weight, const FusionFrame& frame) {
    sums_ = {frame.rounded(sums_.x0 + weight * box.x0),
             frame.rounded(sums_.y0 + weight * box.y0),
             frame.rounded(sums_.x1 + weight * box.x1),
             frame.rounded(sums_.y1 + weight * box.y1)};
    weight_ += weight;
  }
  bool defined() const { return weight_ > 0; }
  Corners value(const FusionFrame& frame) const {
    return {frame.rounded(sums_.x0 / weight_),
            frame.rounded(sums_.y0 / weight_),
            frame.rounded(sums_.x1 / weight_),
            frame.rounded(sums_.y1 / weight_)};
  }

 private:
  Corners sums_;
  double weight_ = 0;
};

/// Boxes that become one, the highest score first.
struct Cluster {
  std::vector<const PooledBox*> members;
  MeanBox mean;
  Corners fused;

  void add(const PooledBox& box, const FusionFrame& frame) {
    members.push_back(&box);
    mean.add(box.corners, box.score, frame);
    if (members.size() == 1)
      fused = box.corners;
    else if (mean.defined())
      fused = mean.value(frame);
  }

  std::vector<BoxPlace> places() const {
    std::vector<BoxPlace> out;
    for (const auto* box : members) out.push_back(box->place);
    return out;
  }
};

/// The score of a cluster. As in the package, what is stored of two or more boxes is rounded.
double fused_score(const Cluster& cluster,
                   const ModelWeights& weights,
                   const FusionOptions& options,
                   const FusionFrame& frame) {
  const auto count = static_cast<double>(cluster.members.size());
  const auto stored = [&](double value) { return count > 1 ? frame.rounded(value) : value; };
  double scores = 0, box_weights = 0;
  std::set<size_t> models;
  for (const auto* box : cluster.members) {
    scores += box->score;
    box_weights += box->weight;
    models.insert(box->place.model);
  }
  double model_weights = 0, absent_weights = 0;
  for (size_t m = 0; m < weights.of_models.size(); ++m)
    (models.contains(m) ? model_weights : absent_weights) += weights.of_models[m];
  const double mean = stored(scores / count);
  switch (options.conf_type) {
    case ConfType::max:
      return stored(cluster.members[0]->score) / highest_of(weights.of_models);
    case ConfType::box_and_model_avg:
      if (box_weights <= 0) return 0;
      return mean * count / stored(box_weights) * model_weights / weights.sum;
    case ConfType::absent_model_aware_avg:
      return mean * count / (stored(box_weights) + absent_weights);
    case ConfType::score_sum:
      return std::min(1., scores / highest_of(weights.of_models));
    case ConfType::avg:
      break;
  }
  const auto models_count = static_cast<double>(weights.of_models.size());
  return mean * (options.allows_overflow ? count : std::min(count, models_count)) / weights.sum;
}

void sort_fused(std::vector<FusedBox>& boxes) {
  std::reverse(boxes.begin(), boxes.end());
  std::stable_sort(boxes.begin(), boxes.end(), [](const FusedBox& a, const FusedBox& b) {
    return a.found.score > b.found.score;
  });
}

}  // namespace

std::vector<FusedBox> wbf_boxes(const BoxLists& models,
                                const FusionFrame& frame,
                                const FusionOptions& options) {
  const ModelWeights weights(models, options);
  std::vector<FusedBox> out;
  for (auto& of_class : pool_boxes(models, frame, weights.of_models, options.skip_box_thr)) {
    of_class.sort();
    BoxStrips fused(of_class.boxes, options.iou_thr);
    std::vector<Cluster> clusters;
    for (const auto& box : of_class.boxes) {
      const auto best = fused.best(box.corners);
      if (best) {
        clusters[*best].add(box, frame);
        fused.move(*best, clusters[*best].fused);
      } else {
        clusters.emplace_back().add(box, frame);
        fused.add(box.corners);
      }
    }
    for (const auto& cluster : clusters) {
      FusedBox box = single_box(models, frame, *cluster.members[0]);
      if (cluster.members.size() > 1 && cluster.mean.defined())
        box.found.box = frame.pixels(cluster.fused);
      box.found.score = fused_score(cluster, weights, options, frame);
      box.members = cluster.places();
      out.push_back(std::move(box));
    }
  }
  sort_fused(out);
  return out;
}

std::vector<FusedBox> nmw_boxes(const BoxLists& models,
                                const FusionFrame& frame,
                                const FusionOptions& options) {
  ModelWeights weights(models, options);
  const double highest = highest_of(weights.of_models);
  for (double& weight : weights.of_models) weight /= highest;
  std::vector<FusedBox> out;
  for (auto& of_class : pool_boxes(models, frame, weights.of_models, options.skip_box_thr)) {
    of_class.sort();
    BoxStrips first_boxes(of_class.boxes, options.iou_thr);
    std::vector<std::vector<const PooledBox*>> clusters;
    for (const auto& box : of_class.boxes) {
      const auto best = first_boxes.best(box.corners);
      if (!best) first_boxes.add(box.corners);
      (best ? clusters[*best] : clusters.emplace_back()).push_back(&box);
    }
    for (const auto& members : clusters) {
      FusedBox fused = single_box(models, frame, *members[0]);
      fused.members.clear();
      MeanBox mean;
      for (const auto* box : members) {
        mean.add(box->corners, box->score * corners_iou(box->corners, members[0]->corners), frame);
        fused.members.push_back(box->place);
      }
      if (mean.defined()) fused.found.box = frame.pixels(mean.value(frame));
      fused.found.score = frame.rounded(fused.found.score);
      out.push_back(std::move(fused));
    }
  }
  sort_fused(out);
  return out;
}

}  // namespace evenray
