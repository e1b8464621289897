// SPDX-License-Identifier: Apache-2.0
#include "dataset/summary/summary.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/summary/imbalance.hpp"
#include "dataset/where.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

struct ClassCounts {
  int64_t images = 0, unknown = 0, boxes = 0;
  std::set<std::string> patients;
};

std::vector<ClassCounts> count_classes(const Manifest& manifest) {
  std::vector<ClassCounts> counts(manifest.class_names.size());
  for (const auto& sample : manifest.samples) {
    for (size_t c = 0; c < counts.size(); ++c) {
      counts[c].unknown += sample.labels[c] == -1;
      if (sample.labels[c] != 1) continue;
      ++counts[c].images;
      if (!sample.patient.empty()) counts[c].patients.insert(sample.patient);
    }
    for (const auto& box : sample.boxes) ++counts[static_cast<size_t>(box.label)].boxes;
  }
  return counts;
}

Json sizes_json(const std::vector<ImageFacts>& facts) {
  std::map<std::pair<int, int>, int64_t> counts;
  for (const auto& fact : facts) {
    if (fact.readable) ++counts[{fact.width, fact.height}];
  }
  std::vector<std::pair<std::pair<int, int>, int64_t>> sizes(counts.begin(), counts.end());
  std::stable_sort(
      sizes.begin(), sizes.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  Json out = Json::array();
  for (const auto& [size, images] : sizes) {
    out.push_back({{"width", size.first}, {"height", size.second}, {"images", images}});
  }
  return out;
}

/// Orders numbers by value, before all other texts, which are in alphabetical order.
bool value_before(const std::string& a, const std::string& b) {
  double x = 0, y = 0;
  const bool a_number = parse_double(a, x), b_number = parse_double(b, y);
  if (a_number != b_number) return a_number;
  return a_number && x != y ? x < y : a < b;
}

Json metadata_json(const Manifest& manifest) {
  Json out = Json::object();
  for (size_t c = 0; c < manifest.meta_columns.size(); ++c) {
    std::map<std::string, int64_t, decltype(&value_before)> counts(&value_before);
    for (const auto& sample : manifest.samples) ++counts[sample.meta[c]];
    Json& column = out[manifest.meta_columns[c]] = Json::object();
    for (const auto& [value, count] : counts) column[value] = count;
  }
  return out;
}

Json modes_json(const std::vector<ImageFacts>& facts) {
  std::map<std::string, int64_t> counts;
  for (const auto& fact : facts) {
    if (!fact.mode.empty()) ++counts[fact.mode];
  }
  Json out = Json::object();
  for (const auto& [mode, images] : counts) out[mode] = images;
  return out;
}

Json quantiles_json(const std::vector<double>& values) {
  if (values.empty()) return nullptr;
  return {{"min", quantile(values, 0)},
          {"q25", quantile(values, .25)},
          {"median", quantile(values, .5)},
          {"q75", quantile(values, .75)},
          {"max", quantile(values, 1)}};
}

/// Counts patients or groups (`noun`): how many, of how many images. null if none is known.
Json owners_json(const Manifest& manifest, const std::string& noun, std::string Sample::*owner) {
  const auto counts = images_per(manifest, owner);
  if (counts.empty()) return nullptr;
  return {{noun + "s", counts.size()},
          {"images", static_cast<int64_t>(std::accumulate(counts.begin(), counts.end(), 0.))},
          {"images_a_" + noun, quantiles_json(counts)}};
}

/// Returns how many files hold pictures that are not among the samples.
int64_t files_with_further_pictures(const Manifest& manifest,
                                    const std::vector<ImageFacts>& facts) {
  std::map<Path, int> unread;
  for (size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].pictures <= 1) continue;
    --unread.emplace(manifest.samples[i].file, facts[i].pictures).first->second;
  }
  return std::count_if(
      unread.begin(), unread.end(), [](const auto& file) { return file.second > 0; });
}

