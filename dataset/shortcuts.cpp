// SPDX-License-Identifier: Apache-2.0
#include "dataset/shortcuts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "core/text.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

constexpr double kMaxAuroc = .7, kMaxShare = .95, kMaxP = 1e-6;
/// An AUROC must be this many standard errors above .5: with few images chance alone takes it far
/// away.
constexpr double kMinErrors = 3;
constexpr int64_t kMinImages = 20;

/// A property of each image that might predict its class; empty text: missing.
struct Property {
  std::string kind, name;
  bool by_value = true, by_column = true;  ///< which of the two tests to run
  std::vector<std::string> values{};
};

/// Returns the AUROC of values that are all numbers, at least .5: the direction does not matter.
/// nullopt if one is not a number.
std::optional<double> auroc_of_numbers(const std::vector<std::string>& values,
                                       const std::vector<uint8_t>& labels) {
  std::vector<double> numbers(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (!parse_double(values[i], numbers[i])) return std::nullopt;
  }
  const double area = auroc(numbers, labels);
  return std::max(area, 1 - area);
}

/// Returns the AUROC of texts. The score of a text is the share of the class among the images that
/// have it; rare texts are pooled. The shares come from the other half of the images, because
/// shares from the same images would fit noise. NaN if a class has fewer than two images.
double auroc_of_texts(const std::vector<std::string>& values, const std::vector<uint8_t>& labels) {
  std::map<std::string, int64_t> images;
  for (const auto& value : values) ++images[value];
  std::array<size_t, 2> seen{};
  std::vector<size_t> half;
  std::vector<std::string> names;
  std::map<std::string, std::array<std::array<double, 2>, 2>> counts;  // half, label
  for (size_t i = 0; i < values.size(); ++i) {
    half.push_back(seen[labels[i]]++ % 2);  // alternates within a class
    names.push_back(images[values[i]] < kMinImages ? "\1rare" : values[i]);
    ++counts[names[i]][half[i]][labels[i]];
  }
  const double prior = static_cast<double>(seen[1]) / static_cast<double>(values.size());
  double sum = 0;
  for (const size_t own : {0, 1}) {
    std::vector<double> scores;
    std::vector<uint8_t> own_labels;
    for (size_t i = 0; i < values.size(); ++i) {
      if (half[i] != own) continue;
      const auto& other = counts[names[i]][1 - own];
      scores.push_back((other[1] + prior) / (other[0] + other[1] + 1));
      own_labels.push_back(labels[i]);
    }
    sum += auroc(scores, own_labels);
  }
  return sum / 2;
}

/// The rows whose label of one class is known, and their values of a property.
struct Known {
  std::vector<size_t> rows;
  std::vector<uint8_t> labels;
  std::vector<std::string> values;
  int64_t positives = 0;
};

Known known_rows(const Manifest& manifest, const Property& property, size_t class_index) {
  Known known;
  for (size_t i = 0; i < manifest.samples.size(); ++i) {
    const int label = manifest.samples[i].labels[class_index];
    if (label < 0) continue;
    known.rows.push_back(i);
    known.labels.push_back(static_cast<uint8_t>(label));
    known.values.push_back(property.values[i]);
    known.positives += label;
  }
  return known;
}

void add_value_shortcuts(const Manifest& manifest,
                         const Property& property,
                         const Known& known,
                         size_t class_index,
                         std::vector<Finding>& findings) {
  std::map<std::string, std::vector<size_t>> rows_of;
  for (size_t k = 0; k < known.rows.size(); ++k) rows_of[known.values[k]].push_back(k);
  const double prior =
      static_cast<double>(known.positives) / static_cast<double>(known.rows.size());
  for (const auto& [value, rows] : rows_of) {
    const auto n = static_cast<int64_t>(rows.size());
    if (n < kMinImages || n == static_cast<int64_t>(known.rows.size())) continue;
    int64_t hits = 0;
    for (const auto k : rows) hits += known.labels[k];
    if (static_cast<double>(hits) < kMaxShare * static_cast<double>(n)) continue;
    if (binomial_upper_tail(hits, n, prior) >= kMaxP) continue;
    Finding finding{property.kind, {}, ""};
    for (const auto k : rows) finding.ids.push_back(manifest.samples[known.rows[k]].id);
    finding.detail = cat(property.name,
                         value.empty() ? " missing" : "=" + value,
                         ": ",
                         hits,
                         " of ",
                         n,
                         " images are ",
                         manifest.class_names[class_index],
                         " (",
                         fixed(100 * prior, 0),
                         " % of all)");
    findings.push_back(std::move(finding));
  }
}

