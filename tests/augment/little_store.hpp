// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>

#include "augment/balance.hpp"
#include "core/rng.hpp"
#include "core/text.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

constexpr int kLittleHeight = 24, kLittleWidth = 20;

/// A bright bar somewhere on a dark ground, with grain: no two are near-duplicates.
inline cv::Mat little_picture(uint64_t number, int type = CV_8UC1) {
  Rng rng = Rng(99).fork("little", number);
  cv::Mat out(kLittleHeight, kLittleWidth, type);
  const double column = rng.uniform(4, 16), tilt = rng.uniform(-.4, .4),
               bright = rng.uniform(120, 220);
  const double scale = type == CV_16UC1 ? 257 : 1;
  for (int y = 0; y < out.rows; ++y) {
    for (int x = 0; x < out.cols; ++x) {
      const double distance = std::abs(x - column - tilt * (y - 12));
      const double value =
          (20 + bright * std::max(0., 1 - distance / 4) + rng.uniform(0, 25)) * scale;
      if (type == CV_16UC1) {
        out.at<uint16_t>(y, x) = static_cast<uint16_t>(value);
      } else {
        out.at<uint8_t>(y, x) = static_cast<uint8_t>(value);
      }
    }
  }
  return out;
}

struct LittleStore {
  std::vector<int64_t> train = {20, 6};  ///< rows of "Sound" and "Broken"
  int64_t held_out = 4;                  ///< rows of val and of test, alternating
  int bits = 8;
  int gzip = -1;
  int64_t both_every = 0;  ///< every so many rows of "Sound" is also "Broken"; 0: labels exclude
};

/// Writes a store; "Broken" rows are annotated with one box.
inline void write_little_store(const Path& path, const LittleStore& options) {
  StoreInfo info;
  info.class_names = {"Sound", "Broken"};
  info.height = kLittleHeight;
  info.width = kLittleWidth;
  info.bits = options.bits;
  info.value_max = options.bits == 16 ? 65535 : 255;
  info.meta_columns = {"view"};
  info.source = "little";
  info.multi_label = options.both_every > 0;
  int64_t rows = 2 * options.held_out;
  for (const int64_t n : options.train) rows += n;
  StoreWriter writer(path, info, rows, {.gzip_level = options.gzip});
  uint64_t number = 0;
  const auto add = [&](const std::string& part, size_t class_index) {
    StoreRow row;
    row.image = little_picture(number, options.bits == 16 ? CV_16UC1 : CV_8UC1);
    row.labels = {0, 0};
    row.labels[class_index] = 1;
    if (options.both_every > 0 && number % options.both_every == 0) row.labels[1] = 1;
    row.id = cat("img", number);
    row.group = cat("patient", number);
    row.source_path = cat("img", number, ".png");
    row.boxes_known = true;
    row.scale = {.5f, .5f};
    if (class_index == 1) row.boxes = {Box{6, 8, 14, 16, 1, {}}};
    row.meta = {number % 2 ? "frontal" : "lateral"};
    writer.add(part, row);
    ++number;
  };
  // Classes lie mixed, as in a real store.
  std::vector<int64_t> left = options.train;
  for (bool more = true; more;) {
    more = false;
    for (size_t c = 0; c < left.size(); ++c) {
      if (left[c] == 0) continue;
      --left[c];
      add("train", c);
      more = true;
    }
  }
  for (const char* part : {"val", "test"})
    for (int64_t i = 0; i < options.held_out; ++i) add(part, static_cast<size_t>(i % 2));
  writer.finish();
}

/// Stands for a generator: image i is new unless a function says otherwise.
class FakeGenerator final : public Source {
 public:
  using Picture = std::function<cv::Mat(int64_t number, const Rng& rng)>;
  explicit FakeGenerator(Picture picture = {}) : picture_(std::move(picture)) {}

  std::string name() const override { return "gan:fake"; }
  Origin origin() const override { return Origin::synthetic; }
  std::vector<Drawn> draw(int, int64_t first, int64_t count, const Rng& rng) override {
    std::vector<Drawn> drawn;
    for (int64_t i = first; i < first + count; ++i) {
      const Rng own = rng.fork("latent", static_cast<uint64_t>(i));
      drawn.push_back({picture_ ? picture_(i, own) : little_picture(own.key()),
                       {Origin::synthetic, -1, "fake", own.key()}});
    }
    return drawn;
  }

 private:
  Picture picture_;
};

}  // namespace evenray
