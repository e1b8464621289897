// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/coco.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
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

Box box_of(const Json& annotation) {
  const auto numbers = annotation.at("bbox").get<std::vector<float>>();
  const bool sound =
      numbers.size() == 4 &&
      std::all_of(numbers.begin(), numbers.end(), [](float v) { return std::isfinite(v); });
  check(sound, Exit::bad_data, "bbox must be four finite numbers");
  Box box{numbers[0], numbers[1], numbers[0] + numbers[2], numbers[1] + numbers[3], 0, {}};
  const auto segmentation = annotation.find("segmentation");
  if (segmentation == annotation.end() || !segmentation->is_array()) return box;
  for (const auto& flat : *segmentation) {
    const auto xy = flat.get<std::vector<float>>();
    check(xy.size() >= 6 && xy.size() % 2 == 0,
          Exit::bad_data,
          "a polygon must be a list of at least three points");
    auto& ring = box.rings.emplace_back();
    for (size_t i = 0; i < xy.size(); i += 2) ring.emplace_back(xy[i], xy[i + 1]);
  }
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

CocoFile parse_coco(const Json& coco, const std::string& name) {
  CocoFile out;
  std::map<Json, std::string> categories;
  for (const auto& category : coco.at("categories"))
    categories[category.at("id")] = category.at("name").get<std::string>();
  for (const auto& [id, category] : categories) out.categories.push_back(category);
  std::unordered_map<std::string, size_t> numbers;
  const auto annotations = coco.find("annotations");
  for (const auto& image : coco.at("images")) {
    const std::string id = image.at("id").dump();
    check(numbers.emplace(id, out.images.size()).second,
          Exit::bad_data,
          cat("two images have the id ", id, "; image ids must be unique"));
    out.images.push_back({image.at("file_name").get<std::string>(), name});
    out.images.back().boxes_known = annotations != coco.end();
    out.images.back().frame = frame_of(image);
    out.fields.push_back(other_fields(image));
    if (annotations == coco.end()) out.images.back().unknown = out.categories;
  }
  if (annotations == coco.end()) return out;  // a test set's list of images
  std::vector<Oddities> oddities(out.images.size());
  for (const auto& annotation : *annotations) {
    const auto image = numbers.find(annotation.at("image_id").dump());
    const auto category = categories.find(annotation.at("category_id"));
    check(image != numbers.end(),
          Exit::bad_data,
          cat("a box refers to image ", annotation.at("image_id").dump(), ", which is not listed"));
    check(category != categories.end(),
          Exit::bad_data,
          cat("a box refers to category ",
              annotation.at("category_id").dump(),
              ", which is not listed"));
    oddities[image->second].add(annotation);
    try {
      out.images[image->second].boxes.push_back({category->second, box_of(annotation)});
    } catch (const Error& error) {
      throw Error(error.code(),
                  cat("annotation ",
                      annotation.contains("id") ? annotation["id"].dump() : "without an id",
                      ": ",
                      error.what()));
    }
  }
  for (size_t i = 0; i < oddities.size(); ++i) oddities[i].report(out.images[i]);
  return out;
}

bool has_coco_keys(const Path& file) {
  std::string head(kHead, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(in.gcount()));
  if (!trim(head).starts_with("{")) return false;
  for (const char* key : {"\"annotations\"", "\"categories\"", "\"licenses\""})
    if (head.find(key) != std::string::npos) return true;
  return head.find("\"images\"") != std::string::npos && head.find("\"file_name\"") != head.npos;
}

std::vector<Path> coco_files(const std::string& path) {
  std::vector<Path> files;
  for (const auto& file : files_with_extension(path, {".json"}))
    if (has_coco_keys(file)) files.push_back(file);
  return files;
}

}  // namespace

CocoFile read_coco_file(const Path& file) {
  try {
    return parse_coco(read_json(file), file.filename().string());
  } catch (const Json::exception& error) {
    throw Error(Exit::bad_data, cat(file.string(), ": not a COCO file: ", error.what()));
  } catch (const Error& error) {
    // Errors of reading already begin with the file's name.
    if (std::string_view(error.what()).starts_with(file.string())) throw;
    throw Error(error.code(), cat(file.string(), ": ", error.what()));
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
