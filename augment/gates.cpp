// SPDX-License-Identifier: Apache-2.0
#include "augment/gates.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <opencv2/core.hpp>
#include <set>

#include "augment/thumbnails.hpp"
#include "core/csv.hpp"
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
    const cv::Mat& image = drawn.image;
    const bool wide = image.depth() == CV_16U;
    std::vector<size_t> histogram(wide ? 65536 : 256);
    for (int y = 0; y < image.rows; ++y)
      for (int x = 0; x < image.cols; ++x)
        ++histogram[wide ? image.at<uint16_t>(y, x) : image.at<uint8_t>(y, x)];
    const int low = level_at(histogram, .01 * static_cast<double>(image.total() - 1));
    const int high = level_at(histogram, .99 * static_cast<double>(image.total() - 1));
    if (high - low < .02 * value_max_) return "one even grey";
    return std::nullopt;
  }

 private:
  /// Returns the level of the pixel at index `place` of all pixels sorted by level.
  static int level_at(const std::vector<size_t>& histogram, double place) {
    size_t below = 0;
    int level = 0;
    while (static_cast<double>(below += histogram[static_cast<size_t>(level)]) <= std::floor(place))
      ++level;
    return level;
  }

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
  explicit LostBoxGate(const Store& store) : parents_(store.part("train").boxes) {}
  std::string name() const override { return "lost-box"; }
  bool applies(Origin origin) const override { return origin == Origin::augmented; }

  std::optional<std::string> reject(const Drawn& drawn, int) override {
    if (!drawn.boxes_known || drawn.boxes_dropped == 0) return std::nullopt;
    for (const Box& before : parents_[static_cast<size_t>(drawn.provenance.parent)]) {
      const bool shown = std::any_of(drawn.boxes.begin(), drawn.boxes.end(), [&](const Box& box) {
        return box.label == before.label;
      });
      if (!shown) return "the finding left the picture";
    }
    return std::nullopt;
  }

 private:
  const std::vector<std::vector<Box>>& parents_;
};

class NearDuplicateGate final : public Gate {
 public:
  NearDuplicateGate(const Store& store, double threshold, int threads)
      : threshold_(static_cast<float>(threshold)),
        threads_(threads),
        training_(static_cast<size_t>(store.part("train").size())),
        thumbnails_(fitting(store)),
        length_(thumbnails_.length()),
        bank_(training_ * length_) {
    parallel_for(training_, threads_, [&](size_t row) {
      thumbnails_.write(store.image("train", static_cast<int64_t>(row)), &bank_[row * length_]);
    });
  }
  std::string name() const override { return "near-duplicate"; }
  bool applies(Origin origin) const override { return origin == Origin::synthetic; }

  void prepare(const std::vector<Drawn>& batch) override {
    next_ = 0;
    prepared_.clear();
    for (const Drawn& drawn : batch) prepared_.push_back(drawn.image);
    compared_ = bank_.size() / length_;
    batch_.resize(batch.size() * length_);
    parallel_for(batch.size(), threads_, [&](size_t i) {
      thumbnails_.write(batch[i].image, &batch_[i * length_]);
    });
    // Compare the whole batch with one block of the bank at a time, so that the block stays in the
    // cache.
    const size_t blocks = (compared_ + kBlock - 1) / kBlock;
    std::vector<Nearest> found(blocks * batch.size());
    parallel_for(blocks, threads_, [&](size_t block) {
      for (size_t i = 0; i < batch.size(); ++i) {
        Nearest& nearest = found[block * batch.size() + i];
        for (size_t row = block * kBlock; row < std::min(compared_, (block + 1) * kBlock); ++row)
          nearest.add(thumbnails_.correlation(&batch_[i * length_], &bank_[row * length_]),
                      row < training_);
      }
    });
    nearest_.assign(batch.size(), {});
    for (size_t block = 0; block < blocks; ++block)
      for (size_t i = 0; i < batch.size(); ++i) nearest_[i].merge(found[block * batch.size() + i]);
  }

  std::optional<std::string> reject(const Drawn& drawn, int) override {
    if (drawn.provenance.parent >= 0) return std::nullopt;
    while (next_ < prepared_.size() && prepared_[next_].data != drawn.image.data) ++next_;
    if (next_ == prepared_.size()) prepare({drawn});
    current_ = next_++;
    Nearest nearest = nearest_[current_];
    for (size_t row = compared_; row < bank_.size() / length_; ++row)
      nearest.add(thumbnails_.correlation(&batch_[current_ * length_], &bank_[row * length_]),
                  false);
    if (nearest.training > threshold_) return "of a training image";
    if (nearest.accepted > threshold_) return "of an accepted image";
    return std::nullopt;
  }

  void accepted(const Drawn& drawn, int) override {
    if (drawn.provenance.parent >= 0) return;
    const float* thumbnail = &batch_[current_ * length_];
    bank_.insert(bank_.end(), thumbnail, thumbnail + length_);
  }

