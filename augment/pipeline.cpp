// SPDX-License-Identifier: Apache-2.0
#include "augment/pipeline.hpp"

#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// One operation per line, because the cells of a sheet are narrow.
std::string caption_of(const std::string& recipe) {
  std::string caption;
  for (const char c : recipe) {
    if (c == '+') caption += '\n';
    caption += c == ' ' ? '\n' : c;
    if (c == ',') caption += '\n';
  }
  return caption;
}

}  // namespace

PolicyResult apply_policy(const Policy& policy,
                          const cv::Mat& image,
                          const std::vector<Box>& boxes,
                          const Rng& rng) {
  const PolicyDraw draw = draw_operations(policy, image.size(), rng.fork("draw"), boxes);
  const Rng apply = rng.fork("apply");
  if (draw.mixture)
    return {apply_mixture(image, boxes, *draw.mixture, policy.sampling, apply),
            cat(policy.name, " ", mixture_text(*draw.mixture))};
  const std::string operations = operations_text(draw.operations);
  return {apply_operations(image, boxes, draw.operations, policy.sampling, apply),
          cat(policy.name,
              draw.sub_policy < 0 ? "" : cat("#", draw.sub_policy + 1),
              " ",
              operations.empty() ? "-" : operations)};
}

std::vector<SheetItem> preview_items(const Policy& policy,
                                     const cv::Mat& image,
                                     const std::vector<Box>& boxes,
                                     int n,
                                     uint64_t seed) {
  std::vector<SheetItem> items = {{image, "original", boxes}};
  for (int i = 0; i < n; ++i) {
    PolicyResult result =
        apply_policy(policy, image, boxes, Rng(seed).fork("preview", static_cast<uint64_t>(i)));
    items.push_back({std::move(result.augmented.image),
                     caption_of(result.recipe),
                     std::move(result.augmented.boxes)});
  }
  return items;
}

std::vector<SheetItem> preview_items(const Policy& policy,
                                     const Store& store,
                                     int n,
                                     uint64_t seed) {
  const StorePart& part = store.part("train");
  if (part.size() == 0)
    throw Error(
        Exit::bad_data,
        cat(store.path().string(), ": cannot preview the policy: the store has no training rows"));
  std::vector<int64_t> rows(static_cast<size_t>(part.size()));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  Rng order = Rng(seed).fork("preview rows");
  order.shuffle(rows);
  std::vector<SheetItem> items;
  for (int i = 0; i < n; ++i) {
    const int64_t row = rows[static_cast<size_t>(i) % rows.size()];
    PolicyResult result = apply_policy(policy,
                                       store.image("train", row),
                                       part.boxes[row],
                                       Rng(seed).fork("preview", static_cast<uint64_t>(i)));
    items.push_back({std::move(result.augmented.image),
                     cat(part.ids[row], "\n", caption_of(result.recipe)),
                     std::move(result.augmented.boxes)});
  }
  return items;
}

}  // namespace evenray
