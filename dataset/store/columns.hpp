// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dataset/store/hdf5.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

/// A part as its data sets: path below the part -> column. `images` has a type and a shape but no
/// bytes.
using Columns = std::map<std::string, Column>;

/// What the schema says of one data set of a part. Rows: n rows of the part, o n + 1, m boxes, k
/// polygon points, r rings, s r + 1, p length of the balanced index.
struct ColumnSpec {
  const char* name;
  Element type;
  char rows;
  int width;  ///< second dimension; 0: none, -1: one a class
  bool optional = false;
};
const std::vector<ColumnSpec>& column_specs();

inline constexpr const char* kSchema = "evenray-store";
inline constexpr int64_t kSchemaVersion = 1;
inline constexpr const char* kShardAttribute = "shard";

/// Indices of the meta columns that are finite numbers in every part (empty or "nan": missing).
std::set<size_t> numeric_columns(const std::vector<const StorePart*>& parts, size_t columns);

/// All data sets of a part but `images`; meta columns as meta/<name>.
Columns columns_of(const StorePart& part, const StoreInfo& info, const std::set<size_t>& numeric);

/// Meta columns by the names of their HDF5 links, which may not hold a slash. Throws 65 where two
/// are alike; `path`: of the store that shall have them.
std::vector<std::string> link_names(std::vector<std::string> columns, const Path& path);

/// One part of several files, the rows of one after those of the other. Throws Hdf5Fault where the
/// columns of the files do not fit together, or offsets do not end where their file does.
Columns joined(std::vector<Columns> files);

/// The way back. The shapes must fit (StoreFile sees to it); throws Hdf5Fault for values that do
/// not: offsets that fall, a box of a class that does not exist, a label that is none.
StorePart part_of(const std::string& name, const Columns& columns, const StoreInfo& info);

/// The root's attributes but `content_digest`.
Columns attributes_of(const StoreInfo& info);

/// docs/format.md, "Digest". `row_digests`: one a row of the part, 64 hex digits each, in the order
/// of kParts.
std::string content_digest_of(const Columns& attributes,
                              const std::array<Columns, 3>& parts,
                              const std::array<std::vector<std::string>, 3>& row_digests);

/// Index into kParts; throws 2 for a name that is none of them.
size_t part_index(const std::string& name);

}  // namespace evenray
