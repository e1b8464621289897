// SPDX-License-Identifier: Apache-2.0
#include "dataset/sample/sample.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {

const char* origin_name(Origin origin) {
  switch (origin) {
    case Origin::real:
      return "real";
    case Origin::copy:
      return "copy";
    case Origin::augmented:
      return "augmented";
    case Origin::synthetic:
      return "synthetic";
  }
  return "unknown";
}

double Box::area() const {
  double sum = 0;
  for (const auto& ring : rings) {
    double twice = 0;
    for (size_t i = 0; i < ring.size(); ++i) {
      const auto &p = ring[i], &q = ring[(i + 1) % ring.size()];
      twice += double{p.x} * q.y - double{q.x} * p.y;
    }
    sum += std::abs(twice) / 2;
  }
  return rings.empty() ? (double{x1} - x0) * (double{y1} - y0) : sum;
}

int Sample::exclusive_class() const {
  const auto yes = std::find(labels.begin(), labels.end(), int8_t{1});
  if (yes == labels.end() || std::find(yes + 1, labels.end(), int8_t{1}) != labels.end()) return -1;
  return static_cast<int>(yes - labels.begin());
}

void Manifest::count_training_row(const std::vector<int8_t>& labels, Origin origin) {
  training_rows.resize(class_names.size());
  for (size_t c = 0; c < labels.size(); ++c)
    training_rows[c][static_cast<size_t>(origin)] += labels[c] == 1;
}

Origin parse_origin(const std::string& name) {
  for (const Origin origin : {Origin::copy, Origin::augmented, Origin::synthetic})
    if (name == origin_name(origin)) return origin;
  return Origin::real;
}

int Manifest::class_index(std::string_view name) const {
  const auto found = std::find(class_names.begin(), class_names.end(), name);
  if (found != class_names.end()) return static_cast<int>(found - class_names.begin());
  throw Error(Exit::bad_data, cat(source, ": ", unknown_name("class", name, class_names)));
}

std::string Manifest::source_of(const Sample& sample) const {
  return sources.empty() ? source : sample.id.substr(0, sample.id.find('/'));
}

}  // namespace evenray
