// SPDX-License-Identifier: Apache-2.0
#include "gan/growth.hpp"

#include <algorithm>
#include <cmath>

#include "gan/networks.hpp"

namespace evenray {
namespace {

/// Returns the value for a level. Lists start at the base; their last entry is used for all higher
/// levels.
template <class T>
T at_level(const std::vector<T>& list, int level, T if_empty) {
  if (list.empty()) return if_empty;
  return list[std::min(static_cast<size_t>(level), list.size() - 1)];
}

}  // namespace

Schedule::Schedule(const GanOptions& options, int doublings) : options_(options) {
  const double planned = 2 * doublings * options.pggan.stage_kimg + options.pggan.final_kimg;
  if (!family_grows(options.family) || options.transfer.from != "none") {
    add(doublings, false, options.total_kimg > 0 ? options.total_kimg : planned);
    return;
  }
  stretch_ = options.total_kimg > 0 ? options.total_kimg / planned : 1;
  for (int level = 0; level <= doublings; ++level) {
    if (level > 0) add(level, true, stretch_ * options.pggan.stage_kimg);
    add(level,
        false,
        stretch_ * (level == doublings ? options.pggan.final_kimg : options.pggan.stage_kimg));
  }
}

void Schedule::add(int level, bool fades, double kimg) {
  Stage stage{
      level, fades, 0, 1, at_level(options_.pggan.minibatches, level, options_.minibatch), 0};
  if (!stages_.empty()) {
    const Stage& before = stages_.back();
    stage.first_step = before.first_step + before.steps;
    stage.first_image = before.first_image + before.steps * before.minibatch;
  }
  const auto steps = std::llround(kimg * 1000 / static_cast<double>(stage.minibatch));
  stage.steps = std::max<int64_t>(1, steps);
  stages_.push_back(stage);
}

int64_t Schedule::steps() const { return stages_.back().first_step + stages_.back().steps; }

Moment Schedule::at(int64_t step) const {
  const auto after =
      std::upper_bound(stages_.begin(), stages_.end(), step, [](int64_t s, const Stage& stage) {
        return s < stage.first_step;
      });
  const Stage& stage = *std::prev(after);
  const int64_t done = step - stage.first_step;
  Moment moment;
  moment.growth.level = stage.level;
  if (stage.fades)
    moment.growth.alpha = static_cast<double>(done) / static_cast<double>(stage.steps);
  moment.minibatch = stage.minibatch;
  moment.shown = stage.first_image + done * stage.minibatch;
  moment.lr_factor = at_level(options_.pggan.lr_factors, stage.level, 1.);
  // A stage begins where a fade begins or ends. This changes the function that the weights compute,
  // so the optimisers' moments no longer match it.
  moment.restarts = stage.first_step > 0 && done == 0;
  const double ramp = stretch_ * options_.lr_ramp_kimg * 1000;
  const double ahead = ramp > 0 ? 1 - static_cast<double>(moment.shown) / ramp : 0;
  if (ahead > 0) moment.lr_factor *= std::exp(-5 * ahead * ahead);
  // The networks of a parent were trained with labels already, so they need no warm-up.
  if (options_.conditioning == "none" || options_.transfer.from != "none") return moment;
  const Stage& last = stages_.back();
  const double warmup =
      options_.label_warmup * static_cast<double>(last.first_image + last.steps * last.minibatch);
  if (warmup > 0)
    moment.label_share = std::clamp(static_cast<double>(moment.shown) / warmup - 1, 0., 1.);
  return moment;
}

}  // namespace evenray
