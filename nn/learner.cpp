// SPDX-License-Identifier: Apache-2.0
#include "nn/learner.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/ema.hpp"
#include "nn/schedule.hpp"

namespace evenray {

Learner::Learner(std::shared_ptr<torch::nn::Module> network,
                 std::shared_ptr<torch::nn::Module> average,
                 const LearnerOptions& options,
                 const Compute& compute,
                 const std::function<double(const std::string& name)>& rate_of)
    : network_(std::move(network)), average_(std::move(average)), options_(options) {
  for (auto* net : {network_.get(), average_.get()}) {
    to_channels_last(*net);
    net->to(compute.device);
  }
  copy_module(*average_, *network_);
  average_->eval();
  adam_ = std::make_unique<FusedAdam>(
      *network_, AdamOptions{options.lr, .9, .999, 1e-8, options.weight_decay}, rate_of);
  sum_ = torch::zeros({}, torch::TensorOptions(torch::kFloat).device(compute.device));
}

void Learner::start(int64_t step) {
  const auto warmup =
      static_cast<int64_t>(options_.warmup_share * static_cast<double>(options_.steps));
  adam_->set_lr(options_.lr * warmup_cosine(step, warmup, options_.steps));
  adam_->zero_grad();
}

void Learner::finish(int64_t step,
                     const torch::Tensor& loss,
                     const torch::nn::Module* trained,
                     torch::nn::Module* averaged) {
  loss.backward();
  adam_->step();
  // The half-life grows with the steps, so that the average soon drops the initial weights.
  const double half_life =
      std::min(options_.ema_half_life_steps, static_cast<double>(step + 1) * .1);
  ema_update(averaged ? *averaged : *average_,
             trained ? *trained : *network_,
             half_life > 0 ? std::pow(.5, 1 / half_life) : 0.);
  torch::NoGradGuard no_grad;
  sum_ += loss.detach();
}

double Learner::take_loss(int64_t steps) {
  const double mean = sum_.item<double>() / static_cast<double>(steps);
  sum_.zero_();
  check(
      std::isfinite(mean),
      Exit::failed,
      cat("the training diverged: the loss is not finite; use a lower ", options_.section, ".lr"));
  return mean;
}

void Learner::save(TensorFile& file) const {
  add_module(file, "net", *network_);
  save_average(file);
  adam_->save(file, "adam");
  file.tensors["log.sum"] = sum_;
}

void Learner::save_average(TensorFile& file) const { add_module(file, "ema", *average_); }

void Learner::load(const TensorFile& file, const Path& path) {
  torch::NoGradGuard no_grad;
  load_module(file, "net", *network_, path);
  load_module(file, "ema", *average_, path);
  adam_->load(file, "adam", path);
  load_tensor(file, "log.sum", sum_, path);
}

}  // namespace evenray
