// SPDX-License-Identifier: Apache-2.0
#include "nn/optimizer.hpp"

#include "nn/blocks.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// The three parameters of the golden runs; one number a parameter is the wave's shift.
struct Three : torch::nn::Module {
  Three() {
    int64_t shift = 0;
    const auto add = [&](const std::string& name, const std::vector<int64_t>& shape) {
      register_parameter(name, wave(c10::multiply_integers(shape), shift++).view(shape));
    };
    add("bias", {3});
    add("kernel", {2, 1, 3, 3});
    add("weight", {3, 4});
  }

  void set_gradients(int64_t step) {
    int64_t shift = 0;
    for (auto& p : parameters()) {
      p.mutable_grad() =
          (wave(p.numel(), static_cast<double>(10 * step + shift++)) * (1 + step)).view(p.sizes());
    }
  }
};

double golden_lr(int64_t step) { return .01 * (1 - static_cast<double>(step) / 12); }

void run_step(FusedAdam& adam, Three& module, int64_t step) {
  module.set_gradients(step);
  adam.set_lr(golden_lr(step));
  adam.step();
}

void meets(const Json& golden, const AdamOptions& options, bool channels_last) {
  Three module;
  if (channels_last) to_channels_last(module);
  FusedAdam adam(module, options);
  for (int64_t step = 0; step < static_cast<int64_t>(golden.size()); ++step) {
    run_step(adam, module, step);
    for (const auto& item : module.named_parameters()) {
      INFO(step << " " << item.key());
      CHECK(largest_difference(item.value().flatten(), tensor_of(golden[step][item.key()])) < 1e-6);
    }
  }
}

TensorFile saved(const FusedAdam& adam, const Three& module) {
  TensorFile file;
  adam.save(file, "adam");
  for (const auto& item : module.named_parameters()) file.tensors[item.key()] = item.value();
  for (auto& [name, tensor] : file.tensors) tensor = tensor.detach().clone();
  return file;
}

}  // namespace

TEST_CASE("fused Adam steps as torch.optim.Adam and AdamW do, with no decay of vectors") {
  const Json golden = golden_json("nn/optimizer.json");
  const bool channels_last = GENERATE(false, true);
  meets(golden.at("adam"), {.01, .5, .999, 1e-8, 0}, channels_last);
  meets(golden.at("adamw"), {.01, .9, .99, 1e-6, .1}, channels_last);
}

TEST_CASE("weight decay shrinks matrices and leaves vectors") {
  Three module;
  FusedAdam adam(module, {.01, .9, .999, 1e-8, .5});
  const auto before = Three().named_parameters();
  for (auto& p : module.parameters()) p.mutable_grad() = torch::zeros_like(p);
  adam.step();
  const auto after = module.named_parameters();
  CHECK(same(after["bias"], before["bias"]));
  CHECK(largest_difference(after["weight"], before["weight"] * (1 - .01 * .5)) < 1e-7);
  CHECK(largest_difference(after["kernel"], before["kernel"] * (1 - .01 * .5)) < 1e-7);
}

TEST_CASE("an optimiser goes on from its saved state bit for bit") {
  const AdamOptions options{.01, .9, .999, 1e-8, .1};
  Three straight, first, second;
  FusedAdam whole(straight, options), half(first, options), rest(second, options);
  for (int64_t step = 0; step < 6; ++step) run_step(whole, straight, step);
  for (int64_t step = 0; step < 3; ++step) run_step(half, first, step);
  const TensorFile file = saved(half, first);
  CHECK(file.tensors.at("adam.step.kernel").item<float>() == 3);
  CHECK(file.tensors.count("adam.exp_avg.weight") == 1);
  CHECK(file.tensors.count("adam.exp_avg_sq.bias") == 1);
  {
    torch::NoGradGuard no_grad;
    for (auto& item : second.named_parameters()) item.value().copy_(file.tensors.at(item.key()));
  }
  rest.load(file, "adam", "f");
  for (int64_t step = 3; step < 6; ++step) run_step(rest, second, step);
  CHECK(tensor_digest(saved(rest, second).tensors) ==
        tensor_digest(saved(whole, straight).tensors));
}

TEST_CASE("an optimiser's state that does not fit is refused") {
  Three module;
  FusedAdam adam(module, {});
  const TensorFile file = saved(adam, module);
  TensorFile cut = file, other = file;
  cut.tensors.erase("adam.exp_avg_sq.weight");
  other.tensors["adam.exp_avg.bias"] = torch::zeros({4});
  CHECK(error_of([&] { adam.load(file, "adam", "f"); }).code() == Exit::done);
  Error error = error_of([&] { adam.load(cut, "adam", "f"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "f: optimiser state 'adam.exp_avg_sq.weight' is missing"));
  CHECK(error_of([&] { adam.load(other, "adam", "f"); }).code() == Exit::bad_data);
  CHECK(error_of([&] { adam.load(file, "adam_g", "f"); }).code() == Exit::bad_data);
}

TEST_CASE("parameters that are frozen when the optimiser is made stay as they are") {
  Three module;
  module.named_parameters()["kernel"].requires_grad_(false);
  FusedAdam adam(module, {});
  module.set_gradients(0);
  adam.step();
  const auto after = module.named_parameters(), before = Three().named_parameters();
  CHECK(same(after["kernel"], before["kernel"]));
  CHECK_FALSE(same(after["weight"], before["weight"]));
  adam.zero_grad();
  CHECK_FALSE(after["weight"].grad().defined());
  CHECK(after["kernel"].grad().defined());
}
