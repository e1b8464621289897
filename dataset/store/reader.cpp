// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/store/shards.hpp"
#include "dataset/store/store.hpp"

namespace evenray {
size_t part_index(const std::string& name) {
  const auto found = std::find(kParts.begin(), kParts.end(), name);
  if (found != kParts.end()) return static_cast<size_t>(found - kParts.begin());
  throw Error(Exit::usage, unknown_name("part", name, {kParts.begin(), kParts.end()}));
}

int StoreInfo::class_index(std::string_view name) const {
  const auto found = std::find(class_names.begin(), class_names.end(), name);
  if (found != class_names.end()) return static_cast<int>(found - class_names.begin());
  throw Error(Exit::bad_data,
              cat("this store has no class '", name, "' (it has: ", join(class_names), ")"));
}

std::vector<int64_t> StorePart::rows_of(int class_index) const {
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < size(); ++i) {
    if (labels[static_cast<size_t>(i)][static_cast<size_t>(class_index)] == 1) rows.push_back(i);
  }
  return rows;
}

struct Store::State {
  State(const Path& path, SealCheck check) : shards(path, check) {}

  StoreShards shards;
  std::mutex mutex;
  std::array<std::unique_ptr<StorePart>, 3> parts;

  size_t checked(const std::string& part, int64_t first, int64_t count) const {
    const size_t index = part_index(part);
    if (first < 0 || count < 0 || first + count > shards.rows(index)) {
      throw Error(Exit::usage,
                  cat(shards.path().string(),
                      ": no row ",
                      first + count - 1,
                      " in ",
                      part,
                      ", which has ",
                      shards.rows(index),
                      " rows"));
    }
    return index;
  }
};

Store::Store(const Path& path) : Store(path, SealCheck::small_files) {}
Store::Store(const Path& path, SealCheck check) : state_(std::make_unique<State>(path, check)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;

const Path& Store::path() const { return state_->shards.path(); }
const StoreInfo& Store::info() const { return state_->shards.info(); }
const std::string& Store::content_digest() const { return state_->shards.content_digest(); }
std::vector<int64_t> Store::balanced_index() const { return state_->shards.balanced_index(); }

const StorePart& Store::part(const std::string& name) const {
  const size_t index = part_index(name);
  std::lock_guard lock(state_->mutex);
  auto& part = state_->parts[index];
  if (!part) part = std::make_unique<StorePart>(state_->shards.read_part(index));
  return *part;
}

cv::Mat Store::image(const std::string& part, int64_t row) const {
  const size_t index = state_->checked(part, row, 1);
  const auto& info = this->info();
  cv::Mat out(info.height, info.width, info.bits == 8 ? CV_8UC1 : CV_16UC1);
  state_->shards.read_row(index, row, out.data);
  return out;
}

void Store::read_images(const std::string& part, int64_t first, int64_t count, void* out) const {
  const size_t index = state_->checked(part, first, count);
  auto* at = static_cast<char*>(out);
  for (int64_t i = 0; i < count; ++i, at += state_->shards.row_bytes()) {
    state_->shards.read_row(index, first + i, at);
  }
}

}  // namespace evenray
