// SPDX-License-Identifier: Apache-2.0
#pragma once
// Includes torch and Catch2 in the order that they need.
#include "core/log.hpp"
#include "dataset/store/store.hpp"
#include "gan/gan.hpp"
#include "tests/nn/torch_fixture.hpp"
#include "tests/pixels.hpp"

namespace evenray {

/// A bright spot on a slope, with grain.
inline cv::Mat tiny_picture(uint64_t number, int height, int width, int bits = 8) {
  cv::Mat image(height, width, bits == 8 ? CV_8UC1 : CV_16UC1);
  Rng rng = Rng(17).fork("tiny", number);
  const double x0 = rng.uniform(3, width - 3), y0 = rng.uniform(3, height - 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double value = 20 + 3 * x + rng.uniform(0, 20) + 120 / (1 + std::hypot(x - x0, y - y0));
      if (bits == 8) {
        image.at<uint8_t>(y, x) = static_cast<uint8_t>(value);
      } else {
        image.at<uint16_t>(y, x) = static_cast<uint16_t>(value * 257);
      }
    }
  }
  return image;
}

/// "gan:PATH" as a source for a store.
inline std::shared_ptr<Source> gan_source(const Path& path,
                                          const Store& store,
                                          bool allow_resize = false) {
  const std::vector<ParsedSource> named{{"gan:" + path.string(), 1}};
  return make_sources(named, source_kinds(), {store, 1, allow_resize, Generators::any_silently})[0]
      .source;
}

struct TinyStore {
  int height = 24, width = 16, bits = 8;
  int64_t rare = 54, common = 8;  ///< training rows of "Rare" and "Common"
  int value_max = 0;              ///< 0: the full range
  int64_t val = 1;                ///< rows of val, all "Rare"
  uint64_t groups = 0;            ///< that the training rows share; 0: each its own
};

inline void write_tiny_store(const Path& path, const TinyStore& tiny = {}) {
  StoreInfo info;
  info.class_names = {"Common", "Rare"};
  info.height = tiny.height;
  info.width = tiny.width;
  info.bits = tiny.bits;
  info.value_max = tiny.value_max > 0 ? tiny.value_max : tiny.bits == 8 ? 255 : 65535;
  info.source = "tiny";
  StoreWriter writer(path, info, tiny.rare + tiny.common + tiny.val + 1);
  uint64_t number = 0;
  const auto add = [&](const std::string& part, bool rare) {
    StoreRow row;
    row.image = tiny_picture(number, tiny.height, tiny.width, tiny.bits);
    row.labels = {static_cast<int8_t>(!rare), static_cast<int8_t>(rare)};
    row.id = cat("i", number);
    row.group = cat("patient", tiny.groups > 0 && part == "train" ? number % tiny.groups : number);
    if (part != "train") row.group += " of " + part;
    row.source_path = row.id + ".png";
    writer.add(part, row);
    ++number;
  };
  for (int64_t i = 0; i < tiny.rare; ++i) add("train", true);
  for (int64_t i = 0; i < tiny.common; ++i) add("train", false);
  for (int64_t i = 0; i < tiny.val; ++i) add("val", true);
  add("test", true);
  writer.finish();
}

inline Drawing drawing(uint64_t seed) {
  Drawing out;
  out.seed = seed;
  return out;
}

/// Six steps of 8 images, judged after three and six.
inline GanOptions tiny_options() {
  GanOptions options;
  options.total_kimg = .048;
  options.eval_every_kimg = .024;
  options.minibatch = 8;
  options.latent = 6;
  options.dcgan.ngf = options.dcgan.ndf = 4;
  options.eval_images = 16;
  return options;
}

/// One thread, fp32 on the CPU, a checkpoint after each step.
inline Runtime tiny_runtime() {
  Runtime runtime;
  runtime.threads = 1;
  runtime.device = "cpu";
  runtime.precision = "fp32";
  runtime.checkpoint_every_s = 0;
  return runtime;
}

/// Trains, or goes on, in `folder`.
inline void train_tiny(const Path& folder,
                       const Path& store,
                       const std::string& class_name = "Rare",
                       GanOptions options = tiny_options(),
                       Runtime runtime = tiny_runtime()) {
  RunFolder run(folder, true, [&](Fields& f) {
    runtime.fields(f);
    f.section("gan", options);
  });
  train_gan(Store(store), class_name, options, runtime, run);
}

inline std::string digest_in(const Path& safetensors) {
  return read_safetensors(safetensors).metadata.at("tensor_digest");
}

/// A run of tiny_options on a tiny store, made once for all tests that only read it.
struct TinyRun {
  ScratchFolder scratch;
  Path store = scratch / "set.h5", run = scratch / "run";
  TinyRun() {
    write_tiny_store(store);
    train_tiny(run, store);
  }
  static const TinyRun& get() {
    static const TinyRun instance;
    return instance;
  }
};

}  // namespace evenray
