// SPDX-License-Identifier: Apache-2.0
#include "serve/curation/collection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// A column with more values cannot be chosen from; its values are found as text.
constexpr size_t kMostChoices = 60;

/// The names of the classes of a row.
std::string label_text(const std::vector<int8_t>& labels, const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (size_t c = 0; c < labels.size(); ++c)
    if (labels[c] == 1) out.push_back(names[c]);
  return join(out);
}

}  // namespace

Collection::Collection(const Path& path) : store_(path) {
  std::vector<std::string> origins, parts;
  const StoreInfo& info = store_.info();
  std::vector<std::vector<std::string>> meta(info.meta_columns.size());
  for (size_t p = 0; p < kParts.size(); ++p) {
    const StorePart& part = store_.part(kParts[p]);
    first_of_part_.push_back(size());
    for (int64_t row = 0; row < part.size(); ++row) {
      const auto at = static_cast<size_t>(row);
      number_of_.emplace(part.ids[at], size());
      places_.push_back({static_cast<uint8_t>(p), row});
      origins.emplace_back(origin_name(part.provenance[at].origin));
      parts.emplace_back(kParts[p]);
      std::string words = cat(part.ids[at],
                              "\n",
                              part.groups[at],
                              "\n",
                              part.source_paths[at],
                              "\n",
                              part.provenance[at].recipe);
      for (size_t c = 0; c < meta.size(); ++c) {
        meta[c].push_back(part.meta[at][c]);
        words += cat("\n", part.meta[at][c]);
      }
      words_.push_back(lower(words));
    }
  }
  // An image may have several classes; find() asks for one of them.
  columns_.push_back({"class", info.class_names});
  codes_.emplace_back();
  code_of_.emplace_back();
  index_column("origin", origins);
  index_column("part", parts);
  for (size_t c = 0; c < meta.size(); ++c) index_column(info.meta_columns[c], meta[c]);
}

void Collection::index_column(const std::string& name, const std::vector<std::string>& values) {
  std::map<std::string, uint32_t> code_of;
  for (const auto& value : values) code_of.emplace(value, 0);
  FilterColumn column{name, {}};
  uint32_t next = 0;
  for (auto& [value, code] : code_of) {
    code = next++;
    if (code_of.size() <= kMostChoices) column.values.push_back(value);
  }
  std::vector<uint32_t> codes;
  codes.reserve(values.size());
  for (const auto& value : values) codes.push_back(code_of.at(value));
  columns_.push_back(std::move(column));
  codes_.push_back(std::move(codes));
  code_of_.push_back(std::move(code_of));
}

const Collection::Place& Collection::place(int64_t number) const {
  check(number >= 0 && number < size(), Exit::missing_input, "there is no such row");
  return places_[static_cast<size_t>(number)];
}

const StorePart& Collection::part_of(const Place& place) const {
  return store_.part(kParts[place.part]);
}

RowFacts Collection::facts(int64_t number) const {
  const Place& at = place(number);
  const StorePart& part = part_of(at);
  const auto row = static_cast<size_t>(at.row);
  const Provenance& made = part.provenance[row];
  RowFacts out;
  out.id = part.ids[row];
  out.part = part.name;
  out.labels = part.labels[row];
  out.label = label_text(out.labels, store_.info().class_names);
  out.origin = origin_name(made.origin);
  out.group = part.groups[row];
  out.source_path = part.source_paths[row];
  if (made.parent >= 0) out.parent = first_of_part_[at.part] + made.parent;
  out.recipe = made.recipe;
  out.seed = made.seed;
  out.boxes = part.boxes[row];
  out.boxes_known = part.boxes_known[row] != 0;
  out.scale = part.scales[row];
  out.offset = part.offsets[row];
  for (size_t c = 0; c < store_.info().meta_columns.size(); ++c)
    out.columns.emplace_back(store_.info().meta_columns[c], part.meta[row][c]);
  return out;
}

const std::string& Collection::id(int64_t number) const {
  const Place& at = place(number);
  return part_of(at).ids[static_cast<size_t>(at.row)];
}

