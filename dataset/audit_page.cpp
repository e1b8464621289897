// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "core/page/html.hpp"
#include "core/text.hpp"
#include "dataset/audit.hpp"

namespace evenray {
namespace {

constexpr size_t kShownFindings = 50, kShownIds = 8;

struct Kind {
  const char* name;
  const char* meaning;
};

constexpr std::array kKinds{
    Kind{"unreadable", "No pixels could be decoded; left out when packing."},
    Kind{"truncated",
         "The image data end early and the decoder fills the rest: a shortcut where it befalls one "
         "class. Left out when packing."},
    Kind{"wrong_ending",
         "The file is another kind than its name says. It is read by what it holds; other programs "
         "may refuse it."},
    Kind{"missing_file", "The table names an image that is not there."},
    Kind{"unlisted_file", "An image that the table does not name."},
    Kind{"label_conflict", "The table disagrees with folder or boxes, which beat it."},
    Kind{"duplicate_group",
         "Images of one picture. They stay in one part; in test one of them counts."},
    Kind{"duplicate_conflict", "One picture under two labels; left out of all parts when packing."},
    Kind{"leak_patient", "A patient in more than one part: the test measures memory."},
    Kind{"leak_duplicate", "One picture in more than one part: the test measures memory."},
    Kind{"not_in_split", "Images that the split table does not name: they go into no part."},
    Kind{
        "split_unknown",
        "Ids of the split table that the collection does not have: the table is of another set, or "
        "of another version of this one."},
    Kind{"leak_synthetic",
         "An image that is not real where one measures: the result says nothing of patients."},
    Kind{"annotation_conflict",
         "The formats that the boxes are published in disagree; the first one counts."},
    Kind{"boxes_scaled",
         "Images of another size than their annotations were made at; boxes were scaled to them."},
    Kind{
        "size_conflict",
        "An image whose sides are not those that its annotation states, nor in proportion: cropped "
        "or turned since, or not the image that was annotated. Its boxes are as written."},
    Kind{"crowd_box", "A box that COCO marks as round several things; it is read as one."},
    Kind{"mask_left_out", "A COCO mask written as run lengths is not read, its box is."},
    Kind{"unread_kind",
         "Images of a kind that is not read (BMP, GIF, WebP, JPEG 2000 ...): convert them to PNG."},
    Kind{"not_real", "Rows of a store that are not real images; they are not read."},
    Kind{"metadata_shortcut", "A column of the table tells the class without the image."},
    Kind{"size_shortcut",
         "Size, bits, mode, truncation or file format tell the class without the picture."},
    Kind{"brightness_shortcut",
         "Brightness alone, of the picture or its border, tells the class: exposure, padding or "
         "device may be what a classifier learns."},
    Kind{"not_radiograph",
         "Mostly coloured, or of very few grey levels: a photograph, drawing or scanned page."},
    Kind{"coloured", "Some colour: marks drawn on, a logo, or a colour map."},
    Kind{"box_outside",
         "A box leaves its image; packing refuses it unless it is kept and clipped."},
    Kind{"inverted", "Brightness is that of a negative: bone may be dark."},
    Kind{"blank", "Nothing is to be seen."},
    Kind{"burned_in",
         "The file's header says that text is burned into the pixels: look for names, and for a "
         "shortcut."},
    Kind{"burned_in_unknown",
         "Headers that do not say whether text is burned into the pixels: look before passing the "
         "images on."},
    Kind{"exif_rotated", "Stored on its side or head; turned upright when read."},
};

std::map<std::string, int64_t> count_kinds(const std::vector<Finding>& findings) {
  std::map<std::string, int64_t> counts;
  for (const auto& finding : findings) ++counts[finding.kind];
  return counts;
}

std::string ids_text(const std::vector<std::string>& ids) {
  const std::vector<std::string> shown(
      ids.begin(), ids.begin() + static_cast<int64_t>(std::min(ids.size(), kShownIds)));
  return join(shown) +
         (ids.size() > kShownIds ? cat(" and ", ids.size() - kShownIds, " more") : "");
}

void add_kind(HtmlPage& page,
              const std::string& kind,
              const char* meaning,
              const std::vector<Finding>& findings) {
  page.section(kind);
  if (*meaning) page.paragraph(meaning);
  HtmlTable table;
  table.head = {"Images", "What was found"};
  table.numeric = {false, false};
  size_t count = 0;
  for (const auto& finding : findings) {
    if (finding.kind != kind || ++count > kShownFindings) continue;
    table.rows.push_back({ids_text(finding.ids), finding.detail});
  }
  page.table(table);
  if (count > kShownFindings) page.paragraph(cat("And ", count - kShownFindings, " more."));
}

}  // namespace

std::string describe_finding_kind(const std::string& kind) {
  for (const auto& known : kKinds) {
    if (kind == known.name) return known.meaning;
  }
  return "";
}

Json audit_json(const Manifest& manifest, const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const auto& finding : findings) {
    list.push_back({{"kind", finding.kind}, {"ids", finding.ids}, {"detail", finding.detail}});
  }
  Json counts = Json::object();
  for (const auto& [kind, count] : count_kinds(findings)) counts[kind] = count;
  return {{"schema", "evenray-audit-1"},
          {"images", manifest.samples.size()},
          {"findings", list},
          {"counts", counts}};
}

std::string audit_html(const Manifest& manifest, const std::vector<Finding>& findings) {
  auto counts = count_kinds(findings);
  HtmlPage page(cat("What is wrong with ", manifest.source),
                findings.empty() ? "Nothing that this audit looks for was found."
                                 : cat(findings.size(), " findings of ", counts.size(), " kinds."),
                cat(manifest.samples.size(), " images, ", manifest.format, " layout"));
  if (findings.empty()) return page.text();
  HtmlTable table;
  table.head = {"Kind", "Findings"};
  for (const auto& [kind, count] : counts) table.rows.push_back({kind, cat(count)});
  page.section("Counts");
  page.table(table);
  for (const auto& kind : kKinds) {
    if (counts.erase(kind.name)) add_kind(page, kind.name, kind.meaning, findings);
  }
  for (const auto& [kind, count] : counts) add_kind(page, kind, "", findings);
  return page.text();
}

}  // namespace evenray
