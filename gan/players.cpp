// SPDX-License-Identifier: Apache-2.0
#include "gan/players.hpp"

#include <torch/types.h>

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/text.hpp"
#include "gan/pggan_blocks.hpp"
#include "gan/transfer.hpp"
#include "nn/blocks.hpp"
#include "nn/checkpoint.hpp"
#include "nn/ema.hpp"
#include "nn/loader.hpp"

namespace evenray {
namespace {

/// Batches of latents that the average's batch-norm statistics are computed from.
constexpr int kStatisticsBatches = 16;
/// Decay of LeCam's anchors per step.
constexpr double kAnchorDecay = .99;

}  // namespace

Players::Players(const GanOptions& options,
                 int height,
                 int width,
                 int64_t classes,
                 const Compute& compute,
                 const Rng& rng)
    : options_(options),
      compute_(compute),
      rng_(rng),
      streams_(rng),
      size_(plan_size(height, width)),
      classes_(classes),
      augmentation_(options, compute.device),
      loss_(loss_named(options.loss)) {
  seed_torch(rng.fork("weights").key());
  generator_ = make_generator(options, height, width, classes);
  discriminator_ = make_discriminator(options, height, width);
  discriminator_->condition(options, classes);
  average_ = make_generator(options, height, width, classes);
  for (torch::nn::Module* net : std::initializer_list<torch::nn::Module*>{
           generator_.get(), discriminator_.get(), average_.get()}) {
    to_channels_last(*net);
    net->to(compute.device);
  }
  copy_module(*average_, *generator_);
  check_frozen_layers(options, *discriminator_);
  const auto layers = discriminator_->layers();
  for (size_t i = 0; i < static_cast<size_t>(options.transfer.freeze_d); ++i)
    for (const auto& parameter : layers[i]) parameter.set_requires_grad(false);
  const auto adam = [&](const torch::nn::Module& net, double lr) {
    return std::make_unique<FusedAdam>(net, AdamOptions{lr, options.beta1, options.beta2, 1e-8, 0});
  };
  adam_g_ = adam(*generator_, options.lr_g);
  adam_d_ = adam(*discriminator_, options.lr_d);
  const auto floats = torch::TensorOptions(torch::kFloat).device(compute.device);
  sums_ = torch::zeros({4}, floats);
  separation_ = torch::zeros({2}, floats);  // sum of signs, steps
  anchors_ = torch::zeros({2}, floats);
}

torch::Tensor Players::mean_output(const torch::Tensor& logits) const {
  const auto values = logits.detach().to(torch::kFloat);
  return (options_.loss == "bce" ? values.sigmoid() : values).mean();
}

torch::Tensor Players::penalty_between(const torch::Tensor& real,
                                       const torch::Tensor& fake,
                                       const torch::Tensor& labels,
                                       const Rng& stream) {
  std::vector<float> shares;
  Rng draws = stream.fork("between");
  for (int64_t i = 0; i < real.size(0); ++i) shares.push_back(static_cast<float>(draws.uniform()));
  const auto share = to_device(torch::tensor(shares), real.device()).view({-1, 1, 1, 1});
  const auto between = torch::lerp(real, fake, share).detach().requires_grad_(true);
  // Without autocast: the penalty is the square of a gradient, for which bf16 is too coarse.
  const auto logits = discriminator_->discriminate(between, labels).logits;
  // The paper's networks receive images enlarged to the full size by repeating pixels. The norm of
  // the gradient of such an image is smaller by the ratio of the sides, so the target of a smaller
  // level is larger by that ratio.
  const double target = std::ldexp(options_.gp_target, size_.doublings - growth().level);
  return gradient_penalty(logits, between, target);
}

torch::Tensor Players::lecam(const torch::Tensor& real,
                             const torch::Tensor& fake,
                             const Moment& moment) {
  const bool acts = static_cast<double>(moment.shown) >= options_.lecam_from_kimg * 1000;
  const auto real_logits = real.to(torch::kFloat), fake_logits = fake.to(torch::kFloat);
  // Until LeCam acts, the anchors follow the logits without averaging, so that they do not start
  // from the logits of an untrained network.
  const auto means = torch::stack({real_logits.mean(), fake_logits.mean()}).detach();
  anchors_.lerp_(means, acts ? 1 - kAnchorDecay : 1);
  return lecam_penalty(real_logits, fake_logits, anchors_[0], anchors_[1]) *
         (acts ? options_.lecam_weight : 0);
}

torch::Tensor Players::update_discriminator(const torch::Tensor& real,
                                            const torch::Tensor& fake,
                                            const torch::Tensor& labels,
                                            const Moment& moment,
                                            int64_t step,
                                            const Rng& stream) {
  const bool lazy = step % options_.r1_every == 0;
  const bool r1 = lazy && options_.r1_gamma > 0, r2 = lazy && options_.r2_gamma > 0;
  adam_d_->zero_grad();
  // The penalties are gradients with respect to the augmented images, which D receives.
  auto shown = augmentation_.apply(real, stream.fork("real"));
  auto drawn = augmentation_.apply(fake.detach(), stream.fork("fake"));
  if (r1) shown = shown.detach().requires_grad_(true);
  if (r2) drawn = drawn.detach().requires_grad_(true);
  // A pass whose gradient is penalised runs in fp32, because bf16 is too coarse for the square.
  const auto discriminate = [&](const torch::Tensor& images, bool penalised) {
    Compute precise = compute_;
    precise.bf16 = compute_.bf16 && !penalised;
    Autocast autocast(precise);
    return discriminator_->discriminate(images, labels);
  };
  const auto of_real = discriminate(shown, r1), of_fake = discriminate(drawn, r2);
  auto loss = loss_.discriminator(of_real.logits, of_fake.logits);
  if (of_real.classes.defined())
    loss = loss + class_loss(of_real, labels) + class_loss(of_fake, labels);
  // Lazy regularisation: times r1_every, since the penalty is added in one of r1_every steps only.
  const auto weight = [&](double gamma) {
    return gamma / 2 * static_cast<double>(options_.r1_every);
  };
  if (r1) loss = loss + r1_penalty(of_real.logits, shown) * weight(options_.r1_gamma);
  if (r2) loss = loss + r1_penalty(of_fake.logits, drawn) * weight(options_.r2_gamma);
  if (options_.loss == "wgan-gp")
    loss = loss + penalty_between(shown, drawn, labels, stream) * options_.gp_weight;
  if (options_.lecam_weight > 0) loss = loss + lecam(of_real.logits, of_fake.logits, moment);
  loss.backward();
  adam_d_->step();
  augmentation_.observe(of_real.logits);
  {
    torch::NoGradGuard no_grad;
    separation_[0] += (of_real.logits - of_fake.logits).to(torch::kFloat).sign().mean();
    separation_[1] += 1;
  }
  return torch::stack({loss.detach(), mean_output(of_real.logits), mean_output(of_fake.logits)});
}

torch::Tensor Players::update_generator(const torch::Tensor& real,
                                        const torch::Tensor& fake,
                                        const torch::Tensor& labels,
                                        const Rng& stream) {
  FreezeGuard freeze(*discriminator_);
  torch::Tensor loss;
  adam_g_->zero_grad();
  {
    Autocast autocast(compute_);
    const auto discriminate = [&](const torch::Tensor& images, const char* purpose) {
      return discriminator_->discriminate(augmentation_.apply(images, stream.fork(purpose)),
                                          labels);
    };
    const auto real_logits =
        loss_.paired ? discriminate(real, "generator real").logits : torch::Tensor();
    const auto of_fake = discriminate(fake, "generator");
    loss = loss_.generator(real_logits, of_fake.logits);
    if (of_fake.classes.defined()) loss = loss + class_loss(of_fake, labels);
  }
  loss.backward();
  adam_g_->step();
  return loss.detach();
}

void Players::set_moment(const Moment& moment) {
  for (GeneratorNet* net : {generator_.get(), average_.get()}) net->growth = moment.growth;
  discriminator_->growth = moment.growth;
  label_share_ = moment.label_share;
}

void Players::step(const TrainingSet::Minibatch& minibatch, const Moment& moment, int64_t step) {
  set_moment(moment);
  if (moment.restarts) {
    adam_g_->reset();
    adam_d_->reset();
  }
  adam_g_->set_lr(options_.lr_g * moment.lr_factor);
  adam_d_->set_lr(options_.lr_d * moment.lr_factor);
  const auto real = at_growth(minibatch.images, size_.doublings, moment.growth);
  const auto labels =
      minibatch.labels.defined() ? minibatch.labels * label_share_ : torch::Tensor();
  const Rng stream = streams_.fork("step", static_cast<uint64_t>(step));
  const auto drawn = [&](const Rng& draws) {
    const auto latent =
        to_device(latents(draws, 0, real.size(0), options_.latent), compute_.device);
    Autocast autocast(compute_);
    // fp32 like the real images, since the augmentation computes in the type of its input.
    return generator_->forward(with_labels(latent, labels)).to(torch::kFloat);
  };
  // Unless G draws its own latents, the same images serve both updates, so G's graph is kept.
  torch::Tensor fake;
  {
    torch::AutoGradMode with_graph(!options_.own_latents);
    fake = drawn(stream);
  }
  const auto d = update_discriminator(real, fake, labels, moment, step, stream);
  if (options_.own_latents) fake = drawn(stream.fork("generator latents"));
  const auto g = update_generator(real, fake, labels, stream);

  // The half-life grows with the number of images shown, as in StyleGAN2-ADA, so that the average
  // soon drops the poor first weights. The weights of a parent are good from the start.
  const auto count = static_cast<double>(real.size(0));
  const double ramp = (static_cast<double>(moment.shown) + count) * .05;
  const double half_life = options_.transfer.from == "none"
                               ? std::min(options_.ema_kimg * 1000, ramp)
                               : options_.ema_kimg * 1000;
  if (options_.ema_decay > 0) {
    ema_update(*average_, *generator_, options_.ema_decay);
  } else if (options_.ema_kimg > 0) {
    ema_update(*average_, *generator_, std::pow(.5, count / half_life));
  }
  torch::NoGradGuard no_grad;
  sums_ += torch::stack({d[0], g, d[1], d[2]});
}

double Players::take_separation() {
  const auto values = separation_.cpu().clone();
  separation_.zero_();
  return (values[0] / values[1].clamp_min(1)).item<double>();
}

bool Players::finite() const {
  torch::NoGradGuard no_grad;
  // One number per tensor, and one copy from the device: a maximum is finite only if all values
  // are.
  std::vector<torch::Tensor> largest{sums_.abs().max()};
  for (const auto& tensors : {generator_->parameters(),
                              discriminator_->parameters(),
                              adam_g_->moments(),
                              adam_d_->moments()})
    for (const auto& norm : at::_foreach_norm(tensors, std::numeric_limits<double>::infinity()))
      largest.push_back(norm);
  return torch::stack(largest).isfinite().all().item<bool>();
}

std::vector<double> Players::take_means(int64_t steps) {
  const auto values = (sums_ / static_cast<double>(steps)).cpu();
  sums_.zero_();
  std::vector<double> out;
  for (int64_t i = 0; i < values.size(0); ++i) out.push_back(values[i].item<double>());
  return out;
}

void Players::refresh_average() {
  if (options_.ema_kimg == 0 && options_.ema_decay == 0) copy_module(*average_, *generator_);
  torch::Tensor labels;
  if (classes_ > 0)
    labels =
        (labels_in_turn(0, kStatisticsBatches * options_.last_minibatch(), classes_) * label_share_)
            .to(compute_.device);
  standing_statistics(*average_,
                      rng_.fork("statistics"),
                      options_.last_minibatch(),
                      options_.latent,
                      kStatisticsBatches,
                      compute_.device,
                      labels);
}

torch::Tensor Players::draw(int64_t count, const std::vector<int64_t>& class_counts) {
  torch::NoGradGuard no_grad;
  refresh_average();
  std::vector<torch::Tensor> parts;
  for (int64_t i = 0; i < count; i += options_.last_minibatch()) {
    const int64_t n = std::min(options_.last_minibatch(), count - i);
    const auto latent = latents(rng_.fork("judged"), i, n, options_.latent).to(compute_.device);
    torch::Tensor labels;
    if (classes_ > 0)
      labels = (labels_in_proportion(i, n, class_counts) * label_share_).to(compute_.device);
    parts.push_back(average_->forward(with_labels(latent, labels)));
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
  file.tensors["log.separation"] = separation_;
  if (options_.lecam_weight > 0) file.tensors["lecam.anchors"] = anchors_;
  augmentation_.save(file);
}

void Players::save_average(TensorFile& file) {
  refresh_average();
  add_module(file, "ema", *average_);
}

void Players::load(const TensorFile& file, const Path& path) {
  load_networks(file, path);
  adam_g_->load(file, "adam_g", path);
  adam_d_->load(file, "adam_d", path);
  load_tensor(file, "log.sums", sums_, path);
  load_tensor(file, "log.separation", separation_, path);
  if (options_.lecam_weight > 0) load_tensor(file, "lecam.anchors", anchors_, path);
  augmentation_.load(file, path);
}

void Players::load_networks(const TensorFile& file, const Path& path) {
  load_module(file, "g", *generator_, path);
  load_module(file, "d", *discriminator_, path);
  load_module(file, "ema", *average_, path);
}

}  // namespace evenray
