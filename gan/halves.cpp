// SPDX-License-Identifier: Apache-2.0
#include "gan/halves.hpp"

#include <torch/types.h>

#include <map>
#include <numeric>

#include "nn/loader.hpp"

namespace evenray {

Rows all_rows(size_t count) {
  Rows rows(count);
  std::iota(rows.begin(), rows.end(), size_t{0});
  return rows;
}

std::array<Rows, 2> halves(size_t count, const std::vector<std::string>& groups, const Rng& rng) {
  std::map<std::string, size_t> known;
  std::vector<Rows> members;
  for (size_t i = 0; i < count; ++i) {
    const std::string& name = groups.empty() ? std::string() : groups[i];
    const size_t group =
        name.empty() ? members.size() : known.emplace(name, members.size()).first->second;
    if (group == members.size()) members.emplace_back();
    members[group].push_back(i);
  }
  Rng stream = rng.fork("order");
  stream.shuffle(members);
  std::array<Rows, 2> out;
  for (const Rows& rows : members) {
    Rows& smaller = out[1].size() < out[0].size() ? out[1] : out[0];
    smaller.insert(smaller.end(), rows.begin(), rows.end());
  }
  return out;
}

torch::Tensor pixels_of(const std::vector<cv::Mat>& images, const Rows& rows) {
  std::vector<cv::Mat> picked;
  for (const size_t row : rows) picked.push_back(images[row]);
  auto tensor = from_mats(picked);
  return images[0].depth() == CV_16U ? tensor / 257 : tensor;
}

}  // namespace evenray
