// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>
#include <map>
#include <opencv2/core.hpp>

#include "core/error.hpp"
#include "detector/finding.hpp"
#include "detector/fit.hpp"
#include "fusion/fusion.hpp"
#include "metrics/detection/coco_map.hpp"
#include "nn/checkpoint.hpp"
#include "tests/detector/drawn.hpp"

using namespace evenray;

namespace {

double ap50_of(const CocoBoxes& boxes) {
  return CocoMap(boxes.images, boxes.class_names).values()[1];
}

/// Finds a box in each image, and counts them.
struct CountingModel final : BoxModel {
  torch::Tensor loss(const torch::Tensor&,
                     const std::vector<std::vector<Box>>&,
                     const Rng&) override {
    return {};
  }
  std::vector<std::vector<FoundBox>> find(const torch::Tensor& images, bool) override {
    seen += images.size(0);
    const std::vector<FoundBox> one{{{0, 0, 1, 1}, 0, .5}};
    return std::vector<std::vector<FoundBox>>(static_cast<size_t>(images.size(0)), one);
  }
  int64_t seen = 0;
};

}  // namespace

TEST_CASE("a detector learns to find spots") {
  DetectorBench bench;
  write_drawn_store(bench.scratch / "set.h5", {24, 8, 2}, {12, 4}, {12, 8, 3});
  bench.options.steps = 150;
  bench.options.minibatch = 8;
  bench.options.eval_every = 50;
  bench.options.negatives = .25;
  bench.train("run");
  const CocoBoxes test = bench.detector("run").find(bench.store(), "test");
  CHECK(test.images.size() == 20);  // without those that nobody annotated
  CHECK(ap50_of(test) > .8);
  for (const auto& image : test.images)
    for (const auto& found : image.found) {
      CHECK(found.box.x >= 0);
      CHECK(found.box.x + found.box.width <= 64);
      CHECK(found.score <= image.found[0].score);
    }
  // Images give what the store's rows give.
  const auto alone = bench.detector("run").find({bench.store().image("test", 0)});
  REQUIRE_FALSE(alone[0].empty());
  CHECK(alone[0][0].score == Approx(test.images[0].found[0].score).margin(1e-4));
  const Json metrics = read_json(bench.scratch / "run" / "metrics.json");
  CHECK(metrics["best_val_ap50"] > .8);

  // With mirror images, an image and its mirror image get the same boxes, mirrored.
  Detector both = bench.detector("run");
  both.use_mirror_images();
  cv::Mat image = bench.store().image("test", 0), mirror;
  cv::flip(image, mirror, 1);
  const auto boxes = both.find({image})[0], of_mirror = both.find({mirror})[0];
  REQUIRE_FALSE(boxes.empty());
  REQUIRE(boxes.size() == of_mirror.size());
  CHECK(boxes[0].score == Approx(of_mirror[0].score).margin(1e-4));
  CHECK(boxes[0].box.x == Approx(64 - of_mirror[0].box.x - of_mirror[0].box.width).margin(.05));
}

TEST_CASE("a training of a detector resumes bit for bit") {
  DetectorBench bench;
  write_drawn_store(bench.scratch / "set.h5");
  bench.check_resume();
}

TEST_CASE("a training with every augmentation resumes bit for bit") {
  DetectorBench bench;
  write_drawn_store(bench.scratch / "set.h5");
  bench.options.mosaic = bench.options.copy_paste = .5;
  bench.options.multi_scale = .3;
  bench.options.policy = "det_v0";
  bench.options.crop_px = 48;
  bench.options.sampling = "repeat-factor";
  bench.options.repeat_threshold = 1;
  bench.options.negatives = -1;
  bench.check_resume();
}

TEST_CASE("a network does not look at images that nobody annotated") {
  DetectorBench bench;
  write_drawn_store(bench.scratch / "set.h5", {}, {3, 1, 5});
  const Store store = bench.store();
  CocoBoxes boxes = true_boxes(store, "val");
  CountingModel model;
  add_found(boxes, model, store, "val", {}, make_compute(bench.runtime));
  CHECK(model.seen == 4);
  for (const auto& image : boxes.images) CHECK(image.found.size() == 1);
}

