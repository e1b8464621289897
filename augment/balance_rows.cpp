// SPDX-License-Identifier: Apache-2.0
#include "augment/balance_rows.hpp"

#include "core/text.hpp"

namespace evenray {

StoreRow stored_row(const StorePart& part, int64_t row) {
  const auto i = static_cast<size_t>(row);
  StoreRow out;
  out.labels = part.labels[i];
  out.id = part.ids[i];
  out.group = part.groups[i];
  out.source_path = part.source_paths[i];
  out.scale = part.scales[i];
  out.offset = part.offsets[i];
  out.boxes = part.boxes[i];
  out.boxes_known = part.boxes_known[i] != 0;
  out.provenance = part.provenance[i];
  out.weight = part.weights[i];
  out.meta = part.meta[i];
  return out;
}

std::vector<int8_t> synthetic_labels(const StoreInfo& info, int class_index) {
  std::vector<int8_t> labels(info.class_names.size(), info.multi_label ? int8_t{-1} : int8_t{0});
  labels[static_cast<size_t>(class_index)] = 1;
  return labels;
}

std::vector<int8_t> drawn_into_labels(const std::vector<int8_t>& parent,
                                      const StoreInfo& info,
                                      int class_index) {
  auto labels = synthetic_labels(info, class_index);
  for (size_t c = 0; c < labels.size(); ++c)
    if (labels[c] != 1 && parent[c] == 0) labels[c] = 0;
  return labels;
}

RowMaker::RowMaker(const Store& in) : in_(in) {
  for (const char* part : kParts) ids_.insert(in.part(part).ids.begin(), in.part(part).ids.end());
}

StoreRow RowMaker::added(const Drawn& drawn, int class_index, const std::vector<int64_t>& new_row) {
  const Origin origin = drawn.provenance.origin;
  const StoreInfo& info = in_.info();
  StoreRow row;
  if (drawn.provenance.parent >= 0) {
    row = stored_row(in_.part("train"), drawn.provenance.parent);
    if (origin == Origin::synthetic) row.labels = drawn_into_labels(row.labels, info, class_index);
    row.id = new_id(cat(row.id, "+", origin_name(origin)));
    // The operations moved the image content, so scale and offset no longer map its pixels to the
    // source file.
    if (origin != Origin::copy) row.scale = {1, 1}, row.offset = {0, 0};
  } else {
    row.labels = synthetic_labels(info, class_index);
    row.id =
        new_id(cat(origin_name(origin), "-", info.class_names[static_cast<size_t>(class_index)]));
    row.group = row.id;
    row.meta.assign(info.meta_columns.size(), "");
  }
  row.image = drawn.image;
  row.provenance = drawn.provenance;
  if (row.provenance.parent >= 0)
    row.provenance.parent = new_row[static_cast<size_t>(row.provenance.parent)];
  row.boxes_known = drawn.boxes_known && drawn.provenance.parent >= 0;
  row.boxes = drawn.provenance.parent >= 0 ? drawn.boxes : std::vector<Box>{};
  return row;
}

std::string RowMaker::new_id(const std::string& stem) {
  int64_t& last = last_of_stem_[stem];
  std::string id;
  do {
    id = cat(stem, "-", ++last);
  } while (!ids_.insert(id).second);
  return id;
}

}  // namespace evenray
