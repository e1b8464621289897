// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "core/number.hpp"
#include "core/page/html.hpp"
#include "core/text.hpp"
#include "dataset/audit.hpp"
#include "dataset/label_suspects.hpp"
#include "dataset/patients.hpp"

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
         "The image data end early and the decoder fills in the rest. This is a shortcut if it "
         "happens mainly in one class. Left out when packing."},
    Kind{"further_pictures",
         "A file with several pictures (frames of DICOM or of an animated PNG, pages of TIFF), of "
         "which not all are read."},
    Kind{
        "boxes_of_file",
        "A file with several frames has boxes that may be of any of them. They stay with the first "
        "frame; the boxes of the others are unknown."},
    Kind{"transparent",
         "Some pixels are transparent. Transparency is dropped, so colours appear that a viewer "
         "does not show."},
    Kind{"bits_lost", "Stored with more grey levels than evenray can read from this form of TIFF."},
    Kind{"beyond_bits_stored",
         "Pixels of a DICOM file have bits that BitsStored excludes. These bits are ignored, as by "
         "other programs. They may be an overlay; if the header is wrong, bright pixels are shown "
         "too dark."},
    Kind{"wrong_ending",
         "The extension does not match the content. evenray reads the file by its content; other "
         "programs may refuse it."},
    Kind{
        "name_differs",
        "The annotations name a file in another way (letter case, extension, backslashes, an older "
        "name). Exactly one file fits and was taken."},
    Kind{"label_suspect",
         "A classifier that did not see the image expects another class. The most suspect images "
         "come first. Look at them before you change a label: the classifier may be wrong, and it "
         "often is where it is weak. Nothing is left out because of this finding."},
    Kind{"missing_file", "The table lists an image that does not exist."},
    Kind{"dead_link", "A symbolic link that leads to nothing, so that what it names is not read."},
    Kind{
        "outside_link",
        "A symbolic link that leads out of the folder. What it names is read; a copy of the folder "
        "alone would lack it."},
    Kind{"empty_class", "A class folder without an image. The class is kept, with no image in it."},
    Kind{"unlisted_file", "The table does not list this file, or it is outside the class folders."},
    Kind{"label_conflict",
         "The table disagrees with the folder or the boxes, which take precedence."},
    Kind{"duplicate_group",
         "Images of one picture. They stay in one part; in test only one of them is used."},
    Kind{"augmented_copies",
         "Altered copies of one picture (turned, mirrored, sheared, scaled, cropped, brightened), "
         "known by their pictures, or by their names and pictures. They stay in one part; in test "
         "only one of them is used."},
    Kind{"duplicate_conflict",
         "One picture with conflicting labels; left out of all parts when packing."},
    Kind{"leak_patient",
         "A patient in more than one part: the test results would be too optimistic."},
    Kind{"leak_duplicate",
         "One picture in more than one part: the test results would be too optimistic."},
    Kind{"leak_augmented",
         "Altered copies of one picture in more than one part: the test results would be too "
         "optimistic."},
    Kind{"not_in_split", "Images that the split table does not list. They are in no part."},
    Kind{"split_unknown",
         "Ids in the split table that the collection does not have: the table is of another "
         "collection, or of another version of this one."},
    Kind{"leak_synthetic",
         "An image that is not real is in val, test or a fold: results there would not be results "
         "on patients."},
    Kind{"annotation_conflict",
         "The published annotation formats disagree about the boxes; the first format is used."},
    Kind{"boxes_scaled",
         "Images of another size than their annotations state; the boxes were scaled to the "
         "images."},
    Kind{"size_conflict",
         "An image whose size and aspect ratio are not those that its annotation states: it was "
         "cropped or rotated, or it is not the annotated image. Its boxes were not changed."},
    Kind{"crowd_box",
         "A box that COCO marks as a group of objects (iscrowd); it is read as one box."},
    Kind{"mask_left_out", "A COCO mask that is run-length encoded was not read; its box was."},
    Kind{"unread_kind",
         "Images in a format that is not supported (BMP, GIF, WebP, JPEG 2000, ...): convert them "
         "to PNG."},
    Kind{"not_real", "Rows of a store or an export that are not real images; they are not read."},
    Kind{"metadata_shortcut", "A metadata column predicts the class without the image."},
    Kind{"size_shortcut",
         "Size, bits, mode, truncation or file format predicts the class without the image "
         "content."},
    Kind{"brightness_shortcut",
         "Brightness alone, of the picture or its border, predicts the class. A classifier may "
         "learn exposure, padding or device instead of the finding."},
    Kind{"not_radiograph",
         "Mostly coloured, or of very few grey levels: a photograph, drawing or scanned page."},
    Kind{"coloured", "Some pixels are coloured: drawn marks, a logo, or a colour map."},
    Kind{"box_outside",
         "A box extends beyond its image. Packing refuses it; --keep box_outside clips it."},
    Kind{"box_empty", "A box has no area. Packing refuses it; --keep box_empty drops it."},
    Kind{"annotation_invalid",
         "An annotation that cannot be read, or that belongs to no listed image or class. Packing "
         "refuses the collection; --keep annotation_invalid drops these annotations and keeps the "
         "images, whose boxes are then unknown."},
    Kind{"part_conflict",
         "Images that the collection puts into two parts. Its own parts are not used."},
    Kind{"class_spelling",
         "Classes whose names differ in case or blanks only. A label map (--labels) unites them."},
    Kind{"inverted", "The brightness is that of a negative: bone may be dark."},
    Kind{"blank", "Nothing is visible."},
    Kind{"burned_in",
         "The file's header states that text is burned into the pixels: check for names, and for a "
         "shortcut."},
    Kind{"burned_in_unknown",
         "Headers that do not state whether text is burned into the pixels: check the images "
         "before you share them."},
    Kind{"exif_rotated",
         "Stored rotated or mirrored (EXIF orientation); turned upright when read."},
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
  table.head = {"Images", "Finding"};
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
    if (finding.kind != kLabelSuspect) continue;
    list.back()["score"] = finding.score;
    list.back()["given"] = finding.given;
    list.back()["suggested"] = finding.suggested;
  }
  Json counts = Json::object();
  for (const auto& [kind, count] : count_kinds(findings)) counts[kind] = count;
  return {{"schema", "evenray-audit-1"},
          {"images", manifest.samples.size()},
          {"patients", describe_patients(manifest)},
          {"findings", list},
          {"counts", counts}};
}

