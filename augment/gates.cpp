// SPDX-License-Identifier: Apache-2.0
#include "augment/gates.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/parallel.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

class BlankGate final : public Gate {
 public:
  explicit BlankGate(int value_max) : value_max_(value_max) {}
  std::string name() const override { return "blank"; }
  bool applies(Origin origin) const override {
    return origin == Origin::augmented || origin == Origin::synthetic;
  }

  std::optional<std::string> reject(const Drawn& drawn, int) override {
    std::vector<int> levels;
    levels.reserve(drawn.image.total());
    for (int y = 0; y < drawn.image.rows; ++y) {
      for (int x = 0; x < drawn.image.cols; ++x)
        levels.push_back(drawn.image.depth() == CV_16U ? drawn.image.at<uint16_t>(y, x)
                                                       : drawn.image.at<uint8_t>(y, x));
    }
    const auto at = [&](double q) {
      const auto place =
          levels.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(levels.size() - 1));
      std::nth_element(levels.begin(), place, levels.end());
      return *place;
    };
    const int low = at(.01), high = at(.99);
    if (high - low < .02 * value_max_) return "one even grey";
    return std::nullopt;
  }

 private:
  int value_max_;
};

struct Tone {
  double mean = 0, spread = 0, highest = 0;
};

Tone tone_of(const cv::Mat& image, int value_max) {
  cv::Scalar mean, spread;
  cv::meanStdDev(image, mean, spread);
  double lowest = 0, highest = 0;
  cv::minMaxLoc(image, &lowest, &highest);
  return {mean[0] / value_max, spread[0] / value_max, highest};
}

class RangeGate final : public Gate {
 public:
  RangeGate(const Store& store, int threads) : value_max_(store.info().value_max) {
    std::vector<Tone> tones(static_cast<size_t>(store.part("train").size()));
    parallel_for(tones.size(), threads, [&](size_t row) {
      tones[row] = tone_of(store.image("train", static_cast<int64_t>(row)), value_max_);
    });
    for (const Tone& tone : tones) {
      darkest_ = std::min(darkest_, tone.mean);
      brightest_ = std::max(brightest_, tone.mean);
      flattest_ = std::min(flattest_, tone.spread);
      steepest_ = std::max(steepest_, tone.spread);
    }
  }
  std::string name() const override { return "range"; }
  bool applies(Origin origin) const override {
    return origin == Origin::augmented || origin == Origin::synthetic;
  }

  std::optional<std::string> reject(const Drawn& drawn, int) override {
    const Tone tone = tone_of(drawn.image, value_max_);
    if (tone.highest > value_max_) return "levels above the store's";
    if (tone.mean < darkest_ - .1) return "darker than any training image";
    if (tone.mean > brightest_ + .1) return "brighter than any training image";
    if (tone.spread < .5 * flattest_) return "flatter than any training image";
    if (tone.spread > 1.5 * steepest_) return "harsher than any training image";
    return std::nullopt;
  }

 private:
  int value_max_;
  double darkest_ = 1, brightest_ = 0, flattest_ = 1, steepest_ = 0;
};

class LostBoxGate final : public Gate {
 public:
  std::string name() const override { return "lost-box"; }
  bool applies(Origin origin) const override { return origin == Origin::augmented; }

  std::optional<std::string> reject(const Drawn& drawn, int class_index) override {
    if (!drawn.boxes_known || drawn.boxes_dropped == 0) return std::nullopt;
    const bool shown = std::any_of(drawn.boxes.begin(), drawn.boxes.end(), [&](const Box& b) {
      return b.label == class_index;
    });
    if (shown) return std::nullopt;
    return "the finding left the picture";
  }
};

constexpr size_t kLanes = 16;  ///< sums kept apart, so that the compiler may add them side by side

