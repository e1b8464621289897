// SPDX-License-Identifier: Apache-2.0
#include "dataset/summary/imbalance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace evenray {

Imbalance imbalance(const std::vector<int64_t>& class_counts) {
  Imbalance out;
  if (class_counts.empty()) return out;
  const auto [smallest, largest] = std::minmax_element(class_counts.begin(), class_counts.end());
  if (*largest <= 0) {
    out.irlbl.assign(class_counts.size(), 0);
    return out;
  }
  const auto most = static_cast<double>(*largest);
  out.ratio = *smallest > 0 ? most / static_cast<double>(*smallest)
                            : std::numeric_limits<double>::infinity();
  const auto present = static_cast<double>(
      std::count_if(class_counts.begin(), class_counts.end(), [](int64_t n) { return n > 0; }));
  for (const int64_t count : class_counts) {
    out.irlbl.push_back(count > 0 ? most / static_cast<double>(count) : 0);
    out.mean_ir += out.irlbl.back() / present;
  }
  return out;
}

Concurrence concurrence(const std::vector<std::vector<int8_t>>& labels,
                        const std::vector<double>& irlbl) {
  const size_t classes = irlbl.size();
  const auto images = static_cast<double>(std::max<size_t>(labels.size(), 1));
  Concurrence out;
  out.together.assign(classes, std::vector<int64_t>(classes));
  std::map<std::vector<size_t>, int64_t> sets;
  for (const auto& image : labels) {
    std::vector<size_t> present;
    for (size_t c = 0; c < classes; ++c) {
      if (image[c] == 1) present.push_back(c);
    }
    ++sets[present];
    for (const auto a : present) {
      for (const auto b : present) ++out.together[a][b];
    }
    out.cardinality += static_cast<double>(present.size()) / images;
    if (present.empty()) continue;
    // The geometric mean as the exponential of the mean logarithm: a product could overflow.
    double sum = 0, logs = 0;
    for (const auto c : present) {
      sum += irlbl[c];
      logs += std::log(irlbl[c]);
    }
    const auto n = static_cast<double>(present.size());
    out.scumble += (1 - std::exp(logs / n) / (sum / n)) / images;
  }
  out.density = out.cardinality / static_cast<double>(std::max<size_t>(classes, 1));
  out.labelsets = static_cast<int64_t>(sets.size());
  for (const auto& [set, count] : sets) out.single += count == 1;
  return out;
}

}  // namespace evenray
