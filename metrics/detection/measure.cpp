// SPDX-License-Identifier: Apache-2.0
#include "metrics/detection/measure.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

namespace evenray {
namespace {

std::vector<double> part_values(const MeasurePart& part, std::span<const double> image_weights) {
  if (image_weights.empty()) return part.measure.values({});
  std::vector<double> own;
  own.reserve(part.images.size());
  for (const size_t image : part.images) own.push_back(image_weights[image]);
  return part.measure.values(own);
}

void add_support(Support& sum, const Support& more) {
  sum.positive += more.positive;
  sum.negative += more.negative;
}

}  // namespace

Support groups_of(const std::vector<ScoredImage>& images, std::vector<size_t> chosen) {
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  std::vector<std::string> groups;
  for (const size_t image : chosen) groups.push_back(images[image].group);
  const int64_t count = support_of(std::vector<uint8_t>(groups.size(), 1), groups).positive;
  return {count, count};
}

Support rarest_support(const std::vector<Support>& of_classes) {
  Support rarest;
  for (const Support& one : of_classes)
    if (one.positive > 0 && (rarest.positive == 0 || one.positive < rarest.positive)) rarest = one;
  return rarest;
}

Measure joined(std::vector<Measure> parts) {
  Measure out;
  for (auto& part : parts) out.keys.insert(out.keys.end(), part.keys.begin(), part.keys.end());
  out.values = [parts = std::move(parts)](std::span<const double> image_weights) {
    std::vector<double> values;
    for (const auto& part : parts) {
      const auto more = part.values(image_weights);
      values.insert(values.end(), more.begin(), more.end());
    }
    return values;
  };
  return out;
}

Measure mean_over(std::vector<MeasurePart> parts) {
  Measure out{parts.at(0).measure.keys, {}};
  for (size_t k = 0; k < out.keys.size(); ++k) {
    ValueKey& sum = out.keys[k];
    for (size_t p = 1; p < parts.size(); ++p) {
      const ValueKey& more = parts[p].measure.keys[k];
      add_support(sum.support, more.support);
      for (size_t c = 0; c < sum.of_classes.size(); ++c)
        add_support(sum.of_classes[c], more.of_classes[c]);
    }
    if (!sum.of_classes.empty()) sum.support = rarest_support(sum.of_classes);
  }
  out.values = [parts = std::move(parts)](std::span<const double> image_weights) {
    std::vector<double> sums, counts;
    for (const auto& part : parts) {
      const auto values = part_values(part, image_weights);
      sums.resize(values.size());
      counts.resize(values.size());
      for (size_t k = 0; k < values.size(); ++k) {
        if (!std::isfinite(values[k])) continue;
        sums[k] += values[k];
        counts[k] += 1;
      }
    }
    for (size_t k = 0; k < sums.size(); ++k) sums[k] = counts[k] > 0 ? sums[k] / counts[k] : NAN;
    return sums;
  };
  return out;
}

Measure of_part(MeasurePart part) {
  Measure out{part.measure.keys, {}};
  out.values = [part = std::move(part)](std::span<const double> image_weights) {
    return part_values(part, image_weights);
  };
  return out;
}

}  // namespace evenray
