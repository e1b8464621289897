// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/store/store.hpp"
#include "detector/detector.hpp"
#include "nn/checkpoint.hpp"
#include "nn/pretrained.hpp"
#include "tests/nn/torch_fixture.hpp"

namespace evenray {

/// How many images of each kind a drawn part has.
struct DrawnPart {
  int with_box = 12, without = 8, not_annotated = 0;
};

/// A grey image of 64x64 px with grain and, if `box` is not empty, a bright rectangle there.
inline cv::Mat drawn_image(Rng rng, const cv::Rect& box) {
  cv::Mat image(64, 64, CV_8UC1);
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) image.at<uint8_t>(y, x) = static_cast<uint8_t>(60 + rng.below(20));
  if (!box.empty()) image(box) += cv::Scalar(120);
  return image;
}

/// Writes a store with one class, "Spot": bright rectangles of 8 to 16 px.
inline void write_drawn_store(const Path& path,
                              const DrawnPart& train = {},
                              const DrawnPart& val = {},
                              const DrawnPart& test = {}) {
  StoreInfo info;
  info.class_names = {"Plain", "Spot"};
  info.height = info.width = 64;
  StoreWriter writer(path, info, 100);
  int n = 0;
  const Rng rng(3);
  const auto add = [&](const std::string& part, int count, bool has_box, bool known) {
    for (int i = 0; i < count; ++i, ++n) {
      Rng draw = rng.fork("image", static_cast<uint64_t>(n));
      const int width = 8 + static_cast<int>(draw.below(9)),
                height = 8 + static_cast<int>(draw.below(9));
      const cv::Rect at = has_box ? cv::Rect(static_cast<int>(draw.below(64 - 16)),
                                             static_cast<int>(draw.below(64 - 16)),
                                             width,
                                             height)
                                  : cv::Rect();
      StoreRow row;
      row.image = drawn_image(draw.fork("grain"), at);
      row.labels = {int8_t{!has_box}, int8_t{has_box}};
      row.id = row.group = cat("i", n);
      row.boxes_known = known;
      if (has_box)
        row.boxes = {{static_cast<float>(at.x),
                      static_cast<float>(at.y),
                      static_cast<float>(at.x + at.width),
                      static_cast<float>(at.y + at.height),
                      1,
                      {}}};
      writer.add(part, row);
    }
  };
  for (const auto& [name, part] :
       {std::pair{"train", train}, std::pair{"val", val}, std::pair{"test", test}}) {
    add(name, part.with_box, true, true);
    add(name, part.without, false, true);
    add(name, part.not_annotated, false, false);
  }
  writer.finish();
}

/// Writes random weights of the backbone `small`, as those of a pretraining.
inline void write_small_weights(const Path& path) {
  seed_torch(5);
  TensorFile file;
  for (const auto& [name, tensor] : tensors_of(*make_backbone("small")))
    file.tensors[name] = tensor;
  file.metadata = {
      {"kind", kBackboneKind},
      {"facts",
       Json{{"arch", "small"}, {"class_names", Json::array()}, {"mean", .4}, {"deviation", .2}}
           .dump()}};
  write_safetensors(path, file);
}

/// A drawn store and short trainings on it.
struct DetectorBench {
  ScratchFolder scratch;
  DetectOptions options;
  Runtime runtime;

  DetectorBench() {
    options.size = "nano";
    options.steps = 8;
    options.minibatch = 4;
    options.eval_every = 4;
    runtime.threads = 1;
    runtime.device = "cpu";
    runtime.precision = "fp32";
  }
  Store store() const { return Store(scratch / "set.h5"); }
  void train(const std::string& run, bool resume = false) {
    RunFolder folder(scratch / run, resume, [&](Fields& f) {
      runtime.fields(f);
      f.section("detect", options);
    });
    train_detector(store(), options, runtime, folder);
  }
  Detector detector(const std::string& run) const {
    return Detector(scratch / run, make_compute(runtime));
  }
  /// Trains "whole", and "broken", which stops at its first validation and resumes; compares them.
  void check_resume() {
    train("whole");
    runtime.checkpoint_every_s = 0;
    // The first validation cannot write its checkpoint.
    const Path best = scratch / "broken" / "checkpoints" / "best.safetensors";
    make_folder(best / "in the way");
    CHECK(error_of([&] { train("broken"); }).code() == Exit::cannot_create);
    std::filesystem::remove_all(best);
    train("broken", /*resume=*/true);
    for (const auto& name : {std::string("best"), cat("step-0000000", options.steps)}) {
      const std::string file = "checkpoints/" + name + ".safetensors";
      CHECK(same_tensors(read_safetensors(scratch / "whole" / file),
                         read_safetensors(scratch / "broken" / file)));
    }
    CHECK(read_file(scratch / "whole" / "metrics.json") ==
          read_file(scratch / "broken" / "metrics.json"));
  }
};

}  // namespace evenray
