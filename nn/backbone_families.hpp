// SPDX-License-Identifier: Apache-2.0
#pragma once
// The families of backbones. Internal to nn; backbone.cpp lists their members by name.
#include <memory>
#include <vector>

#include "nn/backbone.hpp"

namespace evenray {

/// For images of 32 to 160 px and a few thousand rows.
std::shared_ptr<Backbone> make_small();

/// He et al. 2016. `blocks`: residual blocks of the four stages.
std::shared_ptr<Backbone> make_resnet(bool bottleneck, const std::vector<int64_t>& blocks);

/// EfficientNet-B0 (Tan & Le 2019, table 1) without squeeze-and-excitation, with ReLU6 and the
/// padding of TensorFlow. The factors of channels and blocks leave stem, first and last stage as
/// they are.
std::shared_ptr<Backbone> make_efficientnet_lite(double width, double depth);

/// Sandler et al. 2018, table 2.
std::shared_ptr<Backbone> make_mobilenetv2();

/// Huang et al. 2017. `layers`: dense layers of the four blocks; growth 32, stem 64 channels.
std::shared_ptr<Backbone> make_densenet(const std::vector<int64_t>& layers);

}  // namespace evenray
