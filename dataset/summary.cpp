// SPDX-License-Identifier: Apache-2.0
#include "dataset/summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/text.hpp"

namespace evenray {
namespace {

/// Longer tables are cut in the text; the JSON has them whole.
constexpr size_t kShownRows = 12;

struct ClassCounts {
  int64_t images = 0, boxes = 0;
  std::set<std::string> patients;
};

std::vector<ClassCounts> count_classes(const Manifest& manifest) {
  std::vector<ClassCounts> counts(manifest.class_names.size());
  for (const auto& sample : manifest.samples) {
    for (size_t c = 0; c < counts.size(); ++c) {
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

/// Numbers in their order, before words in theirs.
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

/// Columns aligned to their widest cell; the first to the left, the others to the right.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line = "  ";
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string space(widths[c] - row[c].size(), ' ');
      line += c == 0 ? row[c] + space : "  " + space + row[c];
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string count_or_unknown(const Json& count) {
  return count.is_number() ? std::to_string(count.get<int64_t>()) : "unknown";
}

std::string number_text(const Json& number) {
  return number.is_number() ? fixed(number.get<double>(), 2) : "-";
}

std::string class_text(const Json& inspect) {
  std::vector<std::vector<std::string>> rows = {
      {"class", "images", "share", "patients", "boxes", "IRLbl"}};
  const double images = std::max(inspect.at("images").get<double>(), 1.);
  for (const auto& c : inspect.at("classes")) {
    const auto name = c.at("name").get<std::string>();
    rows.push_back({name,
                    count_or_unknown(c.at("images")),
                    cat(fixed(100 * c.at("images").get<double>() / images, 1), " %"),
                    count_or_unknown(c.at("patients")),
                    count_or_unknown(c.at("boxes")),
                    number_text(inspect.at("irlbl").at(name))});
  }
  return aligned(rows);
}

std::string size_text(const Json& sizes) {
  std::vector<std::vector<std::string>> rows = {{"width x height", "images"}};
  for (size_t i = 0; i < std::min(sizes.size(), kShownRows); ++i) {
    rows.push_back({cat(sizes[i].at("width"), " x ", sizes[i].at("height")),
                    count_or_unknown(sizes[i].at("images"))});
  }
  if (sizes.size() > kShownRows)
    rows.push_back({cat("and ", sizes.size() - kShownRows, " more sizes")});
  return aligned(rows);
}

std::string metadata_text(const Json& metadata) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [column, values] : metadata.items()) {
    std::vector<std::string> parts;
    for (const auto& [value, count] : values.items()) {
      if (parts.size() == kShownRows) break;
      parts.push_back(cat(value.empty() ? "(missing)" : value, ": ", count));
    }
    if (values.size() > kShownRows)
      parts.push_back(cat("and ", values.size() - kShownRows, " more values"));
    rows.push_back({column + "  ", join(parts)});
  }
  size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row[0].size());
  std::string out;
  for (const auto& row : rows)
    out += cat("  ", row[0], std::string(width - row[0].size(), ' '), row[1], "\n");
  return out;
}

}  // namespace

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
  for (const int64_t count : class_counts) {
    out.irlbl.push_back(count > 0 ? most / static_cast<double>(count) : 0);
    out.mean_ir += out.irlbl.back() / static_cast<double>(class_counts.size());
  }
  return out;
}

Json inspect_json(const Manifest& manifest, const std::vector<ImageFacts>& facts) {
  const auto counts = count_classes(manifest);
  const bool patients_known = std::any_of(manifest.samples.begin(),
                                          manifest.samples.end(),
                                          [](const auto& s) { return !s.patient.empty(); });
  Json classes = Json::array(), irlbl = Json::object();
  std::vector<int64_t> images;
  images.reserve(counts.size());
  for (const auto& count : counts) images.push_back(count.images);
  const Imbalance measures = imbalance(images);
  for (size_t c = 0; c < counts.size(); ++c) {
    Json entry = {{"name", manifest.class_names[c]}, {"images", counts[c].images}};
    entry["patients"] = patients_known ? Json(counts[c].patients.size()) : Json(nullptr);
    entry["boxes"] = counts[c].boxes;
    classes.push_back(std::move(entry));
    irlbl[manifest.class_names[c]] = measures.irlbl[c];
  }
  int bits = 0;
  for (const auto& fact : facts) {
    if (fact.readable) bits = std::max(bits, fact.bits);
  }
  return {{"schema", "evenray-inspect-1"},
          {"images", manifest.samples.size()},
          {"classes", std::move(classes)},
          {"sizes", sizes_json(facts)},
          {"bits", bits},
          {"imbalance_ratio", measures.ratio},
          {"irlbl", std::move(irlbl)},
          {"mean_ir", measures.mean_ir},
          {"metadata", metadata_json(manifest)}};
}

std::string inspect_text(const Json& inspect) {
  std::string out = cat(inspect.at("images"),
                        " images, ",
                        inspect.at("bits"),
                        " bits, imbalance 1 : ",
                        number_text(inspect.at("imbalance_ratio")),
                        ", mean IR ",
                        number_text(inspect.at("mean_ir")),
                        "\n\n");
  out += "Classes\n" + class_text(inspect) + "\n";
  out += "Sizes\n" + size_text(inspect.at("sizes"));
  if (!inspect.at("metadata").empty())
    out += "\nMetadata (value: images)\n" + metadata_text(inspect.at("metadata"));
  return out;
}

}  // namespace evenray