 private:
  static constexpr size_t kMaxBytes = size_t{1} << 29;
  static constexpr size_t kBlock = 32;

  /// Returns thumbnails of 64 px, or the largest size of which those of all training images fit
  /// into kMaxBytes.
  static Thumbnails fitting(const Store& store) {
    const cv::Size size(store.info().width, store.info().height);
    const auto rows = static_cast<size_t>(store.part("train").size());
    int side = 64;
    while (side > 8 && rows * Thumbnails(size, side).length() * sizeof(float) > kMaxBytes)
      side /= 2;
    return {size, side};
  }

  struct Nearest {
    float training = -1, accepted = -1;
    void add(float correlation, bool of_training) {
      float& nearest = of_training ? training : accepted;
      nearest = std::max(nearest, correlation);
    }
    void merge(const Nearest& other) {
      training = std::max(training, other.training);
      accepted = std::max(accepted, other.accepted);
    }
  };

  float threshold_;
  int threads_;
  size_t training_;
  Thumbnails thumbnails_;
  size_t length_;
  std::vector<float> bank_;  ///< thumbnails of training images, then of accepted ones
  /// Images of the last prepare(). They are kept alive so that their data addresses identify them.
  std::vector<cv::Mat> prepared_;
  std::vector<float> batch_;  ///< their thumbnails
  std::vector<Nearest> nearest_;
  size_t next_ = 0, current_ = 0, compared_ = 0;
};

class DecisionsGate final : public Gate {
 public:
  explicit DecisionsGate(const Path& file) {
    const CsvTable table = read_csv(file);
    const size_t verdict = table.require("verdict"), recipe = table.require("recipe"),
                 seed = table.require("seed");
    for (size_t i = 0; i < table.rows.size(); ++i) {
      const auto& row = table.rows[i];
      uint64_t number = 0;
      const auto [end, error] =
          std::from_chars(row[seed].data(), row[seed].data() + row[seed].size(), number);
      check(error == std::errc() && end == row[seed].data() + row[seed].size(),
            Exit::bad_data,
            cat(file.string(), ", line ", table.lines[i], ": the seed is no number"));
      if (row[verdict] == "reject" && !row[recipe].empty()) rejected_.emplace(row[recipe], number);
    }
  }
  std::string name() const override { return "decisions"; }
  bool applies(Origin origin) const override {
    return origin == Origin::augmented || origin == Origin::synthetic;
  }
  std::optional<std::string> reject(const Drawn& drawn, int) override {
    if (rejected_.contains({drawn.provenance.recipe, drawn.provenance.seed}))
      return "a person rejected it";
    return std::nullopt;
  }

 private:
  std::set<std::pair<std::string, uint64_t>> rejected_;  ///< recipe and seed
};

}  // namespace

std::shared_ptr<Gate> make_decisions_gate(const Path& file) {
  return std::make_shared<DecisionsGate>(file);
}
std::shared_ptr<Gate> make_blank_gate(int value_max) {
  return std::make_shared<BlankGate>(value_max);
}
std::shared_ptr<Gate> make_range_gate(const Store& store, int threads) {
  return std::make_shared<RangeGate>(store, threads);
}
std::shared_ptr<Gate> make_lost_box_gate(const Store& store) {
  return std::make_shared<LostBoxGate>(store);
}
std::shared_ptr<Gate> make_near_duplicate_gate(const Store& store, double threshold, int threads) {
  return std::make_shared<NearDuplicateGate>(store, threshold, threads);
}

void set_gate(const std::string& word, BalanceOptions& options) {
  if (word == "memorised") {
    options.memorised = true;
    return;
  }
  constexpr std::string_view kDecisions = "decisions:";
  if (word.starts_with(kDecisions) && word.size() > kDecisions.size()) {
    options.decisions = word.substr(kDecisions.size());
    return;
  }
  const auto parts = split_text(word, ':');
  check(parts[0] == "near-duplicate",
        Exit::usage,
        unknown_name("gate", word, {"near-duplicate:CORRELATION", "memorised", "decisions:FILE"}));
  check(parts.size() == 2 && parse_double(parts[1], options.near_duplicate),
        Exit::usage,
        cat("--gate takes near-duplicate:CORRELATION, not '", word, "'"));
}

std::vector<std::shared_ptr<Gate>> make_gates(const Store& store,
                                              const BalanceOptions& options,
                                              int threads) {
  std::vector<std::shared_ptr<Gate>> gates = {make_blank_gate(store.info().value_max),
                                              make_range_gate(store, threads),
                                              make_lost_box_gate(store)};
  if (options.near_duplicate > 0)
    gates.push_back(make_near_duplicate_gate(store, options.near_duplicate, threads));
  if (!options.decisions.empty()) gates.push_back(make_decisions_gate(options.decisions));
  return gates;
}

}  // namespace evenray
