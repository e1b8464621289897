// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dataset/store/hdf5.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

/// The data sets of a part: path below the part -> column. `images` has a type and a shape but no
/// bytes.
using Columns = std::map<std::string, Column>;

/// The schema of one data set of a part.
struct ColumnSpec {
  const char* name;
  Element type;
  /// First dimension: n rows of the part, o = n + 1, m boxes, k polygon points, r rings, s = r + 1,
  /// p length of the balanced index.
  char rows;
  int width;  ///< second dimension; 0: none, -1: one per class
  bool optional = false;
};
/// The schema of a part except `images` and `meta`.
const std::vector<ColumnSpec>& column_specs();

inline constexpr const char* kSchema = "evenray-store";
inline constexpr int64_t kSchemaVersion = 1;
inline constexpr const char* kShardAttribute = "shard";

/// Returns the indices of the meta columns whose values are all finite numbers (empty or "nan":
/// missing), with at least one number.
std::set<size_t> numeric_columns(const std::vector<const StorePart*>& parts, size_t columns);

/// Returns all data sets of a part except `images`; meta columns are named meta/<name>, and those
/// in `numeric` become f64.
Columns columns_of(const StorePart& part, const StoreInfo& info, const std::set<size_t>& numeric);

/// Returns the names of the meta columns as HDF5 links, which must not contain a slash. Throws 65
/// if two are equal. `path`: the store to be written, for the message.
std::vector<std::string> link_names(std::vector<std::string> columns, const Path& path);

/// Joins the columns of one part from several files, in order. Throws Hdf5Fault if the columns of
/// the files do not match, or if offsets do not end at their file's number of items.
Columns joined(std::vector<Columns> files);

/// The inverse of columns_of(). The shapes must be correct, which StoreFile checks. Throws
/// Hdf5Fault for invalid values, such as falling offsets, a box of an unknown class, or a label
/// other than 1, 0, -1.
StorePart part_of(const std::string& name, const Columns& columns, const StoreInfo& info);

/// Returns the root's attributes that follow from `info`; `content_digest` is not among them.
Columns attributes_of(const StoreInfo& info);

/// Returns the digest defined in docs/format.md, "Digest". `row_digests`: for each part, in the
/// order of kParts, 64 hex digits per row.
std::string content_digest_of(const Columns& attributes,
                              const std::array<Columns, 3>& parts,
                              const std::array<std::vector<std::string>, 3>& row_digests);

/// Returns the index into kParts. Throws 2 for an unknown name.
size_t part_index(const std::string& name);

}  // namespace evenray