TEST_CASE("a training starts from a trained detector") {
  DetectorBench bench;
  write_drawn_store(bench.scratch / "set.h5");
  bench.train("first");
  const auto first =
      read_safetensors(bench.scratch / "first" / "checkpoints" / "best.safetensors").tensors;
  bench.options.weights = (bench.scratch / "first").string();
  const StartWeights weights(bench.options);
  const Store store = bench.store();
  const BoxedImages images(store, "train", 1e9);
  StoreInfo info = store.info();
  const auto model_of = [&] {
    return DetectorFit(images, info, bench.options, make_compute(bench.runtime), Rng(1), &weights)
        .model()
        .shared_from_this();
  };
  for (const auto& [name, tensor] : tensors_of(*model_of()))
    CHECK(torch::equal(tensor.contiguous(), first.at("ema." + name).contiguous()));
  // With another number of classes, only the last layers start anew.
  info.class_names.emplace_back("Third");
  int64_t anew = 0;
  for (const auto& [name, tensor] : tensors_of(*model_of())) {
    const auto& given = first.at("ema." + name);
    if (!tensor.sizes().equals(given.sizes()))
      ++anew;
    else
      CHECK(torch::equal(tensor.contiguous(), given.contiguous()));
  }
  CHECK(anew > 0);
  CHECK(anew <= 2);
  const auto refusal = [&] {
    const Error error = error_of([&] { check_weights(bench.options); });
    CHECK(error.code() == Exit::bad_data);
    return std::string(error.what());
  };
  const Path best = bench.scratch / "first" / "checkpoints" / "best.safetensors";
  const Path cut = bench.scratch / "cut.safetensors";
  // Only last layers may have another first dimension.
  TensorFile changed = read_safetensors(best);
  auto& stem = changed.tensors.at("ema.trunk.conv1.weight");
  stem = stem.narrow(0, 0, 8);
  write_safetensors(cut, changed);
  bench.options.weights = cut.string();
  CHECK(contains(refusal(), "tensor 'ema.trunk.conv1.weight' has shape [8, "));
  bench.options.weights = (bench.scratch / "first").string();
  bench.options.size = "small";
  CHECK(contains(refusal(), "weights of small with the size nano, not of small with small"));
  bench.options.size = "nano";
  bench.options.arch = "unet_small";
  CHECK(contains(refusal(), "weights of small with the size nano, not of unet_small with nano"));
  // A value that is not finite cannot be written by write_safetensors().
  std::string bytes = read_file(best);
  const float nan = NAN;
  std::memcpy(&bytes[bytes.size() - sizeof nan], &nan, sizeof nan);
  bytes.replace(bytes.find("tensor_digest"), 6, "ignore");
  bytes.replace(bytes.find("metadata_digest"), 8, "ignored_");
  write_atomic(best, bytes);
  bench.options.arch = "small";
  CHECK(contains(refusal(), "not finite"));
}

TEST_CASE("the boxes of several detectors are fused") {
  DetectorBench bench;
  write_drawn_store(bench.scratch / "set.h5", {}, {}, {3, 1});
  bench.train("first");
  bench.runtime.seed = 2;
  bench.train("second");
  const Store store = bench.store();
  std::vector<cv::Mat> images;
  for (int64_t row = 0; row < 4; ++row) images.push_back(store.image("test", row));
  Detector both = bench.detector("first");
  both.add(bench.detector("second"));
  const auto found = both.find(images);
  const auto first = bench.detector("first").find(images),
             second = bench.detector("second").find(images);
  const CocoBoxes of_store = both.find(store, "test");
  size_t boxes = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    size_t kept = 0;
    for (const auto& one : fuse_boxes({first[i], second[i]}, std::nullopt, FusionOptions{})) {
      if (one.found.score < bench.options.least_score) continue;
      REQUIRE(kept < found[i].size());
      CHECK(found[i][kept].score == one.found.score);
      CHECK(found[i][kept].box.x == one.found.box.x);
      ++kept;
    }
    CHECK(found[i].size() == kept);
    CHECK(of_store.images[i].found.size() == kept);
    boxes += kept;
  }
  CHECK(boxes > 0);
  bench.options.arch = "unet_small";
  bench.train("masks");
  Detector masks = bench.detector("masks");
  CHECK(masks.use_masks());
  masks.add(bench.detector("masks"));
  CHECK_FALSE(masks.use_masks());
}

