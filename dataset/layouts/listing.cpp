// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/listing.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/layouts/image_index.hpp"

namespace evenray {
namespace {

/// Returns all classes of an image, from its labels and its boxes.
std::set<std::string> classes_of(const ListedImage& image) {
  std::set<std::string> names(image.classes.begin(), image.classes.end());
  for (const auto& box : image.boxes) names.insert(box.class_name);
  return names;
}

void name_classes(Manifest& manifest, const Listing& listing) {
  manifest.class_names = listing.class_names;
  std::set<std::string> known(listing.class_names.begin(), listing.class_names.end()), more;
  for (const auto& image : listing.images) {
    const auto names = classes_of(image);
    manifest.multi_label |= names.size() != 1 || !image.unknown.empty() || !image.classes_known;
    for (const auto& name : names)
      if (!known.contains(name)) more.insert(name);
  }
  manifest.class_names.insert(manifest.class_names.end(), more.begin(), more.end());
}

void describe(Sample& sample, const ListedImage& image, const std::map<std::string, int>& index) {
  sample.labels.assign(index.size(), image.classes_known ? 0 : -1);
  for (const auto& name : image.unknown) sample.labels[static_cast<size_t>(index.at(name))] = -1;
  for (const auto& name : classes_of(image)) sample.labels[static_cast<size_t>(index.at(name))] = 1;
  for (const auto& [class_name, box] : image.boxes) {
    sample.boxes.push_back(box);
    sample.boxes.back().label = index.at(class_name);
  }
  sample.boxes_known = image.boxes_known;
  sample.patient = image.patient;
  sample.part = image.part;
  sample.meta = image.meta;
}

bool equal_annotations(const ListedImage& a, const ListedImage& b) {
  const auto equal = [](const ListedBox& one, const ListedBox& other) {
    const Box &x = one.box, &y = other.box;
    return one.class_name == other.class_name && x.x0 == y.x0 && x.y0 == y.y0 && x.x1 == y.x1 &&
           x.y1 == y.y1;
  };
  return a.classes == b.classes && a.unknown == b.unknown && a.boxes_known == b.boxes_known &&
         std::equal(a.boxes.begin(), a.boxes.end(), b.boxes.begin(), b.boxes.end(), equal);
}

/// Images that the source puts into two parts.
class PartConflicts {
 public:
  void add(const std::string& id, const std::string& part, const std::string& other) {
    if (finding_.ids.empty())
      finding_.detail = cat("in both ", part, " and ", other, "; no part of the source is used");
    finding_.ids.push_back(id);
  }
  /// Parts that contradict one another are no parts.
  void report(Manifest& manifest) {
    if (finding_.ids.empty()) return;
    for (auto& sample : manifest.samples) sample.part.clear();
    manifest.findings.push_back(std::move(finding_));
  }

 private:
  Finding finding_{"part_conflict", {}, ""};
};

/// Scales boxes from the annotated image to the image that was found.
class Frames {
 public:
  void fit(Sample& sample, const ListedImage& image) {
    if (!image.frame || sample.boxes.empty()) return;
    const cv::Size stated = *image.frame;
    const auto size = upright_size(sample.file);
    if (!size || *size == stated) return;
    const float x = static_cast<float>(size->width) / static_cast<float>(stated.width);
    const float y = static_cast<float>(size->height) / static_cast<float>(stated.height);
    // A scaled side was rounded to whole pixels, which changes the ratio by up to this share.
    const float rounding = 1 / static_cast<float>(std::min(size->width, size->height));
    if (std::abs(x / y - 1) > 2 * rounding) {
      conflicts_.push_back({"size_conflict",
                            {sample.id},
                            cat("the image has ",
                                size->width,
                                " x ",
                                size->height,
                                " px, its annotation (",
                                image.listed,
                                ") states ",
                                stated.width,
                                " x ",
                                stated.height)});
      return;
    }
    scaled_.push_back(sample.id);
    for (Box& box : sample.boxes) {
      box.x0 *= x;
      box.x1 *= x;
      box.y0 *= y;
      box.y1 *= y;
      for (auto& ring : box.rings) {
        for (auto& point : ring) {
          point.x *= x;
          point.y *= y;
        }
      }
    }
  }

  void report(std::vector<Finding>& findings) {
    std::move(conflicts_.begin(), conflicts_.end(), std::back_inserter(findings));
    if (!scaled_.empty())
      findings.push_back({"boxes_scaled",
                          scaled_,
                          "annotated at another size; the boxes were scaled to the image"});
  }

