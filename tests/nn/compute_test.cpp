// SPDX-License-Identifier: Apache-2.0
#include "nn/compute.hpp"

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

Runtime runtime(const std::string& device, const std::string& precision = "fp32") {
  Runtime out;
  out.device = device;
  out.precision = precision;
  out.threads = 1;
  return out;
}

Error choosing(const std::string& device) {
  return error_of([&] { make_compute(runtime(device)); });
}

torch::ScalarType convolution_type() {
  return torch::conv2d(torch::ones({1, 1, 4, 4}), torch::ones({1, 1, 3, 3})).scalar_type();
}

}  // namespace

TEST_CASE("an unknown device is one of the configuration, a missing GPU one of the machine") {
  for (const std::string device : {"gpu", "", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda0"}) {
    INFO(device);
    const Error error = choosing(device);
    CHECK(error.code() == Exit::config);
    CHECK(contains(error.what(), cat("unknown device '", device, "' (known: auto, cpu, cuda")));
  }
  const Error error = choosing("cuda:1000");
  CHECK(error.code() == Exit::missing_resource);
  CHECK(contains(error.what(), "device cuda:1000: this machine has "));
  if (gpu_names().empty()) CHECK(choosing("cuda").code() == Exit::missing_resource);
}

TEST_CASE("device, precision and threads are as asked for") {
  const Compute compute = make_compute(runtime("cpu"));
  CHECK(compute.device.is_cpu());
  CHECK_FALSE(compute.bf16);
  CHECK(compute.threads == 1);
  CHECK(torch::get_num_threads() == 1);
  CHECK(make_compute(runtime("cpu", "bf16")).bf16);
  CHECK(make_compute(runtime("cpu", "auto")).bf16 == cpu_has_bf16());
  CHECK(make_compute(runtime("auto")).device.is_cuda() != gpu_names().empty());
}

TEST_CASE("autocast holds for its scope and only where it was asked for") {
  Compute compute;
  {
    const Autocast off(compute);
    CHECK(convolution_type() == torch::kFloat);
  }
  compute.bf16 = true;
  {
    const Autocast on(compute);
    CHECK(convolution_type() == torch::kBFloat16);
    {
      const Autocast off(Compute{});
      CHECK(convolution_type() == torch::kFloat);
    }
    { const Autocast again(compute); }
    CHECK(convolution_type() == torch::kBFloat16);
  }
  CHECK(convolution_type() == torch::kFloat);
}

TEST_CASE("torch's generator starts again from its seed") {
  seed_torch(uint64_t{1} << 63 | 5);
  const auto first = torch::randn({4});
  const auto second = torch::randn({4});
  seed_torch(uint64_t{1} << 63 | 5);
  CHECK(same(torch::randn({4}), first));
  CHECK_FALSE(same(first, second));
  seed_torch(6);
  CHECK_FALSE(same(torch::randn({4}), first));
}

TEST_CASE("the version is that of the library") { CHECK(torch_version().starts_with("2.")); }
