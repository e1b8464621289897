// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// Attributes that may differ between files of equal content.
bool outside_digest(const std::string& attribute) {
  return attribute == "created_utc" || attribute == "tool_version" || attribute == "config" ||
         attribute == "content_digest" || attribute == kShardAttribute;
}

void add_texts(Digest& digest, const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    digest.add(cat(text.size(), ":"));
    digest.add(text);
  }
}

void add_head(Digest& digest, const std::string& path, const Column& column) {
  std::string head = cat(path, " ", element_name(column.type));
  for (const auto side : column.shape) head += cat(" ", side);
  digest.add(head + "\n");
}

template <class T, class Rows, class Value>
Column flat(Element type, std::vector<hsize_t> shape, const Rows& rows, const Value& value) {
  std::vector<T> out;
  for (const auto& row : rows) value(row, out);
  return Column::of(type, std::move(shape), out);
}

Column meta_column(const StorePart& part, size_t column, bool numeric) {
  if (!numeric) {
    std::vector<std::string> texts;
    for (const auto& row : part.meta) texts.push_back(row[column]);
    return Column::of(std::move(texts));
  }
  std::vector<double> numbers;
  for (const auto& row : part.meta) {
    double number = 0;
    const bool known = parse_double(row[column], number);
    numbers.push_back(known ? number : std::numeric_limits<double>::quiet_NaN());
  }
  return Column::of(Element::f64, {numbers.size()}, numbers);
}

void add_boxes(Columns& columns, const StorePart& part) {
  std::vector<float> corners, points;
  std::vector<int64_t> offsets{0}, point_offsets{0}, ring_box;
  std::vector<int16_t> labels;
  for (const auto& boxes : part.boxes) {
    for (const auto& box : boxes) {
      for (const auto& ring : box.rings) {
        for (const auto& point : ring) points.insert(points.end(), {point.x, point.y});
        point_offsets.push_back(static_cast<int64_t>(points.size() / 2));
        ring_box.push_back(static_cast<int64_t>(labels.size()));
      }
      corners.insert(corners.end(), {box.x0, box.y0, box.x1, box.y1});
      labels.push_back(static_cast<int16_t>(box.label));
    }
    offsets.push_back(static_cast<int64_t>(labels.size()));
  }
  columns["boxes"] = Column::of(Element::f32, {labels.size(), 4}, corners);
  columns["box_offsets"] = Column::of(Element::i64, {offsets.size()}, offsets);
  columns["box_labels"] = Column::of(Element::i16, {labels.size()}, labels);
  columns["boxes_known"] = Column::of(Element::u8, {part.boxes_known.size()}, part.boxes_known);
  if (ring_box.empty()) return;
  columns["polygons"] = Column::of(Element::f32, {points.size() / 2, 2}, points);
  columns["polygon_offsets"] = Column::of(Element::i64, {point_offsets.size()}, point_offsets);
  columns["polygon_box"] = Column::of(Element::i64, {ring_box.size()}, ring_box);
}

/// Adds `by` to all values. Unsigned, since a hostile file may hold any number and signed overflow
/// is undefined.
void shift(Column& column, uint64_t by) {
  auto values = column.values<uint64_t>();
  for (auto& value : values) value += by;
  column = Column::of(column.type, column.shape, values);
}

/// Turns the offsets of a further file, which start at 0 again, into offsets that continue
/// `before`. Their first value, equal to the last one before, is dropped.
void continue_offsets(Columns& file, const Columns& before, const char* name, const char* items) {
  const auto found = file.find(name);
  if (found == file.end()) return;
  Column& offsets = found->second;
  const auto values = offsets.values<uint64_t>();
  must(!values.empty() && values.front() == 0 && values.back() == file.at(items).shape[0],
       cat(name, " does not rise from 0 to the number of ", items));
  const auto already = before.find(name);
  if (already == before.end()) return;
  offsets.bytes.erase(0, sizeof(uint64_t));
  --offsets.shape[0];
  shift(offsets, already->second.values<uint64_t>().back());
}

