// SPDX-License-Identifier: Apache-2.0
#include "fusion/image_filter.hpp"

#include <algorithm>
#include <array>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::array kFilters{"drop", "multiply"};  // in the order of the enumerators

}  // namespace

std::vector<std::string> image_filter_names() { return {kFilters.begin(), kFilters.end()}; }

ImageFilter parse_image_filter(const std::string& name) {
  const auto found = std::find(kFilters.begin(), kFilters.end(), name);
  if (found == kFilters.end())
    throw Error(Exit::config, unknown_name("filter of images", name, image_filter_names()));
  return static_cast<ImageFilter>(found - kFilters.begin());
}

std::map<std::string, double> read_image_probabilities(const Path& path,
                                                       const std::string& column) {
  const CsvTable table = read_csv(path);
  const size_t id = table.require("id"), probability = table.require(column);
  std::map<std::string, double> out;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    const auto refuse = [&](const std::string& what) {
      throw Error(Exit::bad_data, cat(path.string(), ":", table.lines[i], ": ", what));
    };
    double value = 0;
    if (!parse_double(trim(row[probability]), value) || value < 0 || value > 1)
      refuse(cat(column, " must be from 0 to 1, found '", row[probability], "'"));
    if (!out.emplace(row[id], value).second) refuse(cat("id '", row[id], "' occurs twice"));
  }
  return out;
}

void filter_by_image(const ModelDetections& detections,
                     const std::map<std::string, double>& probabilities,
                     ImageFilter filter,
                     double threshold,
                     std::vector<std::vector<FoundBox>>& boxes) {
  check(threshold >= 0 && threshold <= 1,
        Exit::config,
        "the threshold of the filter of images must be from 0 to 1");
  check(boxes.size() == detections.images.size(),
        Exit::failed,
        "there must be one list of boxes for each image");
  std::map<std::string, std::string> image_of;  // by the id of the row
  for (size_t i = 0; i < boxes.size(); ++i) {
    const ModelImage& image = detections.images[i];
    auto found = probabilities.find(image.id);
    if (found == probabilities.end() && !image.file_stem.empty())
      found = probabilities.find(image.file_stem);
    if (found == probabilities.end())
      throw Error(Exit::bad_data,
                  cat("the image with id ", image.id, " has no probability; add a row for its id"));
    const auto [other, is_first] = image_of.emplace(found->first, image.id);
    if (!is_first)
      throw Error(Exit::bad_data,
                  cat("the probability of '",
                      found->first,
                      "' fits the images with the ids ",
                      other->second,
                      " and ",
                      image.id,
                      "; name images by their ids"));
    if (found->second >= threshold) continue;
    if (filter == ImageFilter::drop) boxes[i].clear();
    for (auto& box : boxes[i]) box.score *= found->second;
  }
}

}  // namespace evenray
