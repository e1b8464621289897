// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/duplicates.hpp"
#include "dataset/split.hpp"

namespace evenray {
namespace {

constexpr int64_t kVisitBlock = 8;

/// The block of neighbouring numbers that an id ends in: what stands before the number, and the
/// number's eighth. Empty where the id ends in no number.
std::string visit_block(const std::string& id) {
  const size_t digits =
      id.size() -
      static_cast<size_t>(
          std::find_if(id.rbegin(), id.rend(), [](char c) { return c < '0' || c > '9'; }) -
          id.rbegin());
  int64_t number = 0;
  if (!parse_int(std::string_view(id).substr(digits), number)) return "";
  return cat(id.substr(0, digits), "/", number / kVisitBlock);
}

}  // namespace

std::vector<std::string> group_names(const Manifest& manifest,
                                     const std::vector<ImageFacts>& facts,
                                     const std::string& mode) {
  const auto& samples = manifest.samples;
  std::vector<std::string> names;
  for (const auto& sample : samples) {
    names.push_back(mode == "none" || sample.patient.empty() ? sample.id : sample.patient);
  }
  if (mode == "none") return names;
  if (mode == "patient") {
    const bool any = std::any_of(
        samples.begin(), samples.end(), [](const auto& s) { return !s.patient.empty(); });
    check(
        any, Exit::bad_data, cat(manifest.source, " tells no patients; take --group auto or none"));
    return names;
  }
  UnionFind together(samples.size());
  for (const auto& picture : near_duplicate_groups(facts)) {
    size_t first = samples.size();
    for (const auto row : picture) {
      if (!samples[row].patient.empty()) continue;
      if (first == samples.size()) first = row;
      together.unite(first, row);
    }
  }
  std::map<std::string, size_t> first_of_block;
  for (size_t i = 0; manifest.running_ids && i < samples.size(); ++i) {
    const std::string block = visit_block(samples[i].id);
    if (!samples[i].patient.empty() || block.empty()) continue;
    together.unite(first_of_block.emplace(block, i).first->second, i);
  }
  for (size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].patient.empty()) names[i] = samples[together.root(i)].id;
  }
  return names;
}

}  // namespace evenray
