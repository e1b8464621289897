// SPDX-License-Identifier: Apache-2.0
#include "classifier/classifier.hpp"
#include "tests/classifier/blobs.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

TEST_CASE("a classifier's features are what its last layer is shown") {
  const ScratchFolder scratch;
  write_blob_store(scratch / "set.h5", {});
  const Store store(scratch / "set.h5");
  ClassifyOptions options;
  options.steps = 12;
  options.minibatch = 16;
  Runtime runtime;
  runtime.threads = 1;
  runtime.device = "cpu";
  runtime.precision = "fp32";
  RunFolder run(scratch / "run", false, [&](Fields& f) {
    runtime.fields(f);
    f.section("classify", options);
  });
  train_classifier(store, options, runtime, run);

  const Compute compute = make_compute(runtime);
  const auto features = classifier_features(scratch / "run", compute);
  // More than a batch.
  std::vector<cv::Mat> images;
  for (int64_t i = 0; i < 140; ++i) images.push_back(store.image("train", i % 50));
  const auto found = features->of(images);
  REQUIRE(found.sizes() == std::vector<int64_t>{140, 128});
  CHECK(found.scalar_type() == torch::kFloat);
  CHECK(found.std().item<double>() > 0);

  // The last layer makes of them what the classifier says.
  const TensorFile file = read_safetensors(scratch / "run" / "checkpoints" / "best.safetensors");
  const auto probabilities =
      (found.matmul(file.tensors.at("ema.fc.weight").t()) + file.tensors.at("ema.fc.bias"))
          .softmax(1);
  const auto said = Classifier(scratch / "run", compute).predict(images);
  for (size_t i = 0; i < said.size(); ++i)
    CHECK(probabilities[static_cast<int64_t>(i)][1].item<double>() ==
          Approx(said[i][1]).margin(1e-5));

  CHECK(features->name() == "classifier small");
  CHECK(features->digest() == file.metadata.at("tensor_digest"));

  cv::Mat wide(images[0].rows, images[0].cols + 1, CV_8UC1, cv::Scalar(3));
  cv::Mat deep(images[0].rows, images[0].cols, CV_16UC1, cv::Scalar(3));
  for (const auto& other : {wide, deep})
    CHECK(error_of([&] { features->of({other}); }).code() == Exit::bad_data);
  CHECK(error_of([&] { classifier_features(scratch / "none", compute); }).code() ==
        Exit::missing_input);
}
