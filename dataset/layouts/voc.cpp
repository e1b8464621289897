// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/voc.hpp"

#include <algorithm>
#include <map>
#include <pugixml.hpp>

#include "core/charset.hpp"
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

/// Returns the character set that an XML file declares, in lower case; "" if it declares none, or
/// if it begins with a byte order mark or is UTF-16, which the parser detects.
std::string declared_charset(const std::string& text) {
  const std::string head = text.substr(0, std::min(text.find('>'), size_t{200}));
  const size_t at = head.find("encoding");
  if (!head.starts_with("<?xml") || at == std::string::npos) return "";
  const size_t first = head.find_first_of("\"'", at);
  const size_t end = first == std::string::npos ? first : head.find(head[first], first + 1);
  return end == std::string::npos ? "" : lower(head.substr(first + 1, end - first - 1));
}

/// Reads the bytes of a VOC file. Throws Exit::bad_data if it is not one.
void parse_voc(const std::string& bytes, pugi::xml_document& into) {
  const std::string charset = declared_charset(bytes);
  // The declaration can be read as ASCII, so a file that claims to be UTF-16 is not.
  const bool convert = !charset.empty() && !charset.starts_with("utf");
  const std::string text = convert ? utf8_from(bytes, charset) : bytes;
  const auto encoding = charset.empty() ? pugi::encoding_auto : pugi::encoding_utf8;
  check(into.load_buffer(text.data(), text.size(), pugi::parse_default, encoding) &&
            into.child("annotation"),
        Exit::bad_data,
        "not a Pascal VOC annotation");
}

bool is_voc(const Path& file) {
  pugi::xml_document document;
  try {
    parse_voc(read_file(file, kMaxVocBytes), document);
    return true;
  } catch (const Error& error) {
    if (error.code() != Exit::bad_data) throw;
    return false;
  }
}

using PartNames = std::map<std::string, std::vector<std::string>>;

void read_object(const pugi::xml_node& object, ListedImage& image) {
  const auto corners = object.child("bndbox");
  const std::string name = trim(object.child_value("name"));
  image.classes_known &= !name.empty();
  check(!name.empty(), Exit::bad_data, "it has no <name>");
  try {
    image.boxes.push_back({name,
                           {number_in(corners, "xmin"),
                            number_in(corners, "ymin"),
                            number_in(corners, "xmax"),
                            number_in(corners, "ymax"),
                            0,
                            {}}});
  } catch (const Error&) {
    image.classes.push_back(name);
    throw;
  }
}

/// Reads the parts from ImageSets/Main: one name per line, with or without a second column of 1 and
/// -1.
PartNames read_parts(const std::string& path) {
  PartNames parts_of;
  for (const auto& file : files_with_extension(path, {".txt"})) {
    const std::string stem = file.stem().string();
    if (file.parent_path().filename() != "Main" ||
        (stem != "train" && stem != "val" && stem != "test"))
      continue;
    for (const auto& line : split_text(read_text(file, kMaxVocBytes), '\n')) {
      const std::string name = trim(line).substr(0, trim(line).find(' '));
      auto& parts = parts_of[name];
      if (std::count(parts.begin(), parts.end(), stem) == 0) parts.push_back(stem);
    }
  }
  return parts_of;
}

}  // namespace

ListedImage read_voc_file(const Path& file) {
  ListedImage image;
  image.listed = file.filename().string();
  image.boxes_known = true;
  pugi::xml_document document;
  read_annotation(image, image.listed, [&] { parse_voc(read_file(file, kMaxVocBytes), document); });
  const auto annotation = document.child("annotation");
  image.classes_known = !annotation.empty();
  image.file = trim(annotation.child_value("filename"));
  if (image.file.empty()) image.file = file.stem().string();
  if (Path(image.file).stem() != file.stem()) image.other_file = file.stem().string();
  const auto size = annotation.child("size");
  const cv::Size frame(size.child("width").text().as_int(), size.child("height").text().as_int());
  if (frame.width > 0 && frame.height > 0) image.frame = frame;
  int number = 0;
  for (const auto& object : annotation.children("object")) {
    const std::string which = cat(image.listed, ": object ", ++number);
    read_annotation(image, which, [&] { read_object(object, image); });
  }
  return image;
}

bool is_voc_layout(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return false;
  const auto files = files_with_extension(path, {".xml"});
  return std::any_of(files.begin(), files.end(), is_voc);
}

Manifest read_voc(const std::string& path) {
  Listing listing{"voc", {}, {}, {}, {}};
  const auto parts_of = read_parts(path);
  for (const auto& file : files_with_extension(path, {".xml"})) {
    auto image = read_voc_file(file);
    const auto listed = parts_of.find(file.stem().string());
    if (listed != parts_of.end()) {
      image.part = listed->second.front();
      if (listed->second.size() > 1) image.other_part = listed->second.back();
    } else if (parts_of.empty()) {
      for (const auto& folder : file.lexically_relative(path).parent_path())
        if (const auto part = part_in_name(folder.string()); !part.empty()) image.part = part;
    }
    listing.images.push_back(std::move(image));
  }
  check(!listing.images.empty(), Exit::bad_data, cat(path, ": contains no Pascal VOC file (.xml)"));
  return match_listing(path, std::move(listing));
}

}  // namespace evenray
