// SPDX-License-Identifier: Apache-2.0
// Trainings that start from the weights of another one.
#include "nn/checkpoint.hpp"
#include "tests/classifier/bench.hpp"

using namespace evenray;

namespace {

struct Transfer : Bench {
  Transfer() {
    train("parent");
    options.weights = (scratch / "parent").string();
  }
  TensorFile best(const std::string& run) const {
    return read_safetensors(checkpoint(run, "best"));
  }
  /// The names of the tensors that training changed, without counters.
  std::vector<std::string> changed(const std::string& run) const {
    std::vector<std::string> names;
    const auto before = best("parent").tensors;
    for (const auto& [name, tensor] : best(run).tensors)
      if (!name.ends_with("num_batches_tracked") && !torch::equal(tensor, before.at(name)))
        names.push_back(name);
    return names;
  }
  Json facts(const std::string& run) const { return Json::parse(best(run).metadata.at("facts")); }
};

/// Whether a file of kept features exists for a part.
int64_t files_in(const Path& folder) {
  if (!std::filesystem::exists(folder)) return 0;
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

}  // namespace

TEST_CASE_METHOD(Transfer, "a training that starts from weights reads images as they were read") {
  options.steps = 1;
  train("child");
  CHECK(facts("child")["mean"] == facts("parent")["mean"]);
  CHECK(facts("child")["weights"] == tensor_digest(best("parent").tensors));
  // One small step away from the parent, also the last layer, which is of the same classes.
  const auto distance = [&](const std::string& run, const std::string& name) {
    const auto parent = best("parent").tensors[name];
    return largest_difference(best(run).tensors[name], parent) / parent.abs().max().item<double>();
  };
  CHECK(distance("child", "ema.trunk.layer2.conv1.weight") < .1);
  CHECK(distance("child", "ema.fc.weight") < .1);
  write_blob_store(scratch / "other.h5", {.class_names = {"Deep", "High"}});
  train("other", false, "other.h5");
  CHECK(distance("other", "ema.trunk.layer2.conv1.weight") < .1);
  CHECK(distance("other", "ema.fc.weight") > .5);
}

TEST_CASE_METHOD(Transfer, "with tune = head the last layer alone is trained, on kept features") {
  options.tune = "head";
  train("head");
  CHECK(changed("head") == std::vector<std::string>{"ema.fc.bias", "ema.fc.weight"});
  CHECK(files_in(features_folder(scratch / "set.h5")) == 2);  // train and val
  train("again");
  CHECK(same_tensors(best("again"), best("head")));

  // Kept features give what the images give.
  const Classifier trained = classifier("head");
  const Store set = store();
  const Predictions kept = trained.predict(set, "test");
  CHECK(files_in(features_folder(scratch / "set.h5")) == 3);
  std::vector<cv::Mat> images;
  for (int64_t i = 0; i < set.part("test").size(); ++i) images.push_back(set.image("test", i));
  const auto computed = trained.predict(images);
  for (size_t i = 0; i < images.size(); ++i)
    CHECK(kept.probabilities[i][1] == Approx(computed[i][1]).margin(1e-6));
}

TEST_CASE_METHOD(Transfer, "features are looked up by the pixels of images, in other folders too") {
  options.tune = "head";
  options.weight_decay = 0;
  keep_features(store(), options, plain_compute());
  const Path kept = features_folder(scratch / "set.h5");
  CHECK(files_in(kept) == 3);
  // A store with the same images in another place, and features that say nothing.
  write_blob_store(scratch / "same.h5", {});
  for (const auto& entry : std::filesystem::directory_iterator(kept)) {
    TensorFile file = read_safetensors(entry.path());
    file.tensors["features"].zero_();
    write_safetensors(entry.path(), file);
  }
  const auto trained_on = [&](const std::string& run, const std::vector<Path>& also) {
    RunFolder folder(scratch / run, false, [&](Fields& f) { f.section("classify", options); });
    train_classifier(store("same.h5"), options, runtime, folder, also);
    return largest_difference(best(run).tensors["ema.fc.weight"],
                              best("parent").tensors["ema.fc.weight"]);
  };
  CHECK(trained_on("from-kept", {kept}) == 0);
  CHECK(files_in(features_folder(scratch / "same.h5")) == 0);  // nothing was computed
  CHECK(trained_on("anew", {}) > 0);
  // What cannot be read is computed anew.
  for (const auto& entry : std::filesystem::directory_iterator(kept))
    write_atomic(entry.path(), "x");
  CHECK(trained_on("damaged", {kept}) > 0);
}

TEST_CASE_METHOD(Transfer, "with tune = norm batch norms and the last layer are trained") {
  options.tune = "norm";
  options.lr = .01;
  train("norm");
  const auto names = changed("norm");
  CHECK(names.size() > 20);
  for (const auto& name : names) {
    INFO(name);
    CHECK((contains(name, ".bn") || contains(name, ".fc") || contains(name, "downsample.1")));
  }
  CHECK(std::count(names.begin(), names.end(), "ema.trunk.layer1.bn1.weight") == 1);
  CHECK(std::count(names.begin(), names.end(), "ema.trunk.layer1.bn1.running_mean") == 1);

  options.frozen_statistics = true;
  train("frozen");
  for (const auto& name : changed("frozen")) CHECK_FALSE(contains(name, "running"));
}

TEST_CASE_METHOD(Transfer, "with layer_decay layers near the image change less") {
  const auto change = [&](const std::string& run, const std::string& name) {
    return largest_difference(best(run).tensors[name], best("parent").tensors[name]);
  };
  options.lr = 1e-3;
  options.weight_decay = 0;
  train("equal");
  options.layer_decay = .1;
  train("decayed");
  const std::string first = "ema.trunk.conv1.weight", last = "ema.trunk.layer3.conv2.weight";
  // small has four depths below the head.
  CHECK(change("decayed", first) < 1e-3 * change("equal", first));
  CHECK(change("decayed", last) > .02 * change("equal", last));
  CHECK(change("decayed", last) < .5 * change("equal", last));
}

TEST_CASE_METHOD(Transfer, "what transfer refuses") {
  const auto expect = [&](const std::string& run, Exit code, const std::string& words) {
    const Error error = error_of([&] { train(run, std::filesystem::exists(scratch / run)); });
    INFO(error.what());
    CHECK(error.code() == code);
    CHECK(contains(error.what(), words));
  };
  options.arch = "resnet18";
  expect("arch", Exit::bad_data, "has weights of small, not of resnet18; give --arch small");
  options.arch = "densenet121";
  expect(
      "size", Exit::bad_data, "has images of 20x16 px; densenet121 needs 32 px or more per side");
  options.arch = "small";
  options.weights = "none";
  options.tune = "head";
  expect("none", Exit::config, "classify.tune = \"head\" needs classify.weights");
  options.weights = "imagenet";
  expect("imagenet", Exit::missing_input, "no weights 'imagenet' of small are installed");

  // A run goes on from the same weights only.
  options.weights = (scratch / "parent").string();
  options.tune = "all";
  train("child");
  std::filesystem::remove(scratch / "child" / "DONE");
  std::filesystem::remove_all(scratch / "parent");
  runtime.seed = 9;
  const int64_t steps = options.steps;
  options.weights = "none";
  train("parent");
  options.weights = (scratch / "parent").string();
  options.steps = steps;
  runtime.seed = 1;
  expect("child", Exit::config, "weights was");
}
