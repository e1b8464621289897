// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/coco.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <unordered_map>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"

namespace evenray {
namespace {

/// Bytes at the start of a file in which one of the format's own keys must appear.
constexpr size_t kHead = 4096;

std::vector<std::vector<cv::Point2f>> rings_of(const Json& annotation) {
  std::vector<std::vector<cv::Point2f>> rings;
  const auto segmentation = annotation.find("segmentation");
  if (segmentation == annotation.end() || !segmentation->is_array()) return rings;
  for (const auto& flat : *segmentation) {
    const auto xy = json_numbers(flat, "segmentation");
    if (xy.empty()) continue;
    check(xy.size() >= 6 && xy.size() % 2 == 0,
          Exit::bad_data,
          "a polygon must be a list of at least three points");
    auto& ring = rings.emplace_back();
    for (size_t i = 0; i < xy.size(); i += 2) ring.emplace_back(xy[i], xy[i + 1]);
  }
  return rings;
}

/// Returns the bbox, or the bounds of the polygon if there is no bbox.
Box box_of(const Json& annotation) {
  auto rings = rings_of(annotation);
  const auto bbox = annotation.find("bbox");
  if (bbox == annotation.end() || bbox->empty()) {
    check(!rings.empty(), Exit::bad_data, "it has neither a bbox nor a polygon");
    return bounds_of(std::move(rings));
  }
  const auto numbers = json_numbers(*bbox, "bbox");
  check(numbers.size() == 4, Exit::bad_data, "bbox must be four finite numbers");
  Box box = sized_box(numbers[0], numbers[1], numbers[2], numbers[3]);
  box.rings = std::move(rings);
  return box;
}

/// nullopt if width or height is missing or out of range.
std::optional<cv::Size> frame_of(const Json& image) {
  const auto side = [&](const char* key) {
    const auto found = image.find(key);
    const bool sound = found != image.end() && found->is_number();
    const double value = sound ? found->get<double>() : 0;
    return value >= 1 && value < 1 << 20 ? static_cast<int>(value) : 0;
  };
  const cv::Size size(side("width"), side("height"));
  return size.width > 0 && size.height > 0 ? std::optional(size) : std::nullopt;
}

/// The fields of an image that the format defines.
constexpr std::array kImageFields = {
    "id", "file_name", "width", "height", "license", "flickr_url", "coco_url", "date_captured"};

std::map<std::string, std::string> other_fields(const Json& image) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : image.items()) {
    if (std::find(kImageFields.begin(), kImageFields.end(), key) != kImageFields.end()) continue;
    if (value.is_string())
      out[key] = value.get<std::string>();
    else if (value.is_number() || value.is_boolean())
      out[key] = value.dump();
  }
  return out;
}

/// Counts the annotations of an image that its boxes do not fully describe.
struct Oddities {
  int crowds = 0, run_lengths = 0;

  void add(const Json& annotation) {
    const auto crowd = annotation.find("iscrowd");
    crowds += crowd != annotation.end() && (*crowd == 1 || *crowd == true);
    const auto mask = annotation.find("segmentation");
    run_lengths += mask != annotation.end() && mask->is_object();
  }

  void report(ListedImage& image) const {
    if (crowds > 0)
      image.remarks.emplace_back(
          "crowd_box", cat(crowds, " of its boxes (iscrowd) may contain several objects each"));
    if (run_lengths > 0)
      image.remarks.emplace_back(
          "mask_left_out",
          cat(run_lengths,
              " of its masks are run-length encoded (RLE) and were not read; their boxes were"));
  }
};

std::map<Json, std::string> read_categories(const Json& coco) {
  std::map<Json, std::string> categories;
  for (const auto& category : json_list(coco, "categories"))
    categories[json_field(category, "id")] = json_text_field(category, "name");
  return categories;
}

/// Reads an annotation that belongs to a listed image.
void add_annotation(const Json& annotation,
                    const std::map<Json, std::string>& categories,
                    ListedImage& image) {
  const Json& id = json_field(annotation, "category_id");
  const auto category = categories.find(id);
  check(category != categories.end(),
        Exit::bad_data,
        cat("its category ", id.dump(), " is not listed"));
  try {
    image.boxes.push_back({category->second, box_of(annotation)});
  } catch (const Error&) {
    image.classes.push_back(category->second);
    throw;
  }
}

