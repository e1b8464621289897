// SPDX-License-Identifier: Apache-2.0
#include "gan/players.hpp"

#include <torch/torch.h>

#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "gan/pggan_blocks.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/ema.hpp"

namespace evenray {
namespace {

/// Batches of latents behind the average's batch-norm statistics.
constexpr int kStatisticsBatches = 16;

}  // namespace

Players::Players(
    const GanOptions& options, int height, int width, const Compute& compute, const Rng& rng)
    : options_(options),
      compute_(compute),
      rng_(rng),
      size_(plan_size(height, width)),
      augment_(DiffAugment::parse(options.diffaugment)),
      loss_(loss_named(options.loss)) {
  seed_torch(rng.fork("weights").key());
  generator_ = make_generator(options, height, width);
  discriminator_ = make_discriminator(options, height, width);
  average_ = make_generator(options, height, width);
  for (torch::nn::Module* net : std::initializer_list<torch::nn::Module*>{
           generator_.get(), discriminator_.get(), average_.get()}) {
    to_channels_last(*net);
    net->to(compute.device);
  }
  copy_module(*average_, *generator_);
  const auto adam = [&](const torch::nn::Module& net, double lr) {
    return std::make_unique<FusedAdam>(net, AdamOptions{lr, options.beta1, options.beta2, 1e-8, 0});
  };
  adam_g_ = adam(*generator_, options.lr_g);
  adam_d_ = adam(*discriminator_, options.lr_d);
  sums_ = torch::zeros({4}, torch::TensorOptions(torch::kFloat).device(compute.device));
}

torch::Tensor Players::view(const torch::Tensor& logits) const {
  const auto values = logits.detach().to(torch::kFloat);
  return (options_.loss == "bce" ? values.sigmoid() : values).mean();
}

torch::Tensor Players::penalty_between(const torch::Tensor& real,
                                       const torch::Tensor& fake,
                                       const Rng& stream) {
  std::vector<float> shares;
  Rng draws = stream.fork("between");
  for (int64_t i = 0; i < real.size(0); ++i) shares.push_back(static_cast<float>(draws.uniform()));
  const auto share = torch::tensor(shares).view({-1, 1, 1, 1}).to(real.device(), true);
  const auto between = torch::lerp(real, fake, share).detach().requires_grad_(true);
  torch::Tensor logits;
  {
    // Unlike R1's small gradients these are about 1 long: in bf16 the penalty's own gradient was
    // seen to keep its direction (cosine above .999) and its length (within 1 %).
    Autocast autocast(compute_);
    logits = discriminator_->forward(between);
  }
  return gradient_penalty(logits, between, options_.gp_target);
}

torch::Tensor Players::update_discriminator(const torch::Tensor& real,
                                            const torch::Tensor& fake,
                                            int64_t step,
                                            const Rng& stream) {
  const bool lazy = step % options_.r1_every == 0;
  const bool r1 = lazy && options_.r1_gamma > 0, r2 = lazy && options_.r2_gamma > 0;
  adam_d_->zero_grad();
  auto shown = augment_.apply(real, stream.fork("real"));
  auto drawn = augment_.apply(fake.detach(), stream.fork("fake"));
  if (r1) shown = shown.detach().requires_grad_(true);
  if (r2) drawn = drawn.detach().requires_grad_(true);
  const auto judge = [&](const torch::Tensor& images, bool penalised) {
    // A penalty is a gradient's square: bf16 is too coarse for it.
    Compute precise = compute_;
    precise.bf16 = compute_.bf16 && !penalised;
    Autocast autocast(precise);
    return discriminator_->forward(images);
  };
  const auto real_logits = judge(shown, r1), fake_logits = judge(drawn, r2);
  auto loss = loss_.discriminator(real_logits, fake_logits);
  const auto weight = [&](double gamma) {
    return gamma / 2 * static_cast<double>(options_.r1_every);
  };
  if (r1) loss = loss + r1_penalty(real_logits, shown) * weight(options_.r1_gamma);
  if (r2) loss = loss + r1_penalty(fake_logits, drawn) * weight(options_.r2_gamma);
  if (options_.loss == "wgan-gp")
    loss = loss + penalty_between(shown, drawn, stream) * options_.gp_weight;
  loss.backward();
  adam_d_->step();
  return torch::stack({loss.detach(), view(real_logits), view(fake_logits)});
}

torch::Tensor Players::update_generator(const torch::Tensor& real,
                                        const torch::Tensor& fake,
                                        const Rng& stream) {
  FreezeGuard freeze(*discriminator_);
  torch::Tensor loss;
  adam_g_->zero_grad();
  {
    Autocast autocast(compute_);
    const auto judged = [&](const torch::Tensor& images, const char* purpose) {
      return discriminator_->forward(augment_.apply(images, stream.fork(purpose)));
    };
    const auto real_logits = loss_.paired ? judged(real, "generator real") : torch::Tensor();
    loss = loss_.generator(real_logits, judged(fake, "generator"));
  }
  loss.backward();
  adam_g_->step();
  return loss.detach();
}

void Players::set_growth(const Growth& growth) {
  for (GeneratorNet* net : {generator_.get(), average_.get()}) net->growth = growth;
  discriminator_->growth = growth;
}

void Players::step(const torch::Tensor& whole, const Moment& moment, int64_t step) {
  set_growth(moment.growth);
  if (moment.restarts) {
    adam_g_->reset();
    adam_d_->reset();
  }
  adam_g_->set_lr(options_.lr_g * moment.lr_factor);
  adam_d_->set_lr(options_.lr_d * moment.lr_factor);
  const auto real = at_growth(whole, size_.doublings, moment.growth);
  const Rng stream = rng_.fork("step", static_cast<uint64_t>(step));
  const auto latent =
      latents(stream, 0, real.size(0), options_.latent).to(compute_.device, /*non_blocking=*/true);
  torch::Tensor fake;
  {
    Autocast autocast(compute_);
    fake = generator_->forward(latent).to(torch::kFloat);  // as the real images are
  }
  const auto d = update_discriminator(real, fake, step, stream);
  const auto g = update_generator(real, fake, stream);

  // The half-life grows with the run, as in StyleGAN2-ADA: an early average forgets the first, poor
  // weights.
  const auto count = static_cast<double>(real.size(0));
  const double half_life =
      std::min(options_.ema_kimg * 1000, (static_cast<double>(moment.shown) + count) * .05);
  if (options_.ema_decay > 0) {
    ema_update(*average_, *generator_, options_.ema_decay);
  } else if (options_.ema_kimg > 0) {
    ema_update(*average_, *generator_, std::pow(.5, count / half_life));
  }
  torch::NoGradGuard no_grad;
  sums_ += torch::stack({d[0], g, d[1], d[2]});
}

std::vector<double> Players::take_means(int64_t steps) {
  const auto values = (sums_ / static_cast<double>(steps)).cpu();
  sums_.zero_();
  std::vector<double> out;
  for (int64_t i = 0; i < values.size(0); ++i) out.push_back(values[i].item<double>());
  check(std::isfinite(out[0]) && std::isfinite(out[1]),
        Exit::failed,
        cat("the training diverged: ",
            std::isfinite(out[0]) ? "loss_g" : "loss_d",
            " is not finite; lower gan.lr_d and gan.lr_g"));
  return out;
}

void Players::settle_average() {
  if (options_.ema_kimg == 0 && options_.ema_decay == 0) copy_module(*average_, *generator_);
  standing_statistics(*average_,
                      rng_.fork("statistics"),
                      options_.minibatch,
                      options_.latent,
                      kStatisticsBatches,
                      compute_.device);
}

torch::Tensor Players::draw(int64_t count) {
  torch::NoGradGuard no_grad;
  settle_average();
  std::vector<torch::Tensor> parts;
  for (int64_t i = 0; i < count; i += options_.minibatch) {
    const int64_t n = std::min(options_.minibatch, count - i);
    parts.push_back(
        average_->forward(latents(rng_.fork("judged"), i, n, options_.latent).to(compute_.device)));
  }
  return enlarged(torch::cat(parts), int64_t{size_.base_height} << size_.doublings);
}

void Players::save(TensorFile& file) {
  add_module(file, "g", *generator_);
  add_module(file, "d", *discriminator_);
  save_average(file);
  adam_g_->save(file, "adam_g");
  adam_d_->save(file, "adam_d");
  file.tensors["log.sums"] = sums_;
}

void Players::save_average(TensorFile& file) {
  settle_average();
  add_module(file, "ema", *average_);
}

void Players::load(const TensorFile& file, const Path& path) {
  torch::NoGradGuard no_grad;
  load_module(file, "g", *generator_, path);
  load_module(file, "d", *discriminator_, path);
  load_module(file, "ema", *average_, path);
  adam_g_->load(file, "adam_g", path);
  adam_d_->load(file, "adam_d", path);
  const auto sums = file.tensors.find("log.sums");
  check(sums != file.tensors.end(),
        Exit::bad_data,
        cat(path.string(), ": tensor 'log.sums' is missing"));
  sums_.copy_(sums->second);
}

}  // namespace evenray
