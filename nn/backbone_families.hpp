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

/// Tan & Le 2019, table 1: with squeeze-and-excitation and SiLU.
std::shared_ptr<Backbone> make_efficientnet_b0();

/// Sandler et al. 2018, table 2.
std::shared_ptr<Backbone> make_mobilenetv2();

/// Howard et al. 2019, table 2.
std::shared_ptr<Backbone> make_mobilenetv3_small();

/// Huang et al. 2017. `layers`: dense layers of the four blocks; growth 32, stem 64 channels.
std::shared_ptr<Backbone> make_densenet(const std::vector<int64_t>& layers);

/// Chollet 2017, figure 5.
std::shared_ptr<Backbone> make_xception();

/// Inception-ResNet-v2: Szegedy et al. 2017, figure 15, with 10, 20 and 10 blocks.
std::shared_ptr<Backbone> make_inception_resnet();

/// NASNet-A (4 @ 1056): Zoph et al. 2018, table 3.
std::shared_ptr<Backbone> make_nasnet_mobile();

/// Simonyan & Zisserman 2015 with batch norms. `convolutions`: of the five stages.
std::shared_ptr<Backbone> make_vgg(const std::vector<int64_t>& convolutions);

/// Dosovitskiy et al. 2021, with patches of 16 px and heads of 64 channels. `width`: channels.
std::shared_ptr<Backbone> make_vit(int64_t width, int64_t blocks);

}  // namespace evenray