TEST_CASE("frozen layers of a detector stay as they were") {
  DetectorBench bench;
  write_drawn_store(bench.scratch / "set.h5");
  const Path path = bench.scratch / "weights.safetensors";
  write_small_weights(path);
  const auto given = read_safetensors(path).tensors;
  bench.options.weights = path.string();
  bench.options.frozen_depths = 2;
  bench.options.frozen_statistics = true;
  const StartWeights weights(bench.options);
  const Store store = bench.store();
  const BoxedImages images(store, "train", 1e9);
  const auto fit_of = [&] {
    return std::make_unique<DetectorFit>(
        images, store.info(), bench.options, make_compute(bench.runtime), Rng(1), &weights);
  };
  const auto fit = fit_of();
  fit->step(fit->batches().at(0), 0);
  std::map<std::string, bool> same;
  constexpr std::string_view kTrunk = "trunk.";
  for (const auto& [name, tensor] : tensors_of(fit->model()))
    if (name.starts_with(kTrunk))
      same[name.substr(kTrunk.size())] =
          torch::equal(tensor.contiguous(), given.at(name.substr(kTrunk.size())).contiguous());
  CHECK(same.at("conv1.weight"));
  CHECK(same.at("layer1.conv1.weight"));
  CHECK(same.at("layer1.bn1.running_mean"));
  CHECK_FALSE(same.at("layer2.conv1.weight"));
  CHECK_FALSE(same.at("layer2.bn1.weight"));
  CHECK(same.at("layer3.bn1.running_mean"));
  bench.options.frozen_depths = 5;
  CHECK(error_of(fit_of).code() == Exit::config);
  bench.options.weights = "none";
  CHECK(error_of([&] { bench.options.check(); }).code() == Exit::config);
}

TEST_CASE("what a detector cannot be trained on") {
  DetectorBench bench;
  write_drawn_store(bench.scratch / "set.h5", {0, 4, 3});
  const Error error = error_of([&] { bench.train("run"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "no training image has boxes (3 images are not annotated)"));
}

TEST_CASE("without boxes in val the newest checkpoint is kept") {
  DetectorBench bench;
  write_drawn_store(bench.scratch / "set.h5", {}, {0, 3});
  bench.train("run");
  const Json metrics = read_json(bench.scratch / "run" / "metrics.json");
  CHECK(metrics["best_step"] == 8);
  CHECK(metrics["best_val_ap50"].is_null());
}

TEST_CASE("what a detector refuses to look at") {
  DetectorBench bench;
  write_drawn_store(bench.scratch / "set.h5", {}, {}, {0, 0, 3});
  bench.train("run");
  const Detector detector = bench.detector("run");
  Error error = error_of([&] { detector.find({cv::Mat::zeros(32, 32, CV_8UC1)}); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "8-bit images of 32x32 px, but the detector was trained with"));
  error = error_of([&] { detector.find(bench.store(), "test"); });
  CHECK(contains(error.what(), "no image of part test is annotated"));
  const TensorFile file =
      read_safetensors(bench.scratch / "run" / "checkpoints" / "best.safetensors");
  const Path written = bench.scratch / "c.safetensors";
  TensorFile changed = file;
  changed.metadata["kind"] = "classifier";
  write_safetensors(written, changed);
  error = error_of([&] { Detector(written, {}); });
  CHECK(contains(error.what(), "is not a detector"));
  const auto write_fact = [&](const char* key, const Json& value) {
    Json facts = Json::parse(file.metadata.at("facts"));
    facts[key] = value;
    changed = file;
    changed.metadata["facts"] = facts.dump();
    write_safetensors(written, changed);
  };
  const std::vector<std::pair<const char*, Json>> damaged{{"size_px", Json{64, 1e300}},
                                                          {"size_px", Json{1 << 20, 64}},
                                                          {"size_px", Json{0, 64}},
                                                          {"bits", 12},
                                                          {"value_max", 256},
                                                          {"fit", "wide"},
                                                          {"shown_score", 2}};
  for (const auto& [key, value] : damaged) {
    CAPTURE(key);
    write_fact(key, value);
    error = error_of([&] { Detector(written, {}); });
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), key));
  }
  write_fact("value_max", 200);
  error = error_of([&] { Detector(written, {}).find(bench.store(), "train"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(),
                 "64x64 px with white at 255, but the detector was trained with 8-bit images of "
                 "64x64 px with white at 200"));
}
