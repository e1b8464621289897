// SPDX-License-Identifier: Apache-2.0
#include "dataset/audit.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/text.hpp"
#include "dataset/augmented_copies.hpp"
#include "dataset/duplicates.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/shortcuts.hpp"
#include "metrics/stats.hpp"

namespace evenray {
namespace {

/// Annotation tools round coordinates, so a box may end this far outside.
constexpr float kBoxTolerancePx = .5f;

/// Shares of coloured pixels above which an image has marks or a logo, or is not a radiograph.
constexpr float kSomeColour = .001f, kMostlyColoured = .2f;
constexpr int kFewGreyLevels = 16;

/// Finds images whose mean is far from the collection's median while their negative's mean is near
/// it.
struct UsualBrightness {
  double middle = 0, spread = 0;

  explicit UsualBrightness(const std::vector<ImageFacts>& facts) {
    std::vector<double> means;
    for (const auto& fact : facts) {
      if (fact.readable && !fact.blank) means.push_back(fact.mean);
    }
    if (means.empty()) return;
    middle = quantile(means, .5);
    // The interquartile range of a normal distribution is 1.35 standard deviations.
    spread = std::max(.02, (quantile(means, .75) - quantile(means, .25)) / 1.35);
  }
  bool inverted(const ImageFacts& fact) const {
    const double away = std::abs(fact.mean - middle), mirrored = std::abs(1 - fact.mean - middle);
    return away > std::max(.2, 4 * spread) && mirrored < 3 * spread;
  }
};

void add_file_findings(const Manifest& manifest,
                       const std::vector<ImageFacts>& facts,
                       std::vector<Finding>& findings) {
  const UsualBrightness usual(facts);
  for (size_t i = 0; i < facts.size(); ++i) {
    const auto& fact = facts[i];
    const auto& sample = manifest.samples[i];
    const auto add = [&](const char* kind, const std::string& detail) {
      findings.push_back({kind, {sample.id}, detail});
    };
    std::string holds;
    if (!sample.draw && !extension_matches(sample.file, holds))
      add("wrong_ending", cat("extension ", sample.file.extension().string(), ", content ", holds));
    if (!fact.readable) {
      add("unreadable", fact.fault);
      continue;
    }
    if (fact.truncated) add("truncated", kTruncatedText);
    for (const auto& [kind, detail] : fact.losses) add(kind.c_str(), detail);
    if (fact.orientation != 1) add("exif_rotated", cat("EXIF orientation ", fact.orientation));
    if (fact.blank) add("blank", cat("nothing is visible, mean ", fixed(fact.mean, 2)));
    if (!fact.blank && usual.inverted(fact)) {
      add("inverted",
          cat("mean ",
              fixed(fact.mean, 2),
              ", but the median of the collection is ",
              fixed(usual.middle, 2),
              ": bone may be dark"));
    }
    const bool few_levels = fact.bits == 8 && fact.grey_levels <= kFewGreyLevels;
    if (fact.coloured > kMostlyColoured || (few_levels && !fact.blank)) {
      add("not_radiograph",
          few_levels ? cat("only ", fact.grey_levels, " grey levels: drawn, or black and white")
                     : cat(fixed(100 * fact.coloured, 0), " % of the pixels are coloured"));
    } else if (fact.coloured > kSomeColour) {
      add("coloured", cat(fixed(100 * fact.coloured, 1), " % of the pixels are coloured"));
    }
    for (const char* kind : {"box_empty", "box_outside"}) {
      const auto fault =
          std::find_if(sample.boxes.begin(), sample.boxes.end(), [&](const Box& box) {
            return box_fault(box, fact.width, fact.height) == kind;
          });
      if (fault != sample.boxes.end())
        add(kind, describe_box_fault(*fault, fact.width, fact.height));
    }
  }
}

std::vector<std::string> ids_of(const Manifest& manifest, const std::vector<size_t>& rows) {
  std::vector<std::string> ids;
  for (const auto row : rows) ids.push_back(manifest.samples[row].id);
  return ids;
}

std::string labels_text(const Manifest& manifest, const std::vector<size_t>& rows) {
  std::vector<std::string> texts;
  for (const auto row : rows) {
    std::vector<std::string> names;
    for (size_t c = 0; c < manifest.class_names.size(); ++c) {
      if (manifest.samples[row].labels[c] == 1) names.push_back(manifest.class_names[c]);
    }
    texts.push_back(names.empty() ? "none" : join(names, "|"));
  }
  return join(texts);
}

/// Adds a finding for each file that has more pictures than the collection reads.
void add_further_pictures(const Manifest& manifest,
                          const std::vector<ImageFacts>& facts,
                          std::vector<Finding>& findings) {
  std::map<Path, std::vector<size_t>> rows_of_file;
  for (size_t i = 0; i < facts.size(); ++i)
    if (facts[i].pictures > 1) rows_of_file[manifest.samples[i].file].push_back(i);
  for (const auto& [file, rows] : rows_of_file) {
    const int pictures = facts[rows[0]].pictures;
    const auto left = pictures - static_cast<int>(rows.size());
    if (left <= 0) continue;
    std::string holds;
    extension_matches(file, holds);
    findings.push_back({"further_pictures",
                        ids_of(manifest, rows),
                        cat(left,
                            " of ",
                            pictures,
                            " pictures in the file are not read",
                            holds == "DICOM" ? "; --frames all reads them"
                                             : "; store each as a file of its own to use it")});
  }
}

void add_duplicates(const Manifest& manifest,
                    const std::vector<std::vector<size_t>>& duplicates,
                    std::vector<Finding>& findings) {
  for (const auto& rows : duplicates) {
    findings.push_back(
        {"duplicate_group", ids_of(manifest, rows), cat(rows.size(), " images of one picture")});
    if (labels_conflict(manifest, rows)) {
      findings.push_back({"duplicate_conflict",
                          ids_of(manifest, rows),
                          "one picture, labels " + labels_text(manifest, rows)});
    }
  }
}

void add_copies(const Manifest& manifest,
                const std::vector<std::vector<size_t>>& copies,
                std::vector<Finding>& findings) {
  for (const auto& rows : copies) {
    std::string detail =
        cat(rows.size(), " images of one picture, altered (turned, mirrored, ...)");
    if (labels_conflict(manifest, rows)) detail += ", labels " + labels_text(manifest, rows);
    findings.push_back({"augmented_copies", ids_of(manifest, rows), detail});
  }
}

/// Adds findings for ids that only the collection or only the split table has.
void add_unmatched(const Manifest& manifest,
                   const std::vector<SplitRow>& split,
                   std::vector<Finding>& findings) {
  std::set<std::string> absent;
  for (const auto& row : split) absent.insert(row.id);
  Finding unlisted{"not_in_split", {}, "the split table does not list it"};
  for (const auto& sample : manifest.samples)
    if (absent.erase(sample.id) == 0) unlisted.ids.push_back(sample.id);
  if (!unlisted.ids.empty()) findings.push_back(std::move(unlisted));
  if (!absent.empty())
    findings.push_back({"split_unknown",
                        {absent.begin(), absent.end()},
                        cat("in the split table, but not in ", manifest.source)});
}

/// Returns the parts that came with the collection as a split table; empty if there are none.
std::vector<SplitRow> own_parts(const Manifest& manifest) {
  std::vector<SplitRow> rows;
  for (const auto& sample : manifest.samples)
    if (!sample.part.empty())
      rows.push_back({sample.id, sample.source_path, "", sample.part, "", ""});
  return rows;
}

/// Adds findings for patients and pictures whose rows are in more than one part.
void add_leaks(const Manifest& manifest,
               const std::vector<SplitRow>& split,
               const PictureGroups& pictures,
               std::vector<Finding>& findings) {
  std::map<std::string, std::string> part_of;
  for (const auto& row : split) {
    if (row.fault.empty()) part_of[row.id] = row.fold.empty() ? row.split : "fold " + row.fold;
  }
  const auto add = [&](const char* kind, const std::string& what, const std::vector<size_t>& rows) {
    Finding finding{kind, {}, ""};
    std::set<std::string> parts;
    for (const auto row : rows) {
      const auto found = part_of.find(manifest.samples[row].id);
      if (found == part_of.end()) continue;
      parts.insert(found->second);
      finding.ids.push_back(found->first);
    }
    if (parts.size() < 2) return;
    finding.detail = cat(what, " is in ", join({parts.begin(), parts.end()}, " and "));
    findings.push_back(std::move(finding));
  };
  std::map<std::string, std::vector<size_t>> rows_of_owner;
  for (size_t i = 0; i < manifest.samples.size(); ++i) {
    if (!manifest.samples[i].owner().empty())
      rows_of_owner[manifest.samples[i].owner()].push_back(i);
  }
  for (const auto& [owner, rows] : rows_of_owner) {
    const bool patient = !manifest.samples[rows[0]].patient.empty();
    add("leak_patient", cat(patient ? "patient " : "the study, file or group ", owner), rows);
  }
  for (const auto& rows : pictures.duplicates) add("leak_duplicate", "one picture", rows);
  for (const auto& rows : pictures.copies) add("leak_augmented", "one picture, altered,", rows);
}

/// Whether a column states the origin of its image (labels.csv of `data export`, or a user's
/// table).
bool is_origin_column(const std::string& column) {
  return column == "origin" || column == "evenray_origin";
}

/// Adds findings for images that are not real, according to the source, in val, test or a fold.
void add_synthetic_leaks(const Manifest& manifest,
                         const std::vector<SplitRow>& split,
                         std::vector<Finding>& findings) {
  std::map<std::string, std::string> origin_of;
  for (const auto& finding : manifest.findings) {
    if (finding.kind != "not_real") continue;
    for (const auto& id : finding.ids) origin_of[id] = "not real";
  }
  for (size_t c = 0; c < manifest.meta_columns.size(); ++c) {
    if (!is_origin_column(manifest.meta_columns[c])) continue;
    for (const auto& sample : manifest.samples) {
      if (!sample.meta[c].empty() && sample.meta[c] != origin_name(Origin::real))
        origin_of[sample.id] = sample.meta[c];
    }
  }
  for (const auto& row : split) {
    const auto found = origin_of.find(row.id);
    if (found == origin_of.end() || !row.fault.empty()) continue;
    if (row.split != "train" || !row.fold.empty())
      findings.push_back({"leak_synthetic",
                          {row.id},
                          cat(found->second, ", in ", row.fold.empty() ? row.split : "a fold")});
  }
}

}  // namespace

std::string box_fault(const Box& box, int width, int height) {
  if (!(box.x0 < box.x1 && box.y0 < box.y1)) return "box_empty";
  const bool inside = box.x0 >= -kBoxTolerancePx && box.y0 >= -kBoxTolerancePx &&
                      box.x1 <= static_cast<float>(width) + kBoxTolerancePx &&
                      box.y1 <= static_cast<float>(height) + kBoxTolerancePx;
  return inside ? "" : "box_outside";
}

std::string describe_box_fault(const Box& box, int width, int height) {
  const std::string edges = cat("box ", box.x0, " ", box.y0, " ", box.x1, " ", box.y1);
  return box_fault(box, width, height) == "box_empty"
             ? edges + " is empty: it has no area"
             : cat(edges, " is not inside the ", width, " x ", height, " px image");
}

void sort_findings(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    const std::string none;
    const auto id = [&](const Finding& f) -> const std::string& {
      return f.ids.empty() ? none : f.ids[0];
    };
    return std::tie(a.kind, b.score, id(a)) < std::tie(b.kind, a.score, id(b));
  });
}

std::vector<Finding> audit(const Manifest& manifest,
                           const std::vector<ImageFacts>& facts,
                           const PictureGroups& pictures,
                           const std::vector<SplitRow>* split) {
  std::vector<Finding> findings = manifest.findings;
  add_file_findings(manifest, facts, findings);
  add_further_pictures(manifest, facts, findings);
  add_duplicates(manifest, pictures.duplicates, findings);
  add_copies(manifest, pictures.copies, findings);
  for (auto& finding : find_shortcuts(manifest, facts)) findings.push_back(std::move(finding));
  if (split) add_unmatched(manifest, *split, findings);
  const std::vector<SplitRow> parts = split ? *split : own_parts(manifest);
  add_leaks(manifest, parts, pictures, findings);
  add_synthetic_leaks(manifest, parts, findings);
  sort_findings(findings);
  return findings;
}

}  // namespace evenray
