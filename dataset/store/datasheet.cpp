// SPDX-License-Identifier: Apache-2.0
#include "dataset/store/datasheet.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::array kOrigins = {Origin::real, Origin::copy, Origin::augmented, Origin::synthetic};

std::string or_unknown(const std::string& text) {
  return text.empty() ? "not stated" : markdown_line(text);
}

std::string about_text(const Store& store) {
  const auto& info = store.info();
  std::vector<std::string> classes;
  for (const auto& name : info.class_names) classes.push_back(markdown_line(name));
  return cat("## What it is\n\n- images: ",
             info.height,
             " x ",
             info.width,
             " px (height x width), ",
             info.bits,
             " bits, one channel, white is ",
             info.value_max,
             "\n- classes: ",
             join(classes),
             info.multi_label ? " (an image may show several, or none)"
                              : " (each image has exactly one class)",
             "\n- content digest: ",
             markdown_line(store.content_digest()),
             "\n- digest of the source's files: ",
             or_unknown(info.source_digest),
             "\n\n");
}

std::string source_text(const StoreInfo& info) {
  return cat("## Source and licence\n\n- source: ",
             or_unknown(info.source),
             "\n- licence: ",
             info.licence.empty() ? "not stated; ask the source before you share it"
                                  : markdown_line(info.licence),
             "\n\n");
}

/// Counts by source, for a store of several sources, whose names its ids begin with; else "".
std::string sources_text(const Store& store, const std::vector<std::string>& parts) {
  const auto names = split_text(store.info().source, '+');
  if (names.size() < 2) return "";
  std::map<std::string, std::map<std::string, int64_t>> counts;  // by source and part
  for (const auto& name : parts) {
    const StorePart& part = store.part(name);
    for (size_t i = 0; i < part.ids.size(); ++i) {
      const std::string source = part.ids[i].substr(0, part.ids[i].find('/'));
      ++counts[source][name];
      // Names are joined by +, and a single source may have a + in its own name. If the ids do not
      // match the names, there is no table.
      if (part.provenance[i].origin == Origin::real &&
          std::count(names.begin(), names.end(), source) == 0)
        return "";
    }
  }
  std::string out = cat("| source | ", join(parts, " | "), " |\n|---|");
  for (size_t i = 0; i < parts.size(); ++i) out += "---:|";
  for (const auto& name : names) {
    out += cat("\n| ", markdown_line(name), " |");
    for (const auto& part : parts) out += cat(" ", counts[name][part], " |");
  }
  return out + "\n\n";
}

std::string counts_row(const StorePart& part, const std::string& name, int class_index) {
  std::map<Origin, int64_t> counts;
  int64_t total = 0, unknown = 0;
  for (size_t i = 0; i < part.ids.size(); ++i) {
    const auto label = class_index < 0 ? 1 : part.labels[i][static_cast<size_t>(class_index)];
    unknown += label < 0;
    if (label != 1) continue;
    ++counts[part.provenance[i].origin];
    ++total;
  }
  std::string row = cat("| ", part.name, " | ", markdown_line(name), " |");
  for (const Origin origin : kOrigins) row += cat(" ", counts[origin], " |");
  return row + cat(" ", total, " | ", unknown, " |\n");
}

std::string counts_text(const Store& store, const std::vector<std::string>& parts) {
  std::string out =
      "## Counts\n\n| part | class | real | copy | augmented | synthetic | images | unknown |\n"
      "|---|---|---:|---:|---:|---:|---:|---:|\n";
  for (const auto& name : parts) {
    const StorePart& part = store.part(name);
    int index = 0;
    for (const auto& class_name : store.info().class_names)
      out += counts_row(part, class_name, index++);
    out += counts_row(part, "all images", -1);
  }
  return out +
         "\nunknown: the source does not state whether the image shows the class. copy, augmented: "
         "made from a real image of the same part. synthetic: drawn by a generator, or an "
         "image of the same part with a lesion drawn into it.\n\n";
}

