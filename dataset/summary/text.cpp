// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text.hpp"
#include "dataset/summary/summary.hpp"

namespace evenray {
namespace {

/// Longer tables are cut; the JSON report has all rows.
constexpr size_t kShownRows = 12, kShownPairs = 8;

/// Aligns columns to their widest cell: the first to the left, the others to the right.
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

std::string class_text(const Json& inspect) {
  std::vector<std::vector<std::string>> rows = {
      {"class", "images", "share", "patients", "boxes", "IRLbl"}};
  const double images = std::max(inspect.at("images").get<double>(), 1.);
  for (const auto& c : inspect.at("classes")) {
    const auto name = c.at("name").get<std::string>();
    rows.push_back({name,
                    count_text(c.at("images")),
                    cat(fixed(100 * c.at("images").get<double>() / images, 1), " %"),
                    count_text(c.at("patients")),
                    count_text(c.at("boxes")),
                    ratio_text(inspect.at("irlbl").at(name))});
  }
  return aligned(rows);
}

std::string size_text(const Json& sizes) {
  std::vector<std::vector<std::string>> rows = {{"width x height", "images"}};
  for (size_t i = 0; i < std::min(sizes.size(), kShownRows); ++i) {
    rows.push_back({cat(sizes[i].at("width"), " x ", sizes[i].at("height")),
                    count_text(sizes[i].at("images"))});
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

std::string modes_text(const Json& modes) {
  std::vector<std::string> parts;
  for (const auto& [mode, images] : modes.items()) parts.push_back(cat(mode, ": ", images));
  return parts.empty() ? "" : "  modes: " + join(parts) + "\n";
}

std::string owners_text(const Json& owners, const std::string& noun) {
  const Json& images = owners.at("images_a_" + noun);
  return cat("  ",
             owners.at(noun + "s"),
             " with ",
             owners.at("images"),
             " images; per ",
             noun,
             ": median ",
             fixed(images.at("median").get<double>(), 0),
             ", at most ",
             fixed(images.at("max").get<double>(), 0),
             "\n");
}

std::string further_pictures_text(const Json& files) {
  return cat("  further pictures that are not read: in ",
             files,
             files == 1 ? " file" : " files",
             "; `evenray data audit` lists them\n");
}

std::string patients_text(const Json& patients) {
  return "\nPatients\n" + owners_text(patients, "patient");
}

std::string groups_text(const Json& groups) {
  return "\nGroups (patients are unknown)\n" + owners_text(groups, "group");
}

std::string boxes_text(const Json& boxes) {
  std::string out = cat("\nBoxes\n  ",
                        boxes.at("boxes"),
                        " in ",
                        boxes.at("images_with_boxes"),
                        " of ",
                        boxes.at("images_annotated"),
                        " annotated images\n");
  std::vector<std::string> counts;
  for (const auto& [number, images] : boxes.at("images_by_boxes").items())
    counts.push_back(cat(number, ": ", images));
  if (counts.size() > kShownRows) counts.resize(kShownRows);
  out += "  images by their number of boxes: " + join(counts) + "\n";
  const Json& side = boxes.at("side_px");
  if (side.is_object())
    out += cat("  side (root of the area) in px: median ",
               ratio_text(side.at("median")),
               ", middle 50 % ",
               ratio_text(side.at("q25")),
               " to ",
               ratio_text(side.at("q75")),
               "; share of the image: median ",
               ratio_text(boxes.at("area_percent").at("median")),
               " %\n");
  return out;
}

std::string labels_text(const Json& labels) {
  std::string out = cat("\nLabel co-occurrence\n  ",
                        ratio_text(labels.at("cardinality")),
                        " per image, ",
                        labels.at("labelsets"),
                        " label sets, ",
                        labels.at("single_labelsets"),
                        " of them in only one image; SCUMBLE ",
                        fixed(labels.at("scumble").get<double>(), 3),
                        "\n");
  std::vector<std::tuple<int64_t, std::string, std::string>> pairs;
  for (const auto& [a, row] : labels.at("together").items()) {
    for (const auto& [b, images] : row.items()) {
      if (a < b && images > 0) pairs.emplace_back(-images.get<int64_t>(), a, b);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<std::string> parts;
  for (size_t i = 0; i < std::min(pairs.size(), kShownPairs); ++i) {
    const auto& [images, a, b] = pairs[i];
    parts.push_back(cat(a, " and ", b, " ", -images));
  }
  return parts.empty() ? out : out + "  most often: " + join(parts) + "\n";
}

std::string training_text(const Json& training) {
  std::vector<std::vector<std::string>> rows = {
      {"class", "rows", "real", "copy", "augmented", "synthetic"}};
  for (const auto& c : training.at("classes")) {
    rows.push_back({c.at("name").get<std::string>()});
    for (size_t k = 1; k < rows[0].size(); ++k) rows.back().push_back(count_text(c.at(rows[0][k])));
  }
  return cat("Training (train part), imbalance 1 : ",
             ratio_text(training.at("imbalance_ratio")),
             "\n",
             aligned(rows),
             "\n");
}

std::string sources_text(const Json& sources) {
  std::vector<std::vector<std::string>> rows = {{"source", "images"}};
  for (const auto& source : sources) {
    if (rows.size() == 1) {
      for (const auto& [name, images] : source.at("classes").items()) rows[0].push_back(name);
    }
    rows.push_back({source.at("name").get<std::string>(), count_text(source.at("images"))});
    for (const auto& [name, images] : source.at("classes").items())
      rows.back().push_back(count_text(images));
  }
  return "Sources\n" + aligned(rows) + "\n";
}

std::string by_text(const Json& by) {
  std::string out;
  for (const auto& [column, values] : by.items()) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& [value, classes] : values.items()) {
      if (rows.empty()) {
        rows.push_back({column});
        for (const auto& [name, images] : classes.items()) rows[0].push_back(name);
      }
      rows.push_back({value.empty() ? "(missing)" : value});
      for (const auto& [name, images] : classes.items()) rows.back().push_back(count_text(images));
    }
    out += "\nBy " + column + "\n" + aligned(rows);
  }
  return out;
}

}  // namespace

std::string count_text(const Json& count) {
  return count.is_number() ? std::to_string(count.get<int64_t>()) : "unknown";
}

std::string ratio_text(const Json& ratio) {
  return ratio.is_number() ? fixed(ratio.get<double>(), 2) : "-";
}

std::string inspect_text(const Json& inspect) {
  std::string out = cat(inspect.at("images"),
                        inspect.contains("training") ? " real images, " : " images, ",
                        inspect.at("bits"),
                        " bits, imbalance 1 : ",
                        ratio_text(inspect.at("imbalance_ratio")),
                        ", mean IR ",
                        ratio_text(inspect.at("mean_ir")),
                        "\n\n");
  const auto add = [&](const char* key, std::string (*text)(const Json&)) {
    if (inspect.contains(key)) out += text(inspect.at(key));
  };
  add("training", training_text);
  add("sources", sources_text);
  out += "Classes\n" + class_text(inspect) + "\n";
  out += "Sizes\n" + size_text(inspect.at("sizes"));
  add("modes", modes_text);
  add("files_with_further_pictures", further_pictures_text);
  add("patients", patients_text);
  add("groups", groups_text);
  add("boxes", boxes_text);
  add("labels", labels_text);
  if (!inspect.at("metadata").empty())
    out += "\nMetadata (value: images)\n" + metadata_text(inspect.at("metadata"));
  add("by", by_text);
  return out;
}

}  // namespace evenray
