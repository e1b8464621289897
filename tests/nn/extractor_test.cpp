// SPDX-License-Identifier: Apache-2.0
#include "nn/extractor.hpp"

#include <torch/script.h>

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// A TorchScript file and its manifest, which a test may spoil.
struct Bench {
  ScratchFolder scratch;
  Json manifest;

  explicit Bench(const std::string& forward = "return x.mean([2, 3])") {
    torch::jit::Module module("network");
    module.define("def forward(self, x):\n    " + forward + "\n");
    module.save(scratch / "net.pt");
    manifest = {{"file", "net.pt"},
                {"sha256", sha256_hex(read_file(scratch / "net.pt"))},
                {"size_px", 8},
                {"channels", 3},
                {"range", {-1, 1}},
                {"dimension", 3}};
  }
  std::shared_ptr<Features> load(bool trust_code = true) const {
    write_json(scratch / "net.json", manifest);
    return load_extractor(scratch / "net.json", trust_code, {});
  }
  Error fault(bool trust_code = true) const {
    return error_of([&] { load(trust_code)->of({cv::Mat(16, 16, CV_8UC1, cv::Scalar(9))}); });
  }
};

void refused(const Bench& bench, const std::string& key) {
  const Error error = bench.fault();
  INFO(error.what());
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "net.json"));
  CHECK(contains(error.what(), cat("'", key, "'")));
  CHECK_FALSE(contains(error.what(), "\n"));
}

}  // namespace

TEST_CASE("an extractor is shown images in its range, size and channels") {
  Bench bench;
  // 0, half and full white become -1, 0 and 1, of either depth.
  const auto found =
      bench.load()->of({cv::Mat(16, 12, CV_8UC1, cv::Scalar(0)), cv::Mat(16, 12, CV_8UC1, 255.)});
  CHECK(largest_difference(found, torch::tensor({-1., -1., -1., 1., 1., 1.}).view({2, 3})) < 1e-5);
  const auto deep = bench.load()->of({cv::Mat(16, 12, CV_16UC1, cv::Scalar(32768))});
  CHECK(deep.abs().max().item<double>() < 1e-4);
  CHECK(bench.load()->digest() == bench.manifest["sha256"]);
  CHECK(bench.load()->name() == "net");
  bench.manifest["name"] = "means";
  CHECK(bench.load()->name() == "means");

  Bench shape("return torch.full([x.size(0), 1], float(x.size(2) * 100 + x.size(3) + x.size(1)))");
  shape.manifest["size_px"] = {4, 6};
  shape.manifest["channels"] = 1;
  shape.manifest["dimension"] = 1;
  // More images than a batch holds.
  const auto sizes = shape.load()->of(std::vector<cv::Mat>(70, cv::Mat(9, 9, CV_8UC1, 5.)));
  CHECK(torch::equal(sizes, torch::full({70, 1}, 407.f)));
}

TEST_CASE("what bicubic overshoots is clipped to black and white") {
  cv::Mat steep(8, 8, CV_8UC1, cv::Scalar(0));
  steep.colRange(4, 8).setTo(255);
  Bench bench("return x.flatten(1).min(1, True)[0]");
  bench.manifest["size_px"] = 16;
  bench.manifest["dimension"] = 1;
  CHECK(bench.load()->of({steep}).item<double>() == Approx(-1).margin(1e-6));
}

TEST_CASE("a program is run only where it is trusted") {
  const Error error = Bench().fault(false);
  CHECK(error.code() == Exit::usage);
  CHECK(contains(error.what(), "--trust-code"));
  CHECK(contains(error.what(), "net.pt"));
}

TEST_CASE("a faulty manifest is named by key and file") {
  for (const char* key : {"file", "sha256", "size_px", "channels", "range", "dimension"}) {
    Bench missing, wrong;
    missing.manifest.erase(key);
    refused(missing, key);
    wrong.manifest[key] = Json::object();
    refused(wrong, key);
  }
  Bench bench;
  bench.manifest["channels"] = 2;
  refused(bench, "channels");
}

TEST_CASE("another file, dimension or kind of output than the manifest says is refused") {
  Bench hash;
  hash.manifest["sha256"] = std::string(64, '0');
  refused(hash, "sha256");
  Bench dimension;
  dimension.manifest["dimension"] = 4;
  refused(dimension, "dimension");
  refused(Bench("return [x, x]"), "dimension");
  refused(Bench("return x.mean([2, 3]) / 0"), "range");
  refused(Bench("return x.view([1, 7])"), "size_px");

  Bench text;
  write_atomic(text.scratch / "net.pt", "no program");
  text.manifest["sha256"] = sha256_hex("no program");
  refused(text, "file");
  Bench gone;
  std::filesystem::remove(gone.scratch / "net.pt");
  CHECK(gone.fault().code() == Exit::missing_input);
  CHECK(error_of([&] { load_extractor(gone.scratch / "no.json", true, {}); }).code() ==
        Exit::missing_input);
  write_atomic(gone.scratch / "list.json", "[1]");
  CHECK(error_of([&] { load_extractor(gone.scratch / "list.json", true, {}); }).code() ==
        Exit::bad_data);
}
