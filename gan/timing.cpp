// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <chrono>
#include <map>

#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "gan/gan.hpp"
#include "gan/players.hpp"
#include "gan/quality.hpp"
#include "gan/transfer.hpp"

namespace evenray {

namespace {

/// Steps timed at most: with the whole minibatch, and with a few images or for a comparison.
constexpr int kMostSteps = 9, kStepsOfFew = 5;

int64_t bytes_of(const torch::nn::Module& network) {
  int64_t bytes = 0;
  for (const auto& tensor : network.parameters()) bytes += static_cast<int64_t>(tensor.nbytes());
  return bytes;
}

/// Measures training steps at one level, on random images.
class StepTimer {
 public:
  StepTimer(const GanOptions& options, int height, int width, const Compute& compute, int level)
      : r1_every_(options.r1_gamma == 0 && options.r2_gamma == 0 ? 0 : options.r1_every) {
    const int doublings = plan_size(height, width).doublings;
    const Schedule schedule(options, doublings);
    for (const Stage& stage : schedule.stages())
      if (!stage.fades && stage.level == (level < 0 ? doublings : level))
        moment_ = schedule.at(stage.first_step + stage.steps - 1);
    moment_.restarts = false;
    // Without labels, whose cost is negligible.
    GanOptions unlabelled = options;
    unlabelled.conditioning = "none";
    players_ = std::make_unique<Players>(unlabelled, height, width, /*classes=*/0, compute, Rng(1));
    seed_torch(2);
    images_ = torch::rand({moment_.minibatch, 1, height, width})
                  .mul_(2)
                  .sub_(1)
                  .to(compute.device)
                  .contiguous(at::MemoryFormat::ChannelsLast);
  }

  int64_t minibatch() const { return images_.size(0); }

  /// Returns the time of a step with `count` of the minibatch's images, including the share of R1
  /// and R2. At most `most` steps of each kind are timed.
  StepTime time(int64_t count, int most) {
    moment_.minibatch = count;
    const StepTime plain = time_steps([this] { step(kPlain); }, most);
    if (r1_every_ == 0) return plain;
    const double share = 1 / static_cast<double>(r1_every_);
    return plain * (1 - share) + time_steps([this] { step(kWithR1); }, most) * share;
  }

 private:
  /// The number of the step decides about R1 and R2: number 0 has them, number 1 does not (unless
  /// every step has them).
  static constexpr int64_t kWithR1 = 0, kPlain = 1;

  void step(int64_t number) {
    throw_if_stopped();
    players_->step({images_.narrow(0, 0, moment_.minibatch), {}}, moment_, number);
    players_->take_means(1);  // waits for the device
  }

  int64_t r1_every_;  ///< 0: never
  Moment moment_;
  std::unique_ptr<Players> players_;
  torch::Tensor images_;
};

/// `images` rounded up to whole groups of the minibatch standard deviation.
int64_t whole_groups(int64_t images, const GanOptions& options, int64_t minibatch) {
  const int64_t group = std::max<int64_t>(1, options.pggan.stddev_group);
  return std::min((images + group - 1) / group * group, minibatch);
}

/// Returns the estimated time of a step. If steps with the whole minibatch would take too long, the
/// time of steps with a few images is extrapolated.
StepTime estimated_step(
    const GanOptions& options, int height, int width, const Compute& compute, int level) {
  constexpr int64_t kFew = 4;
  constexpr double kLong = 1.5;
  StepTimer timer(options, height, width, compute, level);
  const int64_t few = whole_groups(kFew, options, timer.minibatch());
  const double times = static_cast<double>(timer.minibatch()) / static_cast<double>(few);
  const StepTime quick = timer.time(few, kStepsOfFew);
  if (quick.low_s * times > kLong) return quick * times;
  return timer.time(timer.minibatch(), kMostSteps);
}

}  // namespace

double gan_step_seconds(const GanOptions& options,
                        int height,
                        int width,
                        const Compute& compute,
                        int steps,
                        int level) {
  StepTimer timer(options, height, width, compute, level);
  return timer.time(timer.minibatch(), steps).median_s;
}

TimedNetwork timed_gan(const GanOptions& options, int height, int width) {
  GanOptions step = options;  // what does not change a step is left out of the name
  step.total_kimg = GanOptions().total_kimg;
  step.transfer = {};
  const std::string settings = write_config([&](Fields& f) { step.fields(f); });
  return {
      .name = cat(options.family,
                  " ",
                  height,
                  "x",
                  width,
                  " px, settings ",
                  sha256_hex(settings).substr(0, 12)),
      .minibatch = Schedule(options, plan_size(height, width).doublings).stages().back().minibatch,
      .step_time =
          [=](const Compute& compute, int64_t images) {
            StepTimer timer(options, height, width, compute, /*level=*/-1);
            return timer.time(whole_groups(images, options, timer.minibatch()), kStepsOfFew);
          },
      .bytes =
          [=] {
            const int64_t generator = bytes_of(*make_generator(options, height, width)),
                          discriminator = bytes_of(*make_discriminator(options, height, width));
            // Generator with its average, discriminator, and two moments of all trained weights.
            return CheckpointBytes{generator, 4 * generator + 3 * discriminator};
          }};
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
  const SizePlan size = plan_size(height, width);
  const Schedule schedule(options, size.doublings);
  Json stages = Json::array();
  std::map<int, StepTime> step_times;
  StepTime sum;
  for (const Stage& stage : schedule.stages()) {
    stages.push_back(
        {{"size_px", {size.base_height << stage.level, size.base_width << stage.level}},
         {"fades", stage.fades},
         {"kimg", static_cast<double>(stage.steps * stage.minibatch) / 1000},
         {"minibatch", stage.minibatch}});
    if (!compute) continue;
    if (!step_times.contains(stage.level))
      step_times[stage.level] = estimated_step(options, height, width, *compute, stage.level);
    sum = sum + step_times[stage.level] * static_cast<double>(stage.steps);
  }
  Json out{{"kimg", schedule.kimg(schedule.steps())}, {"stages", stages}};
  if (options.transfer.trains_parent()) {
    out["parent"] = gan_plan(parent_options(options), height, width, compute);
    if (compute) sum = sum + StepTime::of(out["parent"]);
  }
  if (compute) out.update(sum.json());
  return out;
}

}  // namespace evenray