void add_column_shortcut(const Manifest& manifest,
                         const Property& property,
                         const Known& known,
                         size_t class_index,
                         std::vector<Finding>& findings) {
  std::vector<std::string> values;
  std::vector<uint8_t> labels;
  for (size_t k = 0; k < known.rows.size(); ++k) {
    if (known.values[k].empty()) continue;
    values.push_back(known.values[k]);
    labels.push_back(known.labels[k]);
  }
  if (static_cast<int64_t>(values.size()) < 2 * kMinImages) return;
  const double area = auroc_of_numbers(values, labels).value_or(auroc_of_texts(values, labels));
  // The standard error of the AUROC of a useless score (Hanley and McNeil 1982).
  const auto positives = static_cast<double>(std::count(labels.begin(), labels.end(), 1));
  const double images = static_cast<double>(labels.size()), negatives = images - positives;
  const double chance = std::sqrt((images + 1) / (12 * positives * negatives));
  if (!(area > kMaxAuroc && area > .5 + kMinErrors * chance)) return;
  findings.push_back({property.kind,
                      {},
                      cat(property.name,
                          " alone predicts ",
                          manifest.class_names[class_index],
                          " with an AUROC of ",
                          fixed(area, 2),
                          " (",
                          values.size(),
                          " images)")});
}

std::vector<Property> properties_of(const Manifest& manifest,
                                    const std::vector<ImageFacts>& facts) {
  std::vector<Property> out;
  const auto add = [&](Property&& property, const auto& value_of) {
    for (size_t i = 0; i < manifest.samples.size(); ++i)
      property.values.push_back(value_of(manifest.samples[i], facts[i]));
    out.push_back(std::move(property));
  };
  const auto of_picture = [&](Property&& property, const auto& value_of) {
    add(std::move(property), [&](const Sample&, const ImageFacts& fact) {
      return fact.readable ? cat(value_of(fact)) : "";
    });
  };
  for (size_t c = 0; c < manifest.meta_columns.size(); ++c) {
    add({"metadata_shortcut", manifest.meta_columns[c]},
        [&](const Sample& sample, const ImageFacts&) { return sample.meta[c]; });
  }
  if (!manifest.sources.empty()) {
    add({"metadata_shortcut", "source"},
        [&](const Sample& sample, const ImageFacts&) { return manifest.source_of(sample); });
  }
  of_picture({"size_shortcut", "size", true, false},
             [](const ImageFacts& fact) { return cat(fact.width, "x", fact.height); });
  // By column only: each single number of pixels is already covered by a value of `size`.
  of_picture({"size_shortcut", "pixels", false},
             [](const ImageFacts& fact) { return int64_t{fact.width} * fact.height; });
  of_picture({"size_shortcut", "bits"}, [](const ImageFacts& fact) { return fact.bits; });
  of_picture({"size_shortcut", "mode"}, [](const ImageFacts& fact) { return fact.mode; });
  of_picture({"size_shortcut", "truncated"},
             [](const ImageFacts& fact) { return fact.truncated ? "yes" : "no"; });
  add({"size_shortcut", "format"}, [](const Sample& sample, const ImageFacts&) {
    return lower(sample.file.extension().string());
  });
  of_picture({"brightness_shortcut", "mean brightness", false},
             [](const ImageFacts& fact) { return fact.mean; });
  of_picture({"brightness_shortcut", "brightness of the border", false},
             [](const ImageFacts& fact) { return fact.border; });
  return out;
}

}  // namespace

std::vector<Finding> find_shortcuts(const Manifest& manifest,
                                    const std::vector<ImageFacts>& facts) {
  std::vector<Finding> findings;
  for (const auto& property : properties_of(manifest, facts)) {
    for (size_t c = 0; c < manifest.class_names.size(); ++c) {
      const Known known = known_rows(manifest, property, c);
      if (known.positives == 0 || known.positives == static_cast<int64_t>(known.rows.size()))
        continue;
      if (property.by_value) add_value_shortcuts(manifest, property, known, c, findings);
      const bool mirrored = !manifest.multi_label && manifest.class_names.size() == 2 && c == 0;
      if (!mirrored && property.by_column)
        add_column_shortcut(manifest, property, known, c, findings);
    }
  }
  return findings;
}

}  // namespace evenray
