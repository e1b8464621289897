// SPDX-License-Identifier: Apache-2.0
#include "nn/backbone.hpp"

#include <torch/types.h>

#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/backbone_families.hpp"

namespace evenray {
namespace {

using Made = std::shared_ptr<Backbone>;
struct Entry {
  std::string_view name;
  Made (*make)();
};
constexpr std::array kBackbones{
    Entry{"small", &make_small},
    Entry{"resnet18",
          []() -> Made {
            return make_resnet(false, {2, 2, 2, 2});
          }},
    Entry{"resnet50",
          []() -> Made {
            return make_resnet(true, {3, 4, 6, 3});
          }},
    Entry{"efficientnet_b0", &make_efficientnet_b0},
    Entry{"tf_efficientnet_lite0", []() -> Made { return make_efficientnet_lite(1, 1); }},
    Entry{"tf_efficientnet_lite1", []() -> Made { return make_efficientnet_lite(1, 1.1); }},
    Entry{"tf_efficientnet_lite2", []() -> Made { return make_efficientnet_lite(1.1, 1.2); }},
    Entry{"mobilenetv2_100", &make_mobilenetv2},
    Entry{"mobilenetv3_small_100", &make_mobilenetv3_small},
    Entry{"densenet121",
          []() -> Made {
            return make_densenet({6, 12, 24, 16});
          }},
    Entry{"densenet201",
          []() -> Made {
            return make_densenet({6, 12, 48, 32});
          }},
    Entry{"legacy_xception", &make_xception},
    Entry{"vgg16_bn",
          []() -> Made {
            return make_vgg({2, 2, 3, 3, 3});
          }},
    Entry{"vit_tiny_patch16_224", []() -> Made { return make_vit(192, 12); }},
    Entry{"inception_resnet_v2", &make_inception_resnet},
    Entry{"nasnetamobile", &make_nasnet_mobile},
};

}  // namespace

torch::Tensor Backbone::pooled(const FinalMap& seen) {
  return torch::adaptive_avg_pool2d(seen.map, {1, 1}).flatten(1);
}

std::vector<std::string> backbone_names() {
  std::vector<std::string> names;
  for (const auto& entry : kBackbones) names.emplace_back(entry.name);
  return names;
}

std::shared_ptr<Backbone> make_backbone(const std::string& name) {
  for (const auto& entry : kBackbones) {
    if (entry.name == name) return entry.make();
  }
  throw Error(Exit::config, unknown_name("architecture", name, backbone_names()));
}

}  // namespace evenray