/// null if no image is annotated with boxes.
Json boxes_json(const Manifest& manifest, const std::vector<ImageFacts>& facts) {
  int64_t annotated = 0, with_boxes = 0, polygons = 0;
  std::map<size_t, int64_t> images_by_boxes;
  std::vector<double> sides, shares;
  for (size_t i = 0; i < manifest.samples.size(); ++i) {
    const auto& sample = manifest.samples[i];
    annotated += sample.boxes_known;
    with_boxes += !sample.boxes.empty();
    if (sample.boxes_known) ++images_by_boxes[sample.boxes.size()];
    for (const auto& box : sample.boxes) {
      const double area = std::max(0.f, box.x1 - box.x0) * std::max(0.f, box.y1 - box.y0);
      sides.push_back(std::sqrt(area));
      polygons += !box.rings.empty();
      if (facts[i].readable)
        shares.push_back(100 * area / (double(facts[i].width) * facts[i].height));
    }
  }
  if (annotated == 0) return nullptr;
  Json by_boxes = Json::object();
  for (const auto& [boxes, images] : images_by_boxes) by_boxes[cat(boxes)] = images;
  return {{"images_annotated", annotated},
          {"images_with_boxes", with_boxes},
          {"boxes", sides.size()},
          {"boxes_with_polygons", polygons},
          {"images_by_boxes", std::move(by_boxes)},
          {"side_px", quantiles_json(sides)},
          {"area_percent", quantiles_json(shares)}};
}

Json labels_json(const Manifest& manifest, const std::vector<double>& irlbl) {
  std::vector<std::vector<int8_t>> labels;
  for (const auto& sample : manifest.samples) labels.push_back(sample.labels);
  const Concurrence found = concurrence(labels, irlbl);
  Json together = Json::object();
  for (size_t a = 0; a < manifest.class_names.size(); ++a) {
    Json& row = together[manifest.class_names[a]] = Json::object();
    for (size_t b = 0; b < manifest.class_names.size(); ++b)
      row[manifest.class_names[b]] = found.together[a][b];
  }
  return {{"cardinality", found.cardinality},
          {"density", found.density},
          {"labelsets", found.labelsets},
          {"single_labelsets", found.single},
          {"scumble", found.scumble},
          {"together", std::move(together)}};
}

/// What training sees: rows of train by class and origin, and their imbalance.
Json training_json(const Manifest& manifest) {
  Json classes = Json::array();
  std::vector<int64_t> rows;
  for (size_t c = 0; c < manifest.class_names.size(); ++c) {
    const auto& by_origin = manifest.training_rows[c];
    Json entry = {{"name", manifest.class_names[c]}};
    for (const Origin origin : {Origin::real, Origin::copy, Origin::augmented, Origin::synthetic})
      entry[origin_name(origin)] = by_origin[static_cast<size_t>(origin)];
    rows.push_back(std::accumulate(by_origin.begin(), by_origin.end(), int64_t{0}));
    entry["rows"] = rows.back();
    classes.push_back(std::move(entry));
  }
  return {{"classes", std::move(classes)}, {"imbalance_ratio", imbalance(rows).ratio}};
}

/// Returns value -> class -> images, where `value_of` gives the value of a sample.
template <class ValueOf>
Json classes_by(const Manifest& manifest, const ValueOf& value_of) {
  std::map<std::string, std::vector<int64_t>, decltype(&value_before)> counts(&value_before);
  for (const auto& sample : manifest.samples) {
    auto& row = counts[value_of(sample)];
    row.resize(manifest.class_names.size());
    for (size_t c = 0; c < row.size(); ++c) row[c] += sample.labels[c] == 1;
  }
  Json out = Json::object();
  for (const auto& [value, row] : counts) {
    Json& classes = out[value] = Json::object();
    for (size_t c = 0; c < row.size(); ++c) classes[manifest.class_names[c]] = row[c];
  }
  return out;
}

Json sources_json(const Manifest& manifest) {
  std::map<std::string, int64_t> images;
  for (const auto& sample : manifest.samples) ++images[manifest.source_of(sample)];
  const Json classes =
      classes_by(manifest, [&](const Sample& sample) { return manifest.source_of(sample); });
  Json out = Json::array();
  for (const auto& name : manifest.sources) {
    if (images.contains(name))
      out.push_back({{"name", name}, {"images", images[name]}, {"classes", classes.at(name)}});
  }
  return out;
}

}  // namespace

Json images_by(const Manifest& manifest, const std::vector<std::string>& columns) {
  Json out = Json::object();
  auto known = manifest.meta_columns;
  if (!manifest.sources.empty()) known.emplace_back("source");
  for (const auto& name : columns) {
    const size_t c = column_index(known, name, manifest.source);
    out[name] = classes_by(manifest, [&](const Sample& sample) {
      return c < sample.meta.size() ? sample.meta[c] : manifest.source_of(sample);
    });
  }
  return out;
}

