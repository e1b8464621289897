// SPDX-License-Identifier: Apache-2.0
#include "fusion/fusion.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "fusion/methods.hpp"

namespace evenray {
namespace {

using Fuse = std::vector<FusedBox> (*)(const BoxLists&, const FusionFrame&, const FusionOptions&);

struct Method {
  const char* name;
  Fuse fuse;
};
/// Both in the order of the enumerators.
constexpr std::array kMethods{Method{"nms", &suppressed_boxes},
                              Method{"softnms-linear", &softly_suppressed_boxes},
                              Method{"softnms", &softly_suppressed_boxes},
                              Method{"nmw", &nmw_boxes},
                              Method{"wbf", &wbf_boxes}};
constexpr std::array kConfTypes{
    "avg", "max", "box_and_model_avg", "absent_model_aware_avg", "score_sum"};

size_t index_of_name(const char* kind,
                     const std::string& name,
                     const std::vector<std::string>& names) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw Error(Exit::config, unknown_name(kind, name, names));
  return static_cast<size_t>(found - names.begin());
}

}  // namespace

std::vector<std::string> fusion_method_names() {
  std::vector<std::string> names;
  for (const auto& method : kMethods) names.emplace_back(method.name);
  return names;
}

FusionMethod parse_fusion_method(const std::string& name) {
  return static_cast<FusionMethod>(index_of_name("method of fusion", name, fusion_method_names()));
}

std::vector<std::string> conf_type_names() { return {kConfTypes.begin(), kConfTypes.end()}; }

ConfType parse_conf_type(const std::string& name) {
  return static_cast<ConfType>(index_of_name("conf_type", name, conf_type_names()));
}

void FusionOptions::check(size_t models) const {
  const auto require = [](bool ok, const char* what) { evenray::check(ok, Exit::config, what); };
  require(iou_thr >= 0 && iou_thr <= 1, "iou_thr must be from 0 to 1");
  require(std::isfinite(skip_box_thr), "skip_box_thr must be a finite number");
  require(sigma > 0 && std::isfinite(sigma), "sigma must be a finite number above 0");
  require(thresh >= 0 && std::isfinite(thresh), "thresh must be a finite number of 0 or more");
  if (weights.empty()) return;
  evenray::check(
      weights.size() == models,
      Exit::config,
      cat("weights: there must be one for each of ", models, ", found ", weights.size()));
  bool positive = false;
  for (const double weight : weights) {
    require(weight >= 0 && std::isfinite(weight), "weights must be finite numbers of 0 or more");
    positive |= weight > 0;
  }
  require(positive, "weights: one must be above 0");
}

std::vector<FusedBox> fuse_boxes(const std::vector<std::vector<FoundBox>>& models,
                                 const std::optional<ImageSize>& image,
                                 const FusionOptions& options) {
  options.check(models.size());
  if (models.empty()) return {};
  return kMethods[static_cast<size_t>(options.method)].fuse(models, FusionFrame(image), options);
}

}  // namespace evenray