void append(Column& whole, const Column& more, const std::string& name) {
  const auto same_width = [&] {
    return std::equal(
        whole.shape.begin() + 1, whole.shape.end(), more.shape.begin() + 1, more.shape.end());
  };
  must(whole.type == more.type && same_width(),
       cat(name, " has another type than in the earlier shards"));
  whole.shape[0] += more.shape[0];
  whole.bytes += more.bytes;
  whole.texts.insert(whole.texts.end(), more.texts.begin(), more.texts.end());
}

/// Offsets into `total` items must rise from 0 to `total`.
void check_offsets(const std::vector<int64_t>& offsets, int64_t total, const std::string& where) {
  bool ok = !offsets.empty() && offsets.front() == 0 && offsets.back() == total;
  for (size_t i = 1; ok && i < offsets.size(); ++i) ok = offsets[i - 1] <= offsets[i];
  must(ok, cat(where, " does not rise from 0 to ", total));
}

/// Throws unless all coordinates, in px, can be converted to integers.
void check_coordinates(const std::vector<float>& values, const std::string& name) {
  constexpr float kMost = 1e6;
  for (size_t i = 0; i < values.size(); ++i)
    must(std::abs(values[i]) <= kMost, cat(name, ": value ", i, " is ", values[i]));
}

std::vector<std::vector<Box>> boxes_of(const Columns& columns,
                                       const std::string& name,
                                       size_t classes) {
  const auto corners = columns.at("boxes").values<float>();
  const auto offsets = columns.at("box_offsets").values<int64_t>();
  const auto labels = columns.at("box_labels").values<int16_t>();
  check_offsets(offsets, static_cast<int64_t>(labels.size()), name + "/box_offsets");
  check_coordinates(corners, name + "/boxes");
  std::vector<Box> flat(labels.size());
  for (size_t i = 0; i < flat.size(); ++i) {
    const float* corner = &corners[4 * i];
    must(labels[i] >= 0 && static_cast<size_t>(labels[i]) < classes,
         cat(name, "/box_labels: row ", i, " has class ", labels[i], " of ", classes));
    flat[i] = {corner[0], corner[1], corner[2], corner[3], labels[i], {}};
  }
  if (columns.contains("polygons")) {
    const auto points = columns.at("polygons").values<float>();
    const auto point_offsets = columns.at("polygon_offsets").values<int64_t>();
    const auto ring_box = columns.at("polygon_box").values<int64_t>();
    check_offsets(
        point_offsets, static_cast<int64_t>(points.size() / 2), name + "/polygon_offsets");
    check_coordinates(points, name + "/polygons");
    for (size_t r = 0; r < ring_box.size(); ++r) {
      must(ring_box[r] >= 0 && static_cast<size_t>(ring_box[r]) < flat.size(),
           cat(name, "/polygon_box: row ", r, " has box ", ring_box[r], " of ", flat.size()));
      auto& ring = flat[static_cast<size_t>(ring_box[r])].rings.emplace_back();
      for (auto p = static_cast<size_t>(point_offsets[r]);
           p < static_cast<size_t>(point_offsets[r + 1]);
           ++p) {
        ring.emplace_back(points[2 * p], points[2 * p + 1]);
      }
    }
  }
  std::vector<std::vector<Box>> rows(offsets.size() - 1);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].assign(flat.begin() + offsets[i], flat.begin() + offsets[i + 1]);
  }
  return rows;
}

std::vector<std::array<float, 2>> pairs(const Column& column) {
  const auto values = column.values<float>();
  std::vector<std::array<float, 2>> out(values.size() / 2);
  for (size_t i = 0; i < out.size(); ++i) out[i] = {values[2 * i], values[2 * i + 1]};
  return out;
}

}  // namespace

