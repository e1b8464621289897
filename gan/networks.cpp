// SPDX-License-Identifier: Apache-2.0
#include "gan/networks.hpp"

#include <torch/nn.h>

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

struct Family {
  std::string_view name;
  std::shared_ptr<GeneratorNet> (*make_generator)(const GanOptions&, int, int);
  std::shared_ptr<DiscriminatorNet> (*make_discriminator)(const GanOptions&, int, int);
  int64_t (*generator_weights)(const GanOptions&, int, int);
  void (*check)(const GanOptions&);
  bool grows;
};
constexpr std::array kFamilies{Family{"dcgan",
                                      &make_dcgan_generator,
                                      &make_dcgan_discriminator,
                                      &dcgan_generator_weights,
                                      &check_dcgan,
                                      false},
                               Family{"pggan",
                                      &make_pggan_generator,
                                      &make_pggan_discriminator,
                                      &pggan_generator_weights,
                                      &check_pggan,
                                      true}};

const Family& family_named(const std::string& name) {
  for (const auto& family : kFamilies) {
    if (family.name == name) return family;
  }
  throw Error(Exit::config, unknown_name("generator family", name, gan_families()));
}

/// The one-hot label is concatenated to the latent vector, which is therefore longer by the number
/// of classes (as in the code of Karras et al. 2018).
GanOptions widened(GanOptions options, int64_t classes) {
  options.latent += classes;
  return options;
}

}  // namespace

std::vector<std::string> gan_families() {
  std::vector<std::string> names;
  for (const auto& family : kFamilies) names.emplace_back(family.name);
  return names;
}

std::shared_ptr<GeneratorNet> make_generator(const GanOptions& options,
                                             int height,
                                             int width,
                                             int64_t classes) {
  return family_named(options.family).make_generator(widened(options, classes), height, width);
}

std::shared_ptr<DiscriminatorNet> make_discriminator(const GanOptions& options,
                                                     int height,
                                                     int width) {
  return family_named(options.family).make_discriminator(options, height, width);
}

void check_family(const GanOptions& options) { family_named(options.family).check(options); }

bool family_grows(const std::string& family) { return family_named(family).grows; }

int64_t generator_weights(const GanOptions& options, int height, int width, int64_t classes) {
  return family_named(options.family).generator_weights(widened(options, classes), height, width);
}

SizePlan plan_size(int height, int width) {
  const int short_side = std::min(height, width);
  constexpr int kLongest = 65536;
  if (short_side >= 16 && std::max(height, width) <= kLongest &&
      std::has_single_bit(static_cast<unsigned>(short_side))) {
    const int doublings = std::bit_width(static_cast<unsigned>(short_side)) - 3;
    const int step = 1 << doublings;
    if (height % step == 0 && width % step == 0) return {height / step, width / step, doublings};
  }
  throw Error(Exit::config,
              cat("a generator cannot draw images of ",
                  height,
                  "x",
                  width,
                  " px: the short side must be a power of two, at least 16, and the long side a "
                  "multiple of a quarter of the short side",
                  " (for example 64x64, 80x64, 160x128)"));
}

torch::Tensor latents(const Rng& rng, int64_t first, int64_t count, int64_t length, double limit) {
  auto out = torch::empty({count, length}, torch::kFloat);
  float* values = out.data_ptr<float>();
  for (int64_t i = 0; i < count; ++i) {
    Rng stream = rng.fork("latent", static_cast<uint64_t>(first + i));
    for (int64_t j = 0; j < length; ++j) {
      double value = stream.normal();
      while (limit > 0 && std::abs(value) > limit) value = stream.normal();
      *values++ = static_cast<float>(value);
    }
  }
  return out;
}

void standing_statistics(GeneratorNet& net,
                         const Rng& rng,
                         int64_t minibatch,
                         int64_t latent,
                         int batches,
                         torch::Device device,
                         const torch::Tensor& labels) {
  torch::NoGradGuard no_grad;
  std::vector<std::pair<torch::nn::BatchNorm2dImpl*, std::optional<double>>> norms;
  for (const auto& module : net.modules(/*include_self=*/false)) {
    if (auto* norm = module->as<torch::nn::BatchNorm2d>()) {
      norms.emplace_back(norm, norm->options.momentum());
      norm->reset_running_stats();
      // Without a momentum torch averages all following minibatches with equal weight.
      norm->options.momentum(std::nullopt);
    }
  }
  if (norms.empty()) batches = 0;
  net.train();
  for (int i = 0; i < batches; ++i) {
    const auto of_batch =
        labels.defined() ? labels.narrow(0, i * minibatch, minibatch) : torch::Tensor();
    net.forward(with_labels(latents(rng, i * minibatch, minibatch, latent).to(device), of_batch));
  }
  net.eval();
  for (auto& [norm, momentum] : norms) norm->options.momentum(momentum);
}

torch::Tensor with_labels(const torch::Tensor& latents, const torch::Tensor& labels) {
  return labels.defined() ? torch::cat({latents, labels}, 1) : latents;
}

torch::Tensor labels_in_turn(int64_t first, int64_t count, int64_t classes) {
  return torch::one_hot((torch::arange(count, torch::kLong) + first).remainder(classes), classes)
      .to(torch::kFloat);
}

torch::Tensor labels_in_proportion(int64_t first,
                                   int64_t count,
                                   const std::vector<int64_t>& counts) {
  // Each image adds its count to the balance of every class, and the class with the largest balance
  // is drawn. Starting at 0 makes the label of an image independent of `first`; counts up to 2^32
  // keep the sums exact.
  const int64_t total = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  std::vector<int64_t> owed(counts.size());
  std::vector<int64_t> labels;
  for (int64_t number = 0; number < first + count; ++number) {
    for (size_t c = 0; c < counts.size(); ++c) owed[c] += counts[c];
    const auto next = std::max_element(owed.begin(), owed.end());
    *next -= total;
    if (number >= first) labels.push_back(next - owed.begin());
  }
  return torch::one_hot(torch::tensor(labels), static_cast<int64_t>(counts.size()))
      .to(torch::kFloat);
}

torch::Tensor labels_of(int64_t class_index, int64_t count, int64_t classes) {
  return torch::one_hot(torch::full({count}, class_index, torch::kLong), classes).to(torch::kFloat);
}

}  // namespace evenray
