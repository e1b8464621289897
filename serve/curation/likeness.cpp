// SPDX-License-Identifier: Apache-2.0
#include "serve/curation/likeness.hpp"

#include <algorithm>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "dataset/duplicates.hpp"

namespace evenray {
namespace {

constexpr int kLongestSide = 16;
constexpr int kCopyPx = 64;  // as near_duplicate_groups() needs it
constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

void check_going(const std::atomic<bool>& stop) {
  if (stop) throw Error(Exit::stopped, "stopped");
}

/// What is needed to find copies of an image.
ImageFacts copy_facts(const cv::Mat& image) {
  ImageFacts out;
  out.readable = true;
  cv::Mat small;
  cv::resize(image, small, {kCopyPx, kCopyPx}, 0, 0, cv::INTER_AREA);
  cv::normalize(small, out.thumbnail, 0, 255, cv::NORM_MINMAX, CV_8U);
  out.blank = cv::countNonZero(out.thumbnail) == 0;
  return out;
}

}  // namespace

LikenessIndex::LikenessIndex(const Collection& collection,
                             int threads,
                             const std::atomic<bool>& stop)
    : collection_(collection),
      thumbnails_({collection.store().info().width, collection.store().info().height},
                  kLongestSide),
      vectors_(static_cast<size_t>(collection.size()) * thumbnails_.length()),
      copy_groups_(static_cast<size_t>(collection.size()), kUnknown),
      threads_(threads),
      stop_(stop) {
  std::vector<ImageFacts> facts(copy_groups_.size());
  parallel_for(static_cast<size_t>(collection.size()), threads, [&](size_t i) {
    check_going(stop_);
    const cv::Mat image = collection.image(static_cast<int64_t>(i));
    thumbnails_.write(image, vectors_.data() + i * thumbnails_.length());
    facts[i] = copy_facts(image);
  });
  float group = 0;
  for (const auto& rows : near_duplicate_groups(facts, threads, [this] { check_going(stop_); })) {
    ++group;
    for (const size_t row : rows) copy_groups_[row] = group;
  }
  const int64_t train = collection.store().part("train").size();
  for (int64_t number = 0; number < train; ++number)
    if (collection.origin(number) == Origin::real) real_.push_back(number);
}

const float* LikenessIndex::vector(int64_t number) const {
  return vectors_.data() + static_cast<size_t>(number) * vector_length();
}

std::vector<Likeness> LikenessIndex::nearest(int64_t number, int count, bool real) const {
  std::vector<Likeness> all;
  const auto add = [&](int64_t other) {
    if (other != number)
      all.push_back({other, thumbnails_.correlation(vector(number), vector(other))});
  };
  if (real)
    for (const int64_t other : real_) add(other);
  else
    for (int64_t other = 0; other < collection_.size(); ++other) add(other);
  const auto shown = std::min<std::ptrdiff_t>(count, std::ssize(all));
  std::partial_sort(all.begin(), all.begin() + shown, all.end(), [](const auto& a, const auto& b) {
    return a.correlation != b.correlation ? a.correlation > b.correlation : a.number < b.number;
  });
  all.resize(static_cast<size_t>(shown));
  return all;
}

std::vector<float> LikenessIndex::nearest_real() const {
  std::vector<float> out(static_cast<size_t>(collection_.size()), kUnknown);
  if (real_.empty()) return out;
  parallel_for(out.size(), threads_, [&](size_t i) {
    check_going(stop_);
    const auto number = static_cast<int64_t>(i);
    if (collection_.origin(number) == Origin::real) return;
    float highest = -1;
    for (const int64_t other : real_)
      highest = std::max(highest, thumbnails_.correlation(vector(number), vector(other)));
    out[i] = highest;
  });
  return out;
}

std::vector<int64_t> LikenessIndex::copies_of(int64_t number) const {
  std::vector<int64_t> out;
  const float group = copy_groups_.at(static_cast<size_t>(number));
  for (int64_t other = 0; other < collection_.size(); ++other)
    if (other != number && copy_groups_[static_cast<size_t>(other)] == group) out.push_back(other);
  return out;
}

}  // namespace evenray