const std::vector<ColumnSpec>& column_specs() {
  static const std::vector<ColumnSpec> specs = {
      {"labels", Element::i8, 'n', -1},
      {"ids", Element::text, 'n', 0},
      {"group", Element::text, 'n', 0},
      {"source_path", Element::text, 'n', 0},
      {"scale", Element::f32, 'n', 2},
      {"offset", Element::f32, 'n', 2},
      {"box_labels", Element::i16, 'm', 0},
      {"boxes", Element::f32, 'm', 4},
      {"box_offsets", Element::i64, 'o', 0},
      {"boxes_known", Element::u8, 'n', 0},
      {"polygon_box", Element::i64, 'r', 0, true},
      {"polygon_offsets", Element::i64, 's', 0, true},
      {"polygons", Element::f32, 'k', 2, true},
      {"origin", Element::origin, 'n', 0},
      {"parent", Element::i64, 'n', 0},
      {"recipe", Element::text, 'n', 0},
      {"seed", Element::u64, 'n', 0},
      {"weight", Element::f32, 'n', 0},
      {"balanced_index", Element::i64, 'p', 0, true},
  };
  return specs;
}

std::set<size_t> numeric_columns(const std::vector<const StorePart*>& parts, size_t columns) {
  std::set<size_t> numeric;
  for (size_t c = 0; c < columns; ++c) {
    bool all = true, any = false;
    for (const auto* part : parts) {
      for (const auto& row : part->meta) {
        double number = 0;
        const bool is_number = parse_double(row[c], number);
        any |= is_number;
        all &= is_number || row[c].empty() || lower(row[c]) == "nan";
      }
    }
    if (all && any) numeric.insert(c);
  }
  return numeric;
}

Columns columns_of(const StorePart& part, const StoreInfo& info, const std::set<size_t>& numeric) {
  const auto n = static_cast<hsize_t>(part.size());
  Columns out;
  out["labels"] = flat<int8_t>(
      Element::i8, {n, info.class_names.size()}, part.labels, [](const auto& row, auto& values) {
        values.insert(values.end(), row.begin(), row.end());
      });
  out["ids"] = Column::of(part.ids);
  out["group"] = Column::of(part.groups);
  out["source_path"] = Column::of(part.source_paths);
  const auto both = [](const auto& row, auto& values) {
    values.insert(values.end(), row.begin(), row.end());
  };
  out["scale"] = flat<float>(Element::f32, {n, 2}, part.scales, both);
  out["offset"] = flat<float>(Element::f32, {n, 2}, part.offsets, both);
  add_boxes(out, part);
  const auto& rows = part.provenance;
  out["origin"] = flat<uint8_t>(Element::origin, {n}, rows, [](const auto& row, auto& values) {
    values.push_back(static_cast<uint8_t>(row.origin));
  });
  out["parent"] = flat<int64_t>(
      Element::i64, {n}, rows, [](const auto& row, auto& values) { values.push_back(row.parent); });
  out["seed"] = flat<uint64_t>(
      Element::u64, {n}, rows, [](const auto& row, auto& values) { values.push_back(row.seed); });
  std::vector<std::string> recipes;
  for (const auto& row : rows) recipes.push_back(row.recipe);
  out["recipe"] = Column::of(std::move(recipes));
  out["weight"] = Column::of(Element::f32, {n}, part.weights);
  for (size_t c = 0; c < info.meta_columns.size(); ++c) {
    out["meta/" + info.meta_columns[c]] = meta_column(part, c, numeric.contains(c));
  }
  return out;
}

std::vector<std::string> link_names(std::vector<std::string> columns, const Path& path) {
  std::set<std::string> seen;
  for (auto& name : columns) {
    std::replace(name.begin(), name.end(), '/', '_');
    if (name.empty() || name == "." || name == "..") name = "column_" + name;
    check(seen.insert(name).second,
          Exit::bad_data,
          cat("cannot write ", path.string(), ": two meta columns are named '", name, "'"));
  }
  return columns;
}

Columns joined(std::vector<Columns> files) {
  if (files.size() == 1) return std::move(files[0]);
  Columns out;
  for (auto& file : files) {
    const bool first = out.empty();
    if (!first && file.contains("polygon_box"))
      shift(file["polygon_box"], out.at("box_labels").shape[0]);
    continue_offsets(file, out, "box_offsets", "boxes");
    continue_offsets(file, out, "polygon_offsets", "polygons");
    for (auto& [name, column] : file) {
      const bool meta = name.starts_with("meta/");
      must(first || !meta || out.contains(name), name + " is not in all shards");
      const auto [whole, fresh] = out.emplace(name, column);
      if (!fresh) append(whole->second, column, name);
    }
  }
  return out;
}

