// SPDX-License-Identifier: Apache-2.0
#include "nn/checkpoint.hpp"
#include "tests/classifier/bench.hpp"

using namespace evenray;

namespace {

struct Packed : Bench {
  Packed() {
    options.steps = 60;
    options.eval_every = 20;
    train("run");
    pack_model(scratch / "run", store(), "crop", plain_compute(), path);
  }
  std::vector<cv::Mat> test_images() const {
    const Store set = store();
    std::vector<cv::Mat> images;
    for (int64_t i = 0; i < set.part("test").size(); ++i) images.push_back(set.image("test", i));
    return images;
  }
  Path path = scratch / "model.safetensors";
};

}  // namespace

TEST_CASE_METHOD(Packed, "a packed model is one file that predicts like its run") {
  const Classifier run = classifier("run"), packed(path, plain_compute());
  CHECK(packed.class_names() == run.class_names());
  CHECK(packed.thresholds() == run.thresholds());
  REQUIRE(run.temperature());
  CHECK(packed.temperature()->value == run.temperature()->value);
  CHECK(packed.fit() == "crop");
  CHECK(run.fit().empty());
  const auto images = test_images();
  CHECK(packed.predict(images) == run.predict(images));
  CHECK(packed.predict(store(), "test").probabilities == run.predict(images));

  const auto found = packed.classify(images), of_run = run.classify(images);
  const auto raw = run.predict(images);
  const auto calibrated = run.temperature()->apply(raw);
  const double threshold = run.thresholds().at("Bright");
  for (size_t i = 0; i < images.size(); ++i) {
    CHECK(found[i].probabilities[1] == Approx(calibrated[i][1]).margin(1e-6));
    CHECK(found[i].predicted[1] == (raw[i][1] >= threshold));
    CHECK(found[i].predicted[0] == 1 - found[i].predicted[1]);
    CHECK(of_run[i].predicted == found[i].predicted);
    CHECK(std::isnan(of_run[i].unlike));
  }
}

TEST_CASE_METHOD(Packed, "a packed model says what it was trained on and how it was tested") {
  const Store set = store();
  const Json card = Classifier(path, plain_compute()).card();
  CHECK(classifier("run").card().is_null());
  for (const char* part : {"train", "val", "test"}) {
    const Json& images = card.at("images").at(part);
    CHECK(images.at("all") == set.part(part).size());
    CHECK(images.at("classes").at("Bright") == set.part(part).rows_of(1).size());
  }
  CHECK(card.at("synthetic") == 0);
  const Json& tested = card.at("tested");
  CHECK(tested.at("n") == set.part("test").size());
  MetricOptions options;
  options.split = "test";
  options.thresholds = classifier("run").thresholds();
  const Json expected = metrics(classifier("run").predict(set, "test"), options);
  CHECK(tested.at("classes")[1].at("auroc") == expected.at("classes")[1].at("auroc"));
  CHECK(tested.at("classes")[1].at("sensitivity") == expected.at("classes")[1].at("sensitivity"));
}

TEST_CASE_METHOD(Packed, "images unlike the training images are told from others") {
  const Classifier packed(path, plain_compute());
  int64_t far = 0;
  const auto images = test_images();
  for (const auto& result : packed.classify(images)) far += result.unlike > 1;
  CHECK(far <= static_cast<int64_t>(images.size()) / 10);
  cv::Mat stripes(kBlobHeight, kBlobWidth, CV_8UC1);
  for (int y = 0; y < stripes.rows; ++y) stripes.row(y).setTo(y % 4 < 2 ? 10 : 240);
  CHECK(packed.classify({stripes})[0].unlike > 1);
}

TEST_CASE_METHOD(Packed, "a packed model has the tensors of its backbone, and starts a training") {
  const TensorFile file = read_safetensors(path);
  std::vector<std::string> names, expected{"fc.bias", "fc.weight"};
  for (const auto& [name, tensor] : file.tensors) names.push_back(name);
  for (const auto& [name, tensor] : tensors_of(*make_backbone("small"))) expected.push_back(name);
  std::sort(expected.begin(), expected.end());
  CHECK(names == expected);
  options.weights = path.string();
  options.tune = "head";
  options.steps = 10;
  train("child");
  const auto child = read_safetensors(checkpoint("child", "best"));
  CHECK(torch::equal(child.tensors.at("ema.trunk.conv1.weight"), file.tensors.at("conv1.weight")));
}

TEST_CASE_METHOD(Packed, "what packing refuses, and damaged models") {
  write_blob_store(scratch / "other.h5", {.train = {30, 30}});
  const Error other = error_of(
      [&] { pack_model(scratch / "run", store("other.h5"), "", plain_compute(), scratch / "x"); });
  CHECK(other.code() == Exit::bad_data);
  CHECK(contains(other.what(), "is not the store that the classifier was trained on"));
  CHECK_FALSE(std::filesystem::exists(scratch / "x"));

  const auto damage = [&](const std::function<void(TensorFile&, Json&)>& change) {
    TensorFile file = read_safetensors(path);
    Json facts = Json::parse(file.metadata.at("facts"));
    change(file, facts);
    file.metadata["facts"] = facts.dump();
    write_safetensors(scratch / "bad.safetensors", file);
    const Error error = error_of([&] { Classifier(scratch / "bad.safetensors", plain_compute()); });
    INFO(error.what());
    CHECK(error.code() == Exit::bad_data);
  };
  damage([](TensorFile&, Json& facts) { facts["temperature"] = -1; });
  damage([](TensorFile&, Json& facts) { facts["thresholds"] = "none"; });
  damage([](TensorFile&, Json& facts) { facts["novelty"]["limit"] = 0; });
  damage([](TensorFile&, Json& facts) { facts["novelty"]["mean"] = {1, 2}; });
  damage([](TensorFile& file, Json&) { file.tensors.erase("fc.bias"); });
  damage([](TensorFile& file, Json&) { file.tensors["fc.bias"] = torch::zeros({3}); });
}
