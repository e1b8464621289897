// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/duplicates.hpp"
#include "dataset/patients.hpp"
#include "dataset/split.hpp"

namespace evenray {
namespace {

constexpr int64_t kVisitBlock = 8;

/// Returns the block of consecutive numbers to which the number at the end of an id belongs: the
/// text before the number, and the number divided by 8. Empty if the id does not end in a number.
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
                                     const std::vector<std::vector<size_t>>& pictures,
                                     const std::string& mode) {
  const auto& samples = manifest.samples;
  std::vector<std::string> names;
  for (const auto& sample : samples) {
    names.push_back(mode == "none" || sample.owner().empty() ? sample.id : sample.owner());
  }
  if (mode == "none") return names;
  if (mode == "patient") {
    const bool any = std::any_of(
        samples.begin(), samples.end(), [](const auto& s) { return !s.patient.empty(); });
    check(any,
          Exit::bad_data,
          cat(manifest.source, ": no image has a patient; use --group auto or none"));
    return names;
  }
  UnionFind together(samples.size());
  for (const auto& picture : pictures) {
    for (const auto row : picture) together.unite(picture.front(), row);
  }
  std::map<std::string, size_t> first_of_owner, first_of_block;
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto& sample = samples[i];
    if (!sample.owner().empty()) {
      together.unite(first_of_owner.emplace(sample.owner(), i).first->second, i);
    } else if (const auto block = visit_block(sample.id); sample.sequential_id && !block.empty()) {
      together.unite(first_of_block.emplace(block, i).first->second, i);
    }
  }
  for (const auto& rows : together.groups()) {
    const auto known = std::find_if(
        rows.begin(), rows.end(), [&](size_t row) { return !samples[row].owner().empty(); });
    const std::string name = names[known == rows.end() ? rows.front() : *known];
    for (const auto row : rows) names[row] = name;
  }
  return names;
}

std::string describe_groups(const Manifest& manifest, const std::string& mode) {
  std::string patients = describe_patients(manifest);
  if (mode == "none") return patients + "; every image is a separate group (--group none)";
  if (mode == "patient") return patients;
  bool known = false, blocks = false, visits = false;
  for (const auto& sample : manifest.samples) {
    known |= !sample.patient.empty();
    visits |= sample.patient.empty() && !sample.visit.empty();
    blocks |= sample.sequential_id && sample.owner().empty();
  }
  return cat(patients,
             known ? "; kept together too: copies of one picture"
                   : "; kept together: copies of one picture",
             visits ? " and images of one study, file or group" : "",
             blocks ? " and blocks of 8 file numbers" : "");
}

}  // namespace evenray
