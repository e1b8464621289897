// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/store/shards.hpp"
#include "dataset/store/store.hpp"

namespace evenray {
namespace {

using Fault = std::optional<std::string>;

/// Boxes are clipped to the image when they are packed; rounding may leave them outside by this
/// much.
constexpr float kBoxTolerancePx = .01f;

std::string at(const StorePart& part, size_t row) {
  return cat("/", part.name, " row ", row, " (", part.ids[row], ")");
}

Fault check_labels(const StorePart& part, size_t row, bool multi_label) {
  if (multi_label) return std::nullopt;
  const auto& labels = part.labels[row];
  const auto yes = std::count(labels.begin(), labels.end(), 1);
  const auto no = std::count(labels.begin(), labels.end(), 0);
  if (yes == 1 && yes + no == static_cast<int64_t>(labels.size())) return std::nullopt;
  return cat(
      at(part, row), ": ", yes, " classes are 1, but each image must have exactly one class");
}

Fault check_provenance(const StorePart& part, size_t row) {
  const auto& provenance = part.provenance[row];
  const bool real = provenance.origin == Origin::real;
  if (part.name != "train" && !real) {
    return cat(at(part, row),
               ": origin ",
               static_cast<int>(provenance.origin),
               ", but val and test hold only real, unaltered rows");
  }
  if (real && provenance.parent >= 0) return at(part, row) + ": a real row must not have a parent";
  const bool needs_parent =
      provenance.origin == Origin::copy || provenance.origin == Origin::augmented;
  if (needs_parent && provenance.parent < 0)
    return at(part, row) + ": a copied or augmented row has no parent";
  if (needs_parent) {
    const auto& parent = part.provenance[static_cast<size_t>(provenance.parent)];
    if (parent.origin != Origin::real) {
      return cat(at(part, row), ": its parent, row ", provenance.parent, ", is not real");
    }
  }
  return std::nullopt;
}

Fault check_numbers(const StorePart& part, size_t row, const StoreInfo& info) {
  const auto& scale = part.scales[row];
  const auto& offset = part.offsets[row];
  if (!(scale[0] > 0 && scale[1] > 0 && std::isfinite(scale[0] * scale[1])) ||
      !std::isfinite(offset[0] + offset[1])) {
    return at(part, row) + ": scale is not positive, or scale or offset is not finite";
  }
  if (!(part.weights[row] >= 0 && std::isfinite(part.weights[row]))) {
    return at(part, row) + ": weight is negative or not finite";
  }
  if (part.boxes_known[row] > 1) return at(part, row) + ": boxes_known is neither 0 nor 1";
  for (const auto& box : part.boxes[row]) {
    const bool inside = box.x0 >= -kBoxTolerancePx && box.y0 >= -kBoxTolerancePx &&
                        box.x1 <= static_cast<float>(info.width) + kBoxTolerancePx &&
                        box.y1 <= static_cast<float>(info.height) + kBoxTolerancePx;
    if (!inside || !(box.x0 < box.x1 && box.y0 < box.y1)) {
      return cat(at(part, row),
                 ": box ",
                 box.x0,
                 " ",
                 box.y0,
                 " ",
                 box.x1,
                 " ",
                 box.y1,
                 " is empty or not inside the image");
    }
  }
  return std::nullopt;
}

Fault check_rows(const StorePart& part, const StoreInfo& info) {
  for (size_t row = 0; row < part.ids.size(); ++row) {
    if (part.ids[row].empty()) return cat("/", part.name, " row ", row, ": empty id");
    if (auto fault = check_labels(part, row, info.multi_label)) return fault;
    if (auto fault = check_provenance(part, row)) return fault;
    if (auto fault = check_numbers(part, row, info)) return fault;
  }
  return std::nullopt;
}

Fault check_ids_and_groups(const std::array<StorePart, 3>& parts) {
  std::set<std::string> ids;
  std::map<std::string, size_t> part_of_group;
  for (size_t p = 0; p < parts.size(); ++p) {
    for (size_t row = 0; row < parts[p].ids.size(); ++row) {
      if (!ids.insert(parts[p].ids[row]).second)
        return at(parts[p], row) + ": this id occurs twice";
      const auto& group = parts[p].groups[row];
      if (group.empty()) continue;
      const size_t first = part_of_group.emplace(group, p).first->second;
      if (first != p) {
        return cat(at(parts[p], row), ": group '", group, "' is also in /", kParts[first]);
      }
    }
  }
  return std::nullopt;
}

using Digests = std::array<std::vector<std::string>, 3>;

Fault check_digest(const std::string& where,
                   const std::string& stated,
                   const Columns& attributes,
                   const std::array<Columns, 3>& columns,
                   const Digests& digests) {
  const std::string digest = content_digest_of(attributes, columns, digests);
  if (digest == stated) return std::nullopt;
  return cat(where, "content_digest is ", stated, ", but the content has ", digest);
}

/// Checks one file's digest and appends the digests of its rows to `all`.
Fault check_file(const StoreFile& file, const std::string& where, Digests& all) {
  std::array<Columns, 3> columns;
  Digests digests;
  for (size_t p = 0; p < kParts.size(); ++p) {
    columns[p] = file.read_columns(p);
    digests[p].resize(static_cast<size_t>(file.rows(p)));
    parallel_for(digests[p].size(), hardware_threads(), [&](size_t row) {
      throw_if_stopped();
      thread_local std::string pixels;
      pixels.resize(file.row_bytes());
      file.read_row(p, static_cast<int64_t>(row), pixels.data());
      digests[p][row] = sha256_hex(pixels);
    });
    all[p].insert(all[p].end(), digests[p].begin(), digests[p].end());
  }
  return check_digest(where, file.content_digest(), file.attributes(), columns, digests);
}

Fault first_fault(const StoreShards& shards) {
  for (const auto& file : shards.files()) {
    if (!file->unknown_objects().empty())
      return file->unknown_objects().front() + " is not part of the schema";
  }
  std::array<StorePart, 3> parts;
  for (size_t p = 0; p < parts.size(); ++p) {
    parts[p] = shards.read_part(p);
    if (auto fault = check_rows(parts[p], shards.info())) return fault;
  }
  if (auto fault = check_ids_and_groups(parts)) return fault;
  shards.balanced_index();
  Digests digests;
  const bool many = shards.files().size() > 1;
  for (const auto& file : shards.files()) {
    const std::string where = many ? file->path().filename().string() + ": " : "";
    if (auto fault = check_file(*file, where, digests)) return fault;
  }
  return check_digest("",
                      shards.content_digest(),
                      shards.attributes(),
                      {shards.read_columns(0), shards.read_columns(1), shards.read_columns(2)},
                      digests);
}

}  // namespace

std::optional<std::string> check_store(const Path& path) {
  try {
    const StoreShards shards(path, SealCheck::all_files);
    if (const auto fault = first_fault(shards)) return cat(path.string(), ": ", *fault);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() != Exit::bad_data) throw;
    return error.what();
  }
}

}  // namespace evenray
