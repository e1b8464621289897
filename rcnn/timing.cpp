// SPDX-License-Identifier: Apache-2.0
#include "rcnn/timing.hpp"

#include <torch/types.h>

#include "nn/blocks.hpp"
#include "nn/learner.hpp"
#include "rcnn/faster_rcnn.hpp"

namespace evenray {
namespace {

StepTime time_roi_align(int64_t images, int64_t height, int64_t width, int steps) {
  const auto map = torch::randn({images, 256, height / 4, width / 4}).requires_grad_(true);
  const int64_t count = 512 * images;
  const auto size = torch::tensor({static_cast<float>(width), static_cast<float>(height)});
  const auto corners = torch::rand({count, 2}) * size * .7;
  const auto boxes = torch::cat({(torch::arange(count) % images).unsqueeze(1).to(torch::kFloat),
                                 corners,
                                 corners + 8 + torch::rand({count, 2}) * size * .25},
                                1);
  const auto levels = torch::zeros({count}, torch::kLong);
  return time_steps(
      [&] {
        map.mutable_grad().reset();
        roi_align({{map}, {.25}}, boxes, levels, {}).sum().backward();
      },
      steps);
}

}  // namespace

StepTime rcnn_time(RcnnTimed timed,
                   const RcnnOptions& options,
                   int64_t images,
                   int64_t height,
                   int64_t width,
                   const Compute& compute,
                   int steps) {
  seed_torch(1);
  if (timed == RcnnTimed::roi_align) return time_roi_align(images, height, width, steps);
  const auto network = std::make_shared<RcnnNet>(options, /*classes=*/1);
  const auto pixels = torch::rand({images, 1, height, width}).to(compute.device);
  if (timed == RcnnTimed::find) {
    to_channels_last(*network);
    network->to(compute.device);
    return time_steps([&] { network->find(pixels); }, steps);
  }
  Learner learner(network,
                  std::make_shared<RcnnNet>(options, /*classes=*/1),
                  {.section = "detect", .steps = 1000, .lr = 1e-4},
                  compute);
  std::vector<std::vector<Box>> boxes(static_cast<size_t>(images));
  const auto w = static_cast<float>(width), h = static_cast<float>(height);
  for (size_t i = 0; i < boxes.size(); i += 2) boxes[i] = {{w / 4, h / 4, w / 2, h / 2, 0, {}}};
  network->train();
  int64_t step = 0;
  return time_steps(
      [&] {
        learner.start(step);
        RcnnLoss loss;
        {
          const Autocast autocast(compute);
          loss = network->loss(pixels, boxes, Rng(1).fork("step", static_cast<uint64_t>(step)));
        }
        learner.finish(step, loss.total());
        learner.take_loss(1);  // waits for the device
        ++step;
      },
      steps);
}

}  // namespace evenray
