// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/voc.hpp"

#include <map>
#include <pugixml.hpp>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"

namespace evenray {
namespace {

constexpr uint64_t kMaxVocBytes = uint64_t{64} << 20;

float number_in(const pugi::xml_node& node, const char* name) {
  double value = 0;
  const std::string text = trim(node.child_value(name));
  check(
      parse_double(text, value), Exit::bad_data, cat("<", name, "> is '", text, "', not a number"));
  return static_cast<float>(value);
}

bool parse_voc(const std::string& text, pugi::xml_document& into) {
  return into.load_buffer(text.data(), text.size()) && into.child("annotation");
}

/// Reads the parts from ImageSets/Main: one name per line, with or without a second column of 1 and
/// -1.
std::map<std::string, std::string> read_parts(const std::string& path) {
  std::map<std::string, std::string> part_of;
  for (const auto& file : files_with_extension(path, {".txt"})) {
    const std::string stem = file.stem().string();
    if (file.parent_path().filename() != "Main" ||
        (stem != "train" && stem != "val" && stem != "test"))
      continue;
    for (const auto& line : split_text(read_file(file, kMaxVocBytes), '\n')) {
      const std::string name = trim(line).substr(0, trim(line).find(' '));
      if (!name.empty()) part_of[name] = stem;
    }
  }
  return part_of;
}

}  // namespace

ListedImage read_voc_file(const Path& file) {
  pugi::xml_document document;
  check(parse_voc(read_file(file, kMaxVocBytes), document),
        Exit::bad_data,
        cat(file.string(), ": not a Pascal VOC annotation"));
  const auto annotation = document.child("annotation");
  ListedImage image;
  image.file = trim(annotation.child_value("filename"));
  if (image.file.empty()) image.file = file.stem().string();
  if (Path(image.file).stem() != file.stem()) image.other_file = file.stem().string();
  image.listed = file.filename().string();
  image.boxes_known = true;
  const auto size = annotation.child("size");
  const cv::Size frame(size.child("width").text().as_int(), size.child("height").text().as_int());
  if (frame.width > 0 && frame.height > 0) image.frame = frame;
  try {
    for (const auto& object : annotation.children("object")) {
      const auto corners = object.child("bndbox");
      const std::string name = trim(object.child_value("name"));
      check(!name.empty(), Exit::bad_data, "an <object> has no <name>");
      image.boxes.push_back({name,
                             {number_in(corners, "xmin"),
                              number_in(corners, "ymin"),
                              number_in(corners, "xmax"),
                              number_in(corners, "ymax"),
                              0,
                              {}}});
    }
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(file.string(), ": ", error.what()));
  }
  return image;
}

bool is_voc_layout(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return false;
  const auto files = files_with_extension(path, {".xml"});
  pugi::xml_document document;
  return !files.empty() && parse_voc(read_file(files[0], kMaxVocBytes), document);
}

Manifest read_voc(const std::string& path) {
  Listing listing{"voc", {}, {}, {}, {}};
  const auto part_of = read_parts(path);
  for (const auto& file : files_with_extension(path, {".xml"})) {
    auto image = read_voc_file(file);
    const auto listed = part_of.find(file.stem().string());
    if (listed != part_of.end()) {
      image.part = listed->second;
    } else if (part_of.empty()) {
      for (const auto& folder : file.lexically_relative(path).parent_path())
        if (const auto part = part_in_name(folder.string()); !part.empty()) image.part = part;
    }
    listing.images.push_back(std::move(image));
  }
  check(!listing.images.empty(), Exit::bad_data, cat(path, ": contains no Pascal VOC file (.xml)"));
  return match_listing(path, std::move(listing));
}

}  // namespace evenray
