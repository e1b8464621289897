// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "augment/operation.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// In the order of Sampling.
constexpr std::array<std::string_view, 3> kSamplings = {"torchvision", "radiograph", "detection"};

constexpr int kFarthest = 65535;  ///< edge of an area

/// Parses "X0-Y0-X1-Y1".
cv::Rect parse_area(std::string_view name, std::string_view text) {
  const auto parts = split_text(text, '-');
  int64_t edges[4] = {};
  bool good = parts.size() == 4;
  for (size_t i = 0; good && i < 4; ++i)
    good = parse_int(trim(parts[i]), edges[i]) && edges[i] >= 0 && edges[i] <= kFarthest;
  good = good && edges[0] < edges[2] && edges[1] < edges[3];
  if (!good)
    throw Error(Exit::usage,
                cat("operation ",
                    name,
                    ": '",
                    text,
                    "' is no area; give its left, upper, right and lower edge in whole pixels as "
                    "in ",
                    name,
                    "@10-20-40-50"));
  const auto edge = [&](int i) { return static_cast<int>(edges[i]); };
  return {cv::Point(edge(0), edge(1)), cv::Point(edge(2), edge(3))};
}

std::string area_text(const cv::Rect& area) {
  return cat("@", area.x, "-", area.y, "-", area.br().x, "-", area.br().y);
}

double parse_value(const OpInfo& info, std::string_view text) {
  double value = 0;
  if (!parse_double(text, value) || !(value >= info.low && value <= info.high))
    throw Error(Exit::usage,
                cat("operation ",
                    info.name,
                    ": '",
                    text,
                    "' is not a number from ",
                    info.low,
                    " to ",
                    info.high,
                    " (",
                    info.meaning,
                    "); give a value as in ",
                    info.name,
                    ":",
                    info.low == 0 ? 1 : info.high / 10));
  return value;
}

}  // namespace

const std::vector<OpInfo>& operation_table() {
  static const std::vector<OpInfo> table = {
      {Op::shear_x,
       "ShearX",
       OpKind::geometric,
       true,
       -10,
       10,
       "tangent of the angle, about the upper left corner"},
      {Op::shear_y,
       "ShearY",
       OpKind::geometric,
       true,
       -10,
       10,
       "tangent of the angle, about the upper left corner"},
      {Op::translate_x,
       "TranslateX",
       OpKind::geometric,
       true,
       -65535,
       65535,
       "pixels to the right; torchvision sampling truncates to whole pixels"},
      {Op::translate_y,
       "TranslateY",
       OpKind::geometric,
       true,
       -65535,
       65535,
       "pixels down; torchvision sampling truncates to whole pixels"},
      {Op::rotate,
       "Rotate",
       OpKind::geometric,
       true,
       -360,
       360,
       "degrees anticlockwise about the centre"},
      {Op::brightness, "Brightness", OpKind::point, true, 0, 100, "factor, 1 changes nothing"},
      {Op::color, "Color", OpKind::none, true, 0, 100, "factor; no effect on grey images"},
      {Op::contrast,
       "Contrast",
       OpKind::point,
       true,
       0,
       100,
       "factor about the mean, 1 changes nothing"},
      {Op::sharpness,
       "Sharpness",
       OpKind::filter,
       true,
       0,
       100,
       "factor, 1 changes nothing, 0 smooths"},
      {Op::posterize, "Posterize", OpKind::point, true, 0, 8, "bits kept, 8 changes nothing"},
      {Op::solarize,
       "Solarize",
       OpKind::point,
       true,
       0,
       256,
       "lowest level (of 0..255) that is inverted"},
      {Op::auto_contrast,
       "AutoContrast",
       OpKind::point,
       false,
       0,
       0,
       "stretches the levels to the full range"},
      {Op::equalize, "Equalize", OpKind::point, false, 0, 0, "equalizes the histogram"},
      {Op::invert, "Invert", OpKind::point, false, 0, 0, "dark to bright"},
      {Op::scale,
       "Scale",
       OpKind::geometric,
       true,
       .05,
       20,
       "factor about the centre, above 1 enlarges"},
      {Op::gamma, "Gamma", OpKind::point, true, .05, 20, "exponent, above 1 darkens"},
      {Op::blur, "Blur", OpKind::filter, true, 0, 50, "sigma of a Gaussian in pixels"},
      {Op::noise,
       "Noise",
       OpKind::filter,
       true,
       0,
       255,
       "sigma of added normal noise in levels of 0..255"},
      {Op::hflip, "HFlip", OpKind::geometric, false, 0, 0, "left to right"},
      {Op::solarize_add,
       "SolarizeAdd",
       OpKind::point,
       true,
       -255,
       255,
       "levels (of 0..255) added to those below 128"},
      {Op::cutout,
       "Cutout",
       OpKind::area,
       false,
       0,
       0,
       "fills an area, as in Cutout@10-20-40-50, with what fills empty areas"},
  };
  return table;
}

const OpInfo& operation_info(Op op) { return operation_table().at(static_cast<size_t>(op)); }

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const OpInfo& info : operation_table()) names.emplace_back(info.name);
  return names;
}

Operation parse_operation(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view head = text.substr(0, colon);
  const size_t at = head.find('@');
  const std::string name = trim(head.substr(0, at));
  const auto& table = operation_table();
  const auto info = std::find_if(
      table.begin(), table.end(), [&](const OpInfo& i) { return lower(i.name) == lower(name); });
  if (info == table.end())
    throw Error(Exit::usage, unknown_name("operation", name, operation_names()));
  Operation operation{info->op};
  if (at != std::string_view::npos || info->kind == OpKind::area)
    operation.area =
        parse_area(info->name, at == std::string_view::npos ? "" : head.substr(at + 1));
  if (info->has_value) {
    operation.value =
        parse_value(*info, colon == std::string_view::npos ? "" : trim(text.substr(colon + 1)));
  } else if (colon != std::string_view::npos) {
    throw Error(Exit::usage, cat("operation ", info->name, " takes no value"));
  }
  return operation;
}

std::vector<Operation> parse_operations(std::string_view text) {
  std::vector<Operation> operations;
  for (const std::string& part : split_text(text, ',')) operations.push_back(parse_operation(part));
  return operations;
}

std::string operations_text(const std::vector<Operation>& operations) {
  std::vector<std::string> parts;
  for (const Operation& operation : operations) {
    const OpInfo& info = operation_info(operation.op);
    parts.push_back(cat(info.name,
                        operation.area ? area_text(*operation.area) : "",
                        info.has_value ? ":" + exact(operation.value) : ""));
  }
  return join(parts, ",");
}

std::string_view sampling_name(Sampling sampling) {
  return kSamplings.at(static_cast<size_t>(sampling));
}

Sampling parse_sampling(std::string_view name) {
  const auto found = std::find(kSamplings.begin(), kSamplings.end(), name);
  if (found == kSamplings.end())
    throw Error(Exit::usage,
                unknown_name("sampling", name, {kSamplings.begin(), kSamplings.end()}));
  return static_cast<Sampling>(found - kSamplings.begin());
}

}  // namespace evenray