StorePart part_of(const std::string& name, const Columns& columns, const StoreInfo& info) {
  StorePart part;
  part.name = name;
  part.ids = columns.at("ids").texts;
  part.groups = columns.at("group").texts;
  part.source_paths = columns.at("source_path").texts;
  const size_t n = part.ids.size(), classes = info.class_names.size();
  const auto labels = columns.at("labels").values<int8_t>();
  for (size_t i = 0; i < n; ++i) {
    const auto& row =
        part.labels.emplace_back(labels.begin() + static_cast<int64_t>(i * classes),
                                 labels.begin() + static_cast<int64_t>((i + 1) * classes));
    for (const int label : row) {
      must(label >= -1 && label <= 1,
           cat(name, "/labels: row ", i, " is ", label, ", not 1, 0 or -1"));
    }
  }
  check_coordinates(columns.at("offset").values<float>(), name + "/offset");
  part.scales = pairs(columns.at("scale"));
  part.offsets = pairs(columns.at("offset"));
  part.boxes = boxes_of(columns, name, classes);
  part.boxes_known = columns.at("boxes_known").values<uint8_t>();
  const auto origin = columns.at("origin").values<uint8_t>();
  const auto parent = columns.at("parent").values<int64_t>();
  const auto seed = columns.at("seed").values<uint64_t>();
  const auto& recipe = columns.at("recipe").texts;
  for (size_t i = 0; i < n; ++i) {
    must(origin[i] <= 3, cat(name, "/origin: row ", i, " is ", int{origin[i]}, ", not 0 to 3"));
    must(parent[i] >= -1 && parent[i] < static_cast<int64_t>(n),
         cat(name, "/parent: row ", i, " has parent row ", parent[i], " of ", n));
    part.provenance.push_back({static_cast<Origin>(origin[i]), parent[i], recipe[i], seed[i]});
  }
  part.weights = columns.at("weight").values<float>();
  part.meta.assign(n, std::vector<std::string>(info.meta_columns.size()));
  for (size_t c = 0; c < info.meta_columns.size(); ++c) {
    const auto& column = columns.at("meta/" + info.meta_columns[c]);
    const auto numbers = column.values<double>();
    for (size_t i = 0; i < n; ++i) {
      if (column.type == Element::text) {
        part.meta[i][c] = column.texts[i];
      } else if (!std::isnan(numbers[i])) {
        part.meta[i][c] = exact(numbers[i]);
      }
    }
  }
  return part;
}

Columns attributes_of(const StoreInfo& info) {
  Columns out;
  out["schema"] = Column::scalar(std::string(kSchema));
  out["schema_version"] = Column::scalar(kSchemaVersion);
  out["class_names"] = Column::of(info.class_names);
  out["multi_label"] = Column::scalar(static_cast<uint8_t>(info.multi_label));
  out["size_px"] = Column::of(Element::i64, {2}, std::vector<int64_t>{info.height, info.width});
  out["bits"] = Column::scalar(int64_t{info.bits});
  out["value_max"] = Column::scalar(int64_t{info.value_max});
  out["config"] = Column::scalar(info.config);
  out["source"] = Column::scalar(info.source);
  out["source_digest"] = Column::scalar(info.source_digest);
  out["licence"] = Column::scalar(info.licence);
  return out;
}

std::string content_digest_of(const Columns& attributes,
                              const std::array<Columns, 3>& parts,
                              const std::array<std::vector<std::string>, 3>& row_digests) {
  Digest digest;
  const auto add = [&](const std::string& path, const Column& column) {
    add_head(digest, path, column);
    digest.add(column.bytes);
    add_texts(digest, column.texts);
  };
  for (const auto& [name, column] : attributes) {
    if (!outside_digest(name)) add("@" + name, column);
  }
  for (size_t p = 0; p < parts.size(); ++p) {
    for (const auto& [name, column] : parts[p]) {
      add(cat(kParts[p], "/", name), column);
      if (name != "images") continue;
      for (const auto& row : row_digests[p]) digest.add(row);
    }
  }
  return digest.hex();
}

}  // namespace evenray