 private:
  std::vector<std::string> scaled_;
  std::vector<Finding> conflicts_;
};

/// If an image without boxes shows a class that has boxes in other images, its boxes are unknown:
/// it was not annotated.
void clear_boxes_known(Listing& listing) {
  std::set<std::string> boxed;
  for (const auto& image : listing.images)
    for (const auto& box : image.boxes) boxed.insert(box.class_name);
  for (auto& image : listing.images) {
    if (!image.boxes.empty()) continue;
    for (const auto& name : image.classes) image.boxes_known &= !boxed.contains(name);
  }
}

/// Returns a hint if evenray does not support the format of a listed image; else an empty text.
std::string unread_hint(const std::string& file) {
  const auto& endings = unsupported_extensions();
  const std::string ending = lower(Path(file).extension().string());
  return std::count(endings.begin(), endings.end(), ending) == 0
             ? ""
             : cat("; ", ending, " is not supported: convert it to PNG");
}

}  // namespace

Manifest match_listing(const std::string& path, Listing&& listing) {
  clear_boxes_known(listing);
  Manifest manifest;
  manifest.format = listing.format;
  manifest.root = clean_root(path);
  manifest.source = manifest.root.filename().string();
  manifest.meta_columns = listing.meta_columns;
  manifest.findings = std::move(listing.findings);
  name_classes(manifest, listing);
  std::map<std::string, int> index;
  for (const auto& name : manifest.class_names) index.emplace(name, static_cast<int>(index.size()));

  auto samples = samples_of_files(manifest.root, image_files(manifest.root));
  ImageIndex images(samples, listing.images);
  std::map<std::string, Finding> renamed;  // by how the names differ
  std::vector<const ListedImage*> listed_as(samples.size());
  Frames frames;
  PartConflicts part_conflicts;
  for (auto& image : listing.images) {
    const ImageIndex::Match match = images.find(image);
    const auto& found = match.samples;
    if (found.empty()) {
      manifest.findings.push_back(
          {"missing_file",
           {Path(image.file).stem().string()},
           cat(image.file, " (", image.listed, ") was not found", unread_hint(image.file))});
      continue;
    }
    Sample& sample = samples[found[0]];
    check(found.size() == 1,
          Exit::bad_data,
          cat(image.listed,
              ": ",
              image.file,
              " matches both ",
              sample.source_path,
              " and ",
              found.size() > 1 ? samples[found.back()].source_path : "",
              "; add its folder to the name"));
    if (const ListedImage* before = listed_as[found[0]]) {
      const bool two_parts = !image.part.empty() && !before->part.empty() &&
                             image.part != before->part && equal_annotations(*before, image);
      check(two_parts,
            Exit::bad_data,
            cat(image.listed, ": ", image.file, " is listed twice (", before->listed, ")"));
      part_conflicts.add(sample.id, before->part, image.part);
      continue;
    }
    if (!image.other_part.empty()) part_conflicts.add(sample.id, image.part, image.other_part);
    listed_as[found[0]] = &image;
    if (*match.difference) {
      auto& finding = renamed[match.difference];
      finding.ids.push_back(sample.id);
      if (finding.detail.empty())
        finding.detail = cat(image.listed,
                             " names ",
                             image.file,
                             ", the file is ",
                             sample.source_path,
                             "; different: ",
                             match.difference);
    }
    if (image.meta.empty()) image.meta.resize(manifest.meta_columns.size());
    describe(sample, image, index);
    frames.fit(sample, image);
    for (auto& [kind, detail] : image.remarks)
      manifest.findings.push_back({kind, {sample.id}, std::move(detail)});
  }
  frames.report(manifest.findings);
  for (auto& [difference, finding] : renamed) {
    finding.kind = "name_differs";
    manifest.findings.push_back(std::move(finding));
  }
  for (size_t i = 0; i < samples.size(); ++i) {
    if (listed_as[i]) {
      manifest.samples.push_back(std::move(samples[i]));
    } else {
      manifest.findings.push_back({"unlisted_file",
                                   {samples[i].id},
                                   samples[i].source_path + " is not in any annotation file"});
    }
  }
  part_conflicts.report(manifest);
  check(!manifest.samples.empty(),
        Exit::bad_data,
        cat(path,
            ": none of the ",
            listing.images.size(),
            " listed images exists",
            listing.images.empty() ? "" : cat(" (the first one: ", listing.images[0].file, ")"),
            listing.images.empty() ? "" : unread_hint(listing.images[0].file)));
  return manifest;
}

Box bounds_of(std::vector<std::vector<cv::Point2f>>&& rings) {
  Box box;
  box.x0 = box.x1 = rings.at(0).at(0).x;
  box.y0 = box.y1 = rings[0][0].y;
  for (const auto& ring : rings) {
    for (const auto& point : ring) {
      box.x0 = std::min(box.x0, point.x);
      box.x1 = std::max(box.x1, point.x);
      box.y0 = std::min(box.y0, point.y);
      box.y1 = std::max(box.y1, point.y);
    }
  }
  box.rings = std::move(rings);
  return box;
}

Box sized_box(float x, float y, float width, float height) {
  Box box;
  box.x0 = x;
  box.y0 = y;
  box.x1 = x + width;
  box.y1 = y + height;
  return box;
}

Box box_in_row(const CsvTable& table,
               size_t row,
               const std::array<size_t, 4>& columns,
               bool sizes) {
  std::array<float, 4> numbers{};
  for (size_t k = 0; k < 4; ++k) {
    const std::string& text = table.rows[row][columns[k]];
    double value = 0;
    check(parse_double(trim(text), value),
          Exit::bad_data,
          cat(table.columns[columns[k]], " is '", text, "', not a number"));
    numbers[k] = static_cast<float>(value);
  }
  Box box = sized_box(numbers[0], numbers[1], numbers[2], numbers[3]);
  if (!sizes) {
    box.x1 = numbers[2];
    box.y1 = numbers[3];
  }
  return box;
}

void read_annotation(ListedImage& image,
                     const std::string& name,
                     const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.code() != Exit::bad_data) throw;
    image.remarks.emplace_back("annotation_invalid", cat(name, ": ", error.what()));
    image.boxes_known = false;
  }
}

std::string part_in_name(const std::string& name) {
  std::string word;
  for (const char c : Path(name).stem().string() + "_") {
    if (std::isalpha(static_cast<unsigned char>(c))) {
      word += c;
      continue;
    }
    if (auto part = part_of_name(word); !part.empty()) return part;
    word.clear();
  }
  return "";
}

}  // namespace evenray
