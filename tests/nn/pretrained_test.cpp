// SPDX-License-Identifier: Apache-2.0
#include "nn/pretrained.hpp"

#include <torch/nn.h>

#include "dataset/files/image_file.hpp"
#include "nn/checkpoint.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// Weights of a small backbone, as tools/convert-weights writes them.
TensorFile converted(const std::string& arch) {
  TensorFile file;
  for (const auto& [name, tensor] : tensors_of(*make_backbone(arch)))
    if (!name.ends_with("num_batches_tracked")) file.tensors[name] = tensor.detach().clone();
  file.metadata = {{"kind", "weights"},
                   {"arch", arch},
                   {"name", "blobs"},
                   {"licence", "CC0"},
                   {"missing", "[]"},
                   {"mean", "0.25"},
                   {"deviation", "0.5"}};
  return file;
}

struct Fixture {
  Fixture() { setenv("EVENRAY_WEIGHTS", folder.path().c_str(), 1); }
  ~Fixture() { unsetenv("EVENRAY_WEIGHTS"); }
  Path write(const std::string& name, const TensorFile& file) const {
    write_safetensors(folder.path() / name, file);
    return folder.path() / name;
  }
  Error error(const std::string& weights) const {
    return error_of([&] {
      const auto backbone = make_backbone("small");
      read_pretrained(weights, "small").load(*backbone);
    });
  }
  ScratchFolder folder;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "installed weights are found by name, others by path") {
  const TensorFile file = converted("small");
  const Path path = write("small-blobs.safetensors", file);
  CHECK(installed_weights("small") == std::vector<std::string>{"blobs"});
  for (const auto& name : {std::string("blobs"), path.string()}) {
    const Pretrained weights = read_pretrained(name, "small");
    CHECK(weights.name == "blobs");
    CHECK(weights.licence == "CC0");
    CHECK(weights.input.mean == .25);
    CHECK(weights.input.deviation == .5);
    const auto backbone = make_backbone("small");
    weights.load(*backbone);
    for (const auto& [key, tensor] : file.tensors)
      CHECK(torch::equal(tensor,
                         backbone->named_parameters().contains(key)
                             ? backbone->named_parameters()[key]
                             : backbone->named_buffers()[key]));
  }
}

TEST_CASE_METHOD(Fixture, "the kernels of a stem with three input channels are added up") {
  TensorFile file = converted("small");
  auto& stem = file.tensors["conv1.weight"];
  const auto red = torch::full_like(stem, 1.), green = torch::full_like(stem, 2.);
  stem = torch::cat({red, green, stem}, 1);
  const auto backbone = make_backbone("small");
  read_pretrained(write("rgb.safetensors", file).string(), "small").load(*backbone);
  CHECK(torch::allclose(backbone->named_parameters()["conv1.weight"], stem.slice(1, 2, 3) + 3));
}

TEST_CASE_METHOD(Fixture, "weights that do not fit are refused with the way out") {
  const auto expect = [&](const std::string& weights, Exit code, const std::string& words) {
    const Error found = error(weights);
    INFO(found.what());
    CHECK(found.code() == code);
    CHECK(contains(found.what(), words));
  };
  expect("imagenet", Exit::missing_input, "no weights 'imagenet' of small are installed in");
  expect(folder.path() / "no.safetensors", Exit::missing_input, "no.safetensors");
  CHECK(contains(error_of([] { read_pretrained("imagenet", "tf_efficientnet_lite0"); }).what(),
                 "run `tools/weights tf_efficientnet_lite0`"));

  expect(write("other.safetensors", converted("resnet18")),
         Exit::bad_data,
         "has weights of resnet18, not of small; give --arch resnet18");
  auto file = converted("small");
  file.tensors.erase("bn1.weight");
  expect(write("lacks.safetensors", file), Exit::bad_data, "tensor 'bn1.weight' is missing");
  file.metadata["missing"] = "[\"bn1.weight\"]";
  const auto backbone = make_backbone("small");
  read_pretrained(write("partial.safetensors", file).string(), "small").load(*backbone);
  file = converted("small");
  file.tensors["bn1.weight"] = torch::ones({3});
  expect(write("shape.safetensors", file),
         Exit::bad_data,
         "tensor 'bn1.weight' has shape [3], the network needs [16]");
  file = converted("small");
  file.metadata["deviation"] = "0";
  expect(write("zero.safetensors", file), Exit::bad_data, "'deviation' must be above 0");
  file.metadata["deviation"] = "wide";
  expect(write("text.safetensors", file), Exit::bad_data, "'deviation' is no number");
  file.metadata["kind"] = "generator";
  expect(write("gan.safetensors", file), Exit::bad_data, "not weights of a classifier");

  const std::string whole = read_file(write("whole.safetensors", converted("small")));
  const Path cut = folder.path() / "cut.safetensors";
  write_atomic(cut, whole.substr(0, whole.size() / 2));
  expect(cut, Exit::bad_data, "not a complete safetensors file");
  write_atomic(cut, std::string("\x80\x02}q\x00.", 6));
  expect(cut, Exit::bad_data, "not a complete safetensors file");

  // A value that is not finite cannot be written by write_safetensors().
  std::string bytes = read_file(write("nan.safetensors", converted("small")));
  const float nan = NAN;
  std::memcpy(&bytes[bytes.size() - sizeof nan], &nan, sizeof nan);
  const auto at = bytes.find("tensor_digest");
  bytes.replace(at, 6, "ignore");  // both digests, so that the value itself is found
  bytes.replace(bytes.find("metadata_digest"), 8, "ignored_");
  const Path path = folder.path() / "nan.safetensors";
  write_atomic(path, bytes);
  expect(path, Exit::bad_data, "holds values that are not finite");
}

TEST_CASE("weights of ImageNet give the logits that their package gives, and name the cat") {
  if (installed_weights("tf_efficientnet_lite0").empty()) {
    std::cout << "skipped: tools/weights tf_efficientnet_lite0 was not run\n";
    return;
  }
  const Pretrained weights = read_pretrained("imagenet", "tf_efficientnet_lite0");
  CHECK(weights.licence == "Apache-2.0");
  const auto backbone = make_backbone("tf_efficientnet_lite0");
  weights.load(*backbone);
  backbone->eval();
  torch::NoGradGuard no_grad;
  const cv::Mat cat = read_whole_image(golden_path("nn/cat.png"));
  const auto input = network_input(from_mats({cat}), 255, weights.input);
  const auto logits = torch::linear(backbone->pooled(backbone->final_map(input)),
                                    weights.tensors.at("classifier.weight"),
                                    weights.tensors.at("classifier.bias"))[0];
  CHECK(logits.argmax().item<int64_t>() == 285);  // Egyptian cat
  CHECK(largest_difference(logits, tensor_of(golden_json("nn/logits.json"))) < 1e-4);
}