std::string audit_html(const Manifest& manifest,
                       const std::vector<Finding>& findings,
                       std::string_view suspects_png) {
  auto counts = count_kinds(findings);
  HtmlPage page(cat("Audit of ", manifest.source),
                findings.empty() ? "The audit found no problem of the kinds that it checks."
                                 : cat(counted(std::ssize(findings), "finding"),
                                       " of ",
                                       counted(std::ssize(counts), "kind"),
                                       "."),
                cat(counted(std::ssize(manifest.samples), "image"),
                    ", ",
                    manifest.format,
                    " layout; ",
                    describe_patients(manifest)));
  if (findings.empty()) return page.text();
  HtmlTable table;
  table.head = {"Kind", "Findings"};
  for (const auto& [kind, count] : counts) table.rows.push_back({kind, cat(count)});
  page.section("Counts");
  page.table(table);
  for (const auto& kind : kKinds) {
    if (!counts.erase(kind.name)) continue;
    add_kind(page, kind.name, kind.meaning, findings);
    if (kind.name == std::string_view(kLabelSuspect) && !suspects_png.empty())
      page.figure(png_image(suspects_png, "The images whose labels are most suspect"),
                  "The most suspect images, with their boxes, labels and scores.");
  }
  for (const auto& [kind, count] : counts) add_kind(page, kind, "", findings);
  return page.text();
}

}  // namespace evenray
