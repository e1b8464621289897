// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <chrono>
#include <map>

#include "gan/gan.hpp"
#include "gan/players.hpp"
#include "gan/quality.hpp"
#include "gan/transfer.hpp"

namespace evenray {

double gan_step_seconds(const GanOptions& options,
                        int height,
                        int width,
                        const Compute& compute,
                        int steps,
                        int level) {
  const Rng rng(1);
  const int doublings = plan_size(height, width).doublings;
  const Schedule schedule(options, doublings);
  Moment moment;
  for (const Stage& stage : schedule.stages())
    if (!stage.fades && stage.level == (level < 0 ? doublings : level))
      moment = schedule.at(stage.first_step + stage.steps - 1);
  moment.restarts = false;
  // Labels cost next to nothing.
  GanOptions unlabelled = options;
  unlabelled.conditioning = "none";
  Players players(unlabelled, height, width, /*classes=*/0, compute, rng);
  seed_torch(2);
  const auto real = torch::rand({moment.minibatch, 1, height, width})
                        .mul_(2)
                        .sub_(1)
                        .to(compute.device)
                        .contiguous(at::MemoryFormat::ChannelsLast);
  // Step number 0 has R1 and R2, number 1 has not (unless every step has).
  const auto timed = [&](int64_t number, int times) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) players.step({real, {}}, moment, number);
    players.take_means(times);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / times;
  };
  timed(1, std::min(3, steps));
  const double plain = timed(1, steps);
  if (options.r1_gamma == 0 && options.r2_gamma == 0) return plain;
  timed(0, 1);
  return plain + (timed(0, 2) - plain) / static_cast<double>(options.r1_every);
}

double swd_seconds(int64_t images, int height, int width) {
  seed_torch(1);
  const auto random = [&] { return torch::randint(256, {images, 1, height, width}, torch::kByte); };
  const auto first = random(), second = random();
  const auto start = std::chrono::steady_clock::now();
  swd_to(first, {second}, {}, Rng(1));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Json gan_plan(const GanOptions& options, int height, int width, const Compute* compute) {
  constexpr int kTimed = 2;
  const SizePlan size = plan_size(height, width);
  const Schedule schedule(options, size.doublings);
  Json stages = Json::array();
  std::map<int, double> step_seconds;
  double sum = 0;
  for (const Stage& stage : schedule.stages()) {
    stages.push_back(
        {{"size_px", {size.base_height << stage.level, size.base_width << stage.level}},
         {"fades", stage.fades},
         {"kimg", static_cast<double>(stage.steps * stage.minibatch) / 1000},
         {"minibatch", stage.minibatch}});
    if (!compute) continue;
    auto& seconds = step_seconds[stage.level];
    if (seconds == 0)
      seconds = gan_step_seconds(options, height, width, *compute, kTimed, stage.level);
    sum += seconds * static_cast<double>(stage.steps);
  }
  Json out{{"kimg", schedule.kimg(schedule.steps())}, {"stages", stages}};
  if (options.transfer == "majority" || options.transfer == "all") {
    out["parent"] = gan_plan(parent_options(options), height, width, compute);
    if (compute) sum += out["parent"]["estimate_s"].get<double>();
  }
  if (compute) out["estimate_s"] = sum;
  return out;
}

}  // namespace evenray