std::vector<double> images_per(const Manifest& manifest, std::string Sample::*owner) {
  std::map<std::string, double> images;
  for (const auto& sample : manifest.samples)
    if (!(sample.*owner).empty()) ++images[sample.*owner];
  std::vector<double> counts;
  for (const auto& [name, count] : images) counts.push_back(count);
  return counts;
}

Json inspect_json(const Manifest& manifest,
                  const std::vector<ImageFacts>& facts,
                  const std::vector<std::string>& by) {
  const auto counts = count_classes(manifest);
  const Json patients = owners_json(manifest, "patient", &Sample::patient);
  const Json groups = owners_json(manifest, "group", &Sample::visit);
  const Json boxes = boxes_json(manifest, facts);
  Json classes = Json::array(), irlbl = Json::object();
  std::vector<int64_t> images;
  images.reserve(counts.size());
  for (const auto& count : counts) images.push_back(count.images);
  const Imbalance measures = imbalance(images);
  for (size_t c = 0; c < counts.size(); ++c) {
    Json entry = {{"name", manifest.class_names[c]}, {"images", counts[c].images}};
    entry["patients"] = patients.is_null() ? Json(nullptr) : Json(counts[c].patients.size());
    entry["boxes"] = counts[c].boxes;
    if (counts[c].unknown > 0) entry["unknown"] = counts[c].unknown;
    classes.push_back(std::move(entry));
    irlbl[manifest.class_names[c]] = measures.irlbl[c];
  }
  int bits = 0;
  for (const auto& fact : facts) {
    if (fact.readable) bits = std::max(bits, fact.bits);
  }
  Json out = {{"schema", "evenray-inspect-1"},
              {"images", manifest.samples.size()},
              {"classes", std::move(classes)},
              {"sizes", sizes_json(facts)},
              {"modes", modes_json(facts)},
              {"bits", bits},
              {"imbalance_ratio", measures.ratio},
              {"irlbl", std::move(irlbl)},
              {"mean_ir", measures.mean_ir},
              {"metadata", metadata_json(manifest)}};
  if (!manifest.sources.empty()) out["sources"] = sources_json(manifest);
  if (!manifest.training_rows.empty()) out["training"] = training_json(manifest);
  if (!patients.is_null()) out["patients"] = patients;
  if (patients.is_null() && !groups.is_null()) out["groups"] = groups;
  if (!boxes.is_null()) out["boxes"] = boxes;
  if (const auto files = files_with_further_pictures(manifest, facts); files > 0)
    out["files_with_further_pictures"] = files;
  if (manifest.multi_label) out["labels"] = labels_json(manifest, measures.irlbl);
  if (!by.empty()) out["by"] = images_by(manifest, by);
  return out;
}

std::string inspect_table(const Manifest& manifest, const std::vector<ImageFacts>& facts) {
  std::vector<std::string> head = {
      "id", "path", "class", "width", "height", "mode", "bits", "patient", "part", "boxes"};
  head.insert(head.end(), manifest.meta_columns.begin(), manifest.meta_columns.end());
  std::string out = csv_line(head);
  for (size_t i = 0; i < manifest.samples.size(); ++i) {
    const auto& sample = manifest.samples[i];
    const auto& fact = facts[i];
    std::vector<std::string> classes;
    for (size_t c = 0; c < manifest.class_names.size(); ++c) {
      if (sample.labels[c] != 0)
        classes.push_back((sample.labels[c] < 0 ? "?" : "") + manifest.class_names[c]);
    }
    std::vector<std::string> row = {sample.id,
                                    sample.source_path,
                                    join(classes, "|"),
                                    fact.readable ? cat(fact.width) : "",
                                    fact.readable ? cat(fact.height) : "",
                                    fact.mode,
                                    fact.readable ? cat(fact.bits) : "",
                                    sample.patient,
                                    sample.part,
                                    sample.boxes_known ? cat(sample.boxes.size()) : ""};
    row.insert(row.end(), sample.meta.begin(), sample.meta.end());
    out += csv_line(row);
  }
  return out;
}

}  // namespace evenray
