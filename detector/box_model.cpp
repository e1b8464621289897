// SPDX-License-Identifier: Apache-2.0
#include "detector/box_model.hpp"

#include "detector/network.hpp"
#include "detector/unet.hpp"

namespace evenray {

std::shared_ptr<BoxModel> make_box_model(const DetectOptions& options,
                                         int64_t classes,
                                         const PixelInput& input,
                                         int threads) {
  if (is_two_stage(options.arch)) return make_two_stage(options, classes, input);
  if (is_unet(options.arch)) return make_unet(options, classes, threads);
  return std::make_shared<DetectorNet>(options, classes, threads);
}

}  // namespace evenray
