// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/text.hpp"
#include "dataset/export/layout.hpp"

namespace evenray {

std::vector<const ExportedImage*> ExportPlan::images_of(const std::string& part) const {
  std::vector<const ExportedImage*> out;
  for (const auto& image : images)
    if (image.part->name == part) out.push_back(&image);
  return out;
}

int only_class(const std::vector<int8_t>& labels) {
  if (std::count(labels.begin(), labels.end(), 1) != 1) return -1;
  return static_cast<int>(std::find(labels.begin(), labels.end(), 1) - labels.begin());
}

std::string decimal_text(double value, int digits) {
  std::string text = fixed(value, digits);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

double rounded_px(double value) { return std::round(value * 1e4) / 1e4; }

std::string json_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string folder_in_images(const ExportPlan&, const ExportedImage& image) {
  return "images/" + image.part->name;
}

std::string folder_of_part(const ExportPlan&, const ExportedImage& image) {
  return image.part->name;
}

}  // namespace evenray