Origin Collection::origin(int64_t number) const {
  const Place& at = place(number);
  return part_of(at).provenance[static_cast<size_t>(at.row)].origin;
}

std::optional<int64_t> Collection::number_of(const std::string& id) const {
  const auto found = number_of_.find(id);
  return found == number_of_.end() ? std::nullopt : std::optional(found->second);
}

cv::Mat Collection::image(int64_t number) const {
  const Place& at = place(number);
  return store_.image(kParts[at.part], at.row);
}

void Collection::set_score(const std::string& name, std::vector<float> values) {
  check(std::ssize(values) == size(), Exit::failed, "a score needs a value for each row");
  const std::lock_guard lock(scoring_);
  scores_[name] = std::make_shared<const std::vector<float>>(std::move(values));
}

std::shared_ptr<const std::vector<float>> Collection::scores_of(const std::string& name) const {
  const std::lock_guard lock(scoring_);
  const auto found = scores_.find(name);
  return found == scores_.end() ? nullptr : found->second;
}

std::shared_ptr<const std::vector<float>> Collection::known_scores(const std::string& name) const {
  auto out = scores_of(name);
  check(out != nullptr, Exit::bad_data, cat("there is no score '", name, "'"));
  return out;
}

std::optional<float> Collection::score(const std::string& name, int64_t number) const {
  place(number);
  const auto scores = scores_of(name);
  if (!scores || std::isnan((*scores)[static_cast<size_t>(number)])) return std::nullopt;
  return (*scores)[static_cast<size_t>(number)];
}

std::vector<int64_t> Collection::find(const RowFilter& filter) const {
  std::vector<int64_t> out;
  if (!filter.only_ids) {
    for (int64_t number = 0; number < size(); ++number) out.push_back(number);
  } else {
    for (const auto& id : filter.ids)
      if (const auto number = number_of(id)) out.push_back(*number);
    std::sort(out.begin(), out.end());
  }
  for (const auto& [name, value] : filter.equal) {
    const auto column = std::find_if(
        columns_.begin(), columns_.end(), [&](const auto& one) { return one.name == name; });
    check(column != columns_.end(), Exit::bad_data, cat("there is no column '", name, "'"));
    const auto at = static_cast<size_t>(column - columns_.begin());
    if (column->name == "class") {
      const auto& names = store_.info().class_names;
      const auto named = std::find(names.begin(), names.end(), value);
      if (named == names.end()) return {};
      std::erase_if(out, [&, wanted = static_cast<size_t>(named - names.begin())](int64_t number) {
        const Place& row = places_[static_cast<size_t>(number)];
        return part_of(row).labels[static_cast<size_t>(row.row)].at(wanted) != 1;
      });
      continue;
    }
    const auto code = code_of_[at].find(value);
    if (code == code_of_[at].end()) return {};
    std::erase_if(out, [&, wanted = code->second](int64_t number) {
      return codes_[at][static_cast<size_t>(number)] != wanted;
    });
  }
  for (const auto& [name, least] : filter.at_least) {
    const auto scores = known_scores(name);
    std::erase_if(out, [&, least = least](int64_t number) {
      return !((*scores)[static_cast<size_t>(number)] >= least);  // NaN: not shown
    });
  }
  if (!filter.text.empty()) {
    const std::string sought = lower(filter.text);
    std::erase_if(out, [&](int64_t number) {
      return words_[static_cast<size_t>(number)].find(sought) == std::string::npos;
    });
  }
  if (!filter.order.empty()) {
    const auto scores = known_scores(filter.order);
    const auto rank = [&](int64_t number) {
      const float score = (*scores)[static_cast<size_t>(number)];
      return std::isnan(score) ? -std::numeric_limits<float>::infinity() : score;
    };
    std::stable_sort(
        out.begin(), out.end(), [&](int64_t a, int64_t b) { return rank(a) > rank(b); });
  }
  return out;
}

}  // namespace evenray