CocoFile parse_coco(const Json& coco, const std::string& name) {
  CocoFile out;
  const auto categories = read_categories(coco);
  for (const auto& [id, category] : categories) out.categories.push_back(category);
  std::unordered_map<std::string, size_t> numbers;
  const bool annotated = coco.contains("annotations");
  for (const auto& image : json_list(coco, "images")) {
    const std::string id = json_field(image, "id").dump();
    check(numbers.emplace(id, out.images.size()).second,
          Exit::bad_data,
          cat("two images have the id ", id, "; image ids must be unique"));
    out.images.push_back({json_text_field(image, "file_name"), name});
    out.images.back().boxes_known = annotated;
    out.images.back().frame = frame_of(image);
    out.fields.push_back(other_fields(image));
    if (!annotated) out.images.back().unknown = out.categories;
  }
  if (!annotated) return out;  // a test set's list of images
  std::vector<Oddities> oddities(out.images.size());
  for (const auto& annotation : json_list(coco, "annotations")) {
    const auto id = annotation.find("id"), image_id = annotation.find("image_id");
    const std::string which =
        cat(name, ": annotation ", id == annotation.end() ? "without an id" : id->dump());
    const std::string wanted = image_id == annotation.end() ? "" : image_id->dump();
    const auto image = numbers.find(wanted);
    if (image == numbers.end()) {
      out.findings.push_back({"annotation_invalid",
                              {},
                              cat(which,
                                  wanted.empty() ? ": 'image_id' is missing"
                                                 : cat(": its image ", wanted, " is not listed"))});
      continue;
    }
    oddities[image->second].add(annotation);
    ListedImage& listed = out.images[image->second];
    read_annotation(listed, which, [&] { add_annotation(annotation, categories, listed); });
  }
  for (size_t i = 0; i < oddities.size(); ++i) oddities[i].report(out.images[i]);
  return out;
}

bool has_coco_keys(const Path& file) {
  std::string head(kHead, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(in.gcount()));
  if (head.starts_with("\xEF\xBB\xBF")) head.erase(0, 3);
  if (!trim(head).starts_with("{")) return false;
  for (const char* key : {"\"annotations\"", "\"categories\"", "\"licenses\""})
    if (head.find(key) != std::string::npos) return true;
  return head.find("\"images\"") != std::string::npos && head.find("\"file_name\"") != head.npos;
}

std::vector<Path> coco_files(const std::string& path) {
  std::vector<Path> files;
  for (const auto& file : files_with_extension(path, {".json"}))
    if (has_coco_keys(file)) files.push_back(file);
  // COCO publishes instances beside captions, keypoints, panoptic, stuff and lists of images.
  const auto instances = [](const Path& file) {
    return lower(file.filename().string()).find("instances") != std::string::npos;
  };
  if (std::any_of(files.begin(), files.end(), instances))
    std::erase_if(files, [&](const Path& file) { return !instances(file); });
  return files;
}

}  // namespace

CocoFile read_coco_file(const Path& file) {
  const Json coco = read_json(file);
  try {
    return parse_coco(coco, file.filename().string());
  } catch (const Error& error) {
    throw Error(error.code(), cat(file.string(), ": not a COCO file of boxes: ", error.what()));
  }
}

bool is_coco_layout(const std::string& path) {
  return std::filesystem::is_directory(path) && !coco_files(path).empty();
}

Manifest read_coco(const std::string& path) {
  const auto files = coco_files(path);
  check(!files.empty(), Exit::bad_data, cat(path, ": contains no COCO file (.json)"));
  Listing listing{"coco", {}, {}, {}, {}};
  std::vector<std::map<std::string, std::string>> fields;
  for (const auto& file : files) {
    CocoFile coco = read_coco_file(file);
    fields.insert(fields.end(), coco.fields.begin(), coco.fields.end());
    std::move(coco.findings.begin(), coco.findings.end(), std::back_inserter(listing.findings));
    for (const auto& name : coco.categories)
      if (std::count(listing.class_names.begin(), listing.class_names.end(), name) == 0)
        listing.class_names.push_back(name);
    std::string part = part_in_name(file.filename().string());
    // The name of the collection itself is no part ("my-test-set").
    if (part.empty() && file.parent_path() != Path(path))
      part = part_in_name(file.parent_path().filename().string());
    for (auto& image : coco.images) {
      image.part = part;
      listing.images.push_back(std::move(image));
    }
  }
  std::set<std::string> columns;
  for (const auto& image : fields)
    for (const auto& [name, value] : image) columns.insert(name);
  listing.meta_columns.assign(columns.begin(), columns.end());
  for (size_t i = 0; i < fields.size(); ++i) {
    for (const auto& name : columns) {
      const auto found = fields[i].find(name);
      listing.images[i].meta.push_back(found == fields[i].end() ? "" : found->second);
    }
  }
  return match_listing(path, std::move(listing));
}

}  // namespace evenray