/// In a fixed order, so that a correlation is the same on every machine and for any number of
/// threads.
float dot(const float* a, const float* b, size_t n) {
  std::array<float, kLanes> sums{};
  for (size_t i = 0; i < n; i += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  float sum = 0;
  for (float s : sums) sum += s;
  return sum;
}

class NearDuplicateGate final : public Gate {
 public:
  NearDuplicateGate(const Store& store, double threshold, int threads)
      : threshold_(static_cast<float>(threshold)),
        threads_(threads),
        training_(static_cast<size_t>(store.part("train").size())) {
    const int height = store.info().height, width = store.info().width;
    for (int side = 64; side >= 8; side /= 2) {
      const double shrink = std::min(1., static_cast<double>(side) / std::max(height, width));
      size_ = {std::max(1, static_cast<int>(std::lround(width * shrink))),
               std::max(1, static_cast<int>(std::lround(height * shrink)))};
      length_ = (static_cast<size_t>(size_.area()) + kLanes - 1) / kLanes * kLanes;
      if (training_ * length_ * sizeof(float) <= kMostBytes) break;
    }
    bank_.resize(training_ * length_);
    parallel_for(training_, threads_, [&](size_t row) {
      thumbnail(store.image("train", static_cast<int64_t>(row)), &bank_[row * length_]);
    });
  }
  std::string name() const override { return "near-duplicate"; }
  bool applies(Origin origin) const override { return origin == Origin::synthetic; }

  void prepare(const std::vector<Drawn>& batch) override {
    next_ = 0;
    prepared_.clear();
    for (const Drawn& drawn : batch) prepared_.push_back(drawn.image);
    compared_ = bank_.size() / length_;
    batch_.assign(batch.size() * length_, 0);
    parallel_for(
        batch.size(), threads_, [&](size_t i) { thumbnail(batch[i].image, &batch_[i * length_]); });
    // Blocks of the bank stay in the cache while the whole batch passes over them.
    const size_t blocks = (compared_ + kBlock - 1) / kBlock;
    std::vector<Nearest> found(blocks * batch.size());
    parallel_for(blocks, threads_, [&](size_t block) {
      for (size_t i = 0; i < batch.size(); ++i) {
        Nearest& nearest = found[block * batch.size() + i];
        for (size_t row = block * kBlock; row < std::min(compared_, (block + 1) * kBlock); ++row)
          nearest.see(dot(&batch_[i * length_], &bank_[row * length_], length_), row < training_);
      }
    });
    nearest_.assign(batch.size(), {});
    for (size_t block = 0; block < blocks; ++block)
      for (size_t i = 0; i < batch.size(); ++i) nearest_[i].join(found[block * batch.size() + i]);
  }

  std::optional<std::string> reject(const Drawn& drawn, int) override {
    while (next_ < prepared_.size() && prepared_[next_].data != drawn.image.data) ++next_;
    if (next_ == prepared_.size()) prepare({drawn});
    current_ = next_++;
    Nearest nearest = nearest_[current_];
    for (size_t row = compared_; row < bank_.size() / length_; ++row)
      nearest.see(dot(&batch_[current_ * length_], &bank_[row * length_], length_), false);
    if (nearest.training > threshold_) return "of a training image";
    if (nearest.accepted > threshold_) return "of an accepted image";
    return std::nullopt;
  }

  void accepted(const Drawn&, int) override {
    const float* thumbnail = &batch_[current_ * length_];
    bank_.insert(bank_.end(), thumbnail, thumbnail + length_);
  }

 private:
  static constexpr size_t kMostBytes = size_t{1} << 29;
  static constexpr size_t kBlock = 32;

  struct Nearest {
    float training = -1, accepted = -1;
    void see(float correlation, bool of_training) {
      float& nearest = of_training ? training : accepted;
      nearest = std::max(nearest, correlation);
    }
    void join(const Nearest& other) {
      training = std::max(training, other.training);
      accepted = std::max(accepted, other.accepted);
    }
  };

  /// Zero mean, unit length; an even grey becomes all zeros, like nothing.
  void thumbnail(const cv::Mat& image, float* out) const {
    cv::Mat small, values;
    cv::resize(image, small, size_, 0, 0, cv::INTER_AREA);
    small.convertTo(values, CV_64F);
    values -= cv::mean(values)[0];
    const double length = std::sqrt(values.dot(values));
    for (int y = 0, i = 0; y < values.rows; ++y)
      for (int x = 0; x < values.cols; ++x, ++i)
        out[i] = length > 0 ? static_cast<float>(values.at<double>(y, x) / length) : 0.f;
  }

  float threshold_;
  int threads_;
  size_t training_, length_ = kLanes;
  cv::Size size_;
  std::vector<float> bank_;  ///< thumbnails of training images, then of accepted ones
  std::vector<cv::Mat>
      prepared_;  ///< what prepare() was told; held, so that their addresses tell them apart
  std::vector<float> batch_;  ///< their thumbnails
  std::vector<Nearest> nearest_;
  size_t next_ = 0, current_ = 0, compared_ = 0;
};

}  // namespace

std::shared_ptr<Gate> make_blank_gate(int value_max) {
  return std::make_shared<BlankGate>(value_max);
}
std::shared_ptr<Gate> make_range_gate(const Store& store, int threads) {
  return std::make_shared<RangeGate>(store, threads);
}
std::shared_ptr<Gate> make_lost_box_gate() { return std::make_shared<LostBoxGate>(); }
std::shared_ptr<Gate> make_near_duplicate_gate(const Store& store, double threshold, int threads) {
  return std::make_shared<NearDuplicateGate>(store, threshold, threads);
}

std::vector<std::shared_ptr<Gate>> make_gates(const Store& store,
                                              const BalanceOptions& options,
                                              int threads) {
  std::vector<std::shared_ptr<Gate>> gates = {make_blank_gate(store.info().value_max),
                                              make_range_gate(store, threads),
                                              make_lost_box_gate()};
  if (options.near_duplicate > 0)
    gates.push_back(make_near_duplicate_gate(store, options.near_duplicate, threads));
  return gates;
}

}  // namespace evenray