std::string annotation_text(const Store& store, const std::vector<std::string>& parts) {
  std::string out =
      "## Boxes\n\n| part | images annotated | not annotated | boxes | with polygons |\n"
      "|---|---:|---:|---:|---:|\n";
  for (const auto& name : parts) {
    const StorePart& part = store.part(name);
    int64_t known = 0, boxes = 0, rings = 0;
    for (size_t i = 0; i < part.ids.size(); ++i) {
      known += part.boxes_known[i] != 0;
      boxes += static_cast<int64_t>(part.boxes[i].size());
      for (const auto& box : part.boxes[i]) rings += !box.rings.empty();
    }
    out += cat(
        "| ", name, " | ", known, " | ", part.size() - known, " | ", boxes, " | ", rings, " |\n");
  }
  return out +
         "\nAn annotated image without boxes has no object. An image that is not annotated may "
         "have objects.\n\n";
}

std::string division_text(const Store& store, const std::vector<std::string>& parts) {
  std::string out = "## How it was divided\n\n| part | images | groups |\n|---|---:|---:|\n";
  std::map<std::string, std::set<std::string>> parts_of;  ///< by group, over the whole store
  for (const char* name : kParts)
    for (const auto& group : store.part(name).groups) parts_of[group].insert(name);
  for (const auto& name : parts) {
    const StorePart& part = store.part(name);
    const std::set<std::string> groups(part.groups.begin(), part.groups.end());
    out += cat("| ", name, " | ", part.size(), " | ", groups.size(), " |\n");
  }
  int64_t leaks = 0;
  for (const auto& [group, in] : parts_of) leaks += in.size() > 1;
  out += "\nA group is a patient, or images of one picture or visit. ";
  out +=
      leaks == 0
          ? "No group is in two parts.\n"
          : cat(leaks, " groups are in more than one part: results on them are too optimistic.\n");
  if (!store.info().config.empty()) {
    out += "\nSettings that it was made with:\n\n";
    for (const auto& line : split_text(store.info().config, '\n'))
      if (!trim(line).empty()) out += "    " + line + "\n";
  }
  return out + "\n";
}

std::string columns_text(const StoreInfo& info) {
  if (info.meta_columns.empty()) return "";
  std::vector<std::string> names;
  for (const auto& name : info.meta_columns) names.push_back(markdown_line(name));
  return cat("## Columns of the source\n\n",
             join(names),
             ". A column may predict the class without the image; `evenray data audit` on the "
             "source finds such shortcuts.\n\n");
}

}  // namespace

std::string unfit_uses() {
  return "## What it must not be used for\n\n"
         "- Diagnosis, triage or any decision on a patient. It is research data, not part of a "
         "medical device.\n"
         "- Finding out who the patients are, or linking images to persons or other sources.\n"
         "- Evaluation on copied, augmented or synthetic images: they belong in training only. "
         "Report results on real images of the test part.\n"
         "- Synthetic images as evidence of how a disease looks or how often it occurs: they "
         "repeat what a generator learned, including its errors.\n"
         "- Estimates of prevalence: classes were chosen or balanced.\n"
         "- Anything that the source's licence does not allow.\n";
}

std::string datasheet(const Store& store, const std::vector<std::string>& parts) {
  return cat(
      "# Datasheet: ",
      markdown_line(store.info().source.empty() ? "a set of radiographs" : store.info().source),
      "\n\n",
      about_text(store),
      source_text(store.info()),
      sources_text(store, parts),
      counts_text(store, parts),
      annotation_text(store, parts),
      division_text(store, parts),
      columns_text(store.info()),
      unfit_uses());
}

void write_datasheet(const Store& store) {
  const std::vector<std::string> parts(kParts.begin(), kParts.end());
  Path at = store.path();
  if (std::filesystem::is_directory(at)) at.replace_extension();  // of shards: set.h5.d
  write_atomic(companion(at.replace_extension(), ".datasheet.md"), datasheet(store, parts));
}

}  // namespace evenray
