// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/yolo.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <unordered_map>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/files/image_folder.hpp"

namespace evenray {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxYoloBytes = uint64_t{16} << 20;

/// The class names of a data set, and which images belong to which part.
struct Description {
  std::vector<std::string> names;
  std::multimap<std::string, std::string> part_of;  ///< by the folders at the end of a path
  struct Line {
    std::string image, part;
  };
  std::unordered_map<std::string, std::vector<Line>> lists;  ///< by the file name of the image
};

/// Returns the lines of a text file, trimmed; with or without the blank ones.
std::vector<std::string> lines_of(const Path& file, bool blank = false) {
  std::vector<std::string> out;
  for (const auto& line : split_text(read_text(file, kMaxYoloBytes), '\n'))
    if (blank || !trim(line).empty()) out.push_back(trim(line));
  return out;
}

/// Returns the last components of a path, after ".." or the root: "../images/train" gives
/// "images/train". Paths from another machine match by their ends only.
std::string end_of(const std::string& path) {
  std::string out;
  for (const auto& part : Path(path).lexically_normal())
    if (part == ".." || part == "." || part == "/")
      out.clear();
    else if (!part.empty())
      out += (out.empty() ? "" : "/") + part.string();
  return out;
}

/// `listed`: a folder, or a list of images (.txt) in one of the folders `places`.
void add_part(const std::vector<Path>& places,
              const std::string& listed,
              const std::string& part,
              Description& into) {
  if (Path(listed).extension() != ".txt") {
    into.part_of.emplace(end_of(listed), part);
    return;
  }
  const auto there = std::find_if(places.begin(), places.end(), [&](const Path& place) {
    return fs::is_regular_file(place / listed);
  });
  check(there != places.end(),
        Exit::bad_data,
        cat("the list of ", part, ", ", listed, ", does not exist"));
  for (const auto& line : lines_of(*there / listed))
    into.lists[Path(line).filename().string()].push_back({end_of(line), part});
}

Description read_yaml(const Path& file) {
  Description out;
  try {
    const YAML::Node root = YAML::Load(read_text(file, kMaxYoloBytes));
    const YAML::Node names = root["names"];
    check(names && (names.IsSequence() || names.IsMap()),
          Exit::bad_data,
          "`names` is missing or is not a list");
    if (names.IsSequence()) {
      for (const auto& name : names) out.names.push_back(name.as<std::string>());
    } else {
      std::map<int64_t, std::string> numbered;
      for (const auto& name : names)
        numbered[name.first.as<int64_t>()] = name.second.as<std::string>();
      for (const auto& [number, name] : numbered) {
        check(number == static_cast<int64_t>(out.names.size()),
              Exit::bad_data,
              cat("`names` has no class ", out.names.size()));
        out.names.push_back(name);
      }
    }
    std::vector<Path> places{file.parent_path()};
    if (root["path"] && root["path"].IsScalar())
      places.push_back(file.parent_path() / root["path"].as<std::string>());
    for (const char* part : {"train", "val", "test"}) {
      const YAML::Node listed = root[part];
      if (!listed || listed.IsNull()) continue;
      if (listed.IsScalar()) add_part(places, listed.as<std::string>(), part, out);
      if (listed.IsSequence())
        for (const auto& one : listed) add_part(places, one.as<std::string>(), part, out);
    }
  } catch (const YAML::Exception& error) {
    throw Error(Exit::bad_data,
                cat(file.string(),
                    ": not a data.yaml of a YOLO set",
                    error.mark.is_null() ? "" : cat(" (line ", error.mark.line + 1, ")")));
  } catch (const Error& error) {
    throw Error(Exit::bad_data, cat(file.string(), ": ", error.what()));
  }
  return out;
}

bool describes_yolo(const Path& yaml) {
  try {
    const YAML::Node root = YAML::Load(read_text(yaml, kMaxYoloBytes));
    return root.IsMap() && root["names"] && (root["train"] || root["val"] || root["path"]);
  } catch (const YAML::Exception&) {
    return false;
  }
}

std::optional<Description> describe_yolo(const std::string& path) {
  for (const auto& file : files_with_extension(path, {".yaml", ".yml"}))
    if (describes_yolo(file)) return read_yaml(file);
  Description out;
  for (const auto& file : files_with_extension(path, {".names"})) out.names = lines_of(file);
  for (const auto& file : files_with_extension(path, {".txt"})) {
    const std::string name = file.filename().string();
    if (out.names.empty() && (name == "classes.txt" || name == "labels.txt"))
      out.names = lines_of(file);
    if (name == "train.txt" || name == "val.txt" || name == "valid.txt" || name == "test.txt")
      add_part({file.parent_path()}, name, part_in_name(name), out);
  }
  if (out.names.empty()) return std::nullopt;
  return out;
}

bool ends_in(const std::string& path, const std::string& end) {
  return path == end || path.ends_with("/" + end);
}

/// Returns the parts whose lists have the longest match with the image's path; empty: no list has
/// it.
std::set<std::string> parts_in_lists(const std::string& source_path,
                                     const Description& description) {
  const auto named = description.lists.find(Path(source_path).filename().string());
  if (named == description.lists.end()) return {};
  size_t most = 0;
  std::set<std::string> parts;
  for (const auto& line : named->second) {
    if (!ends_in(line.image, source_path) && !ends_in(source_path, line.image)) continue;
    const size_t shared = std::min(line.image.size(), source_path.size());
    if (shared > most) parts.clear();
    if (shared >= most) parts.insert(line.part);
    most = std::max(most, shared);
  }
  return parts;
}

/// Returns the parts that the description puts an image into: none, one, or several that contradict
/// one another.
std::set<std::string> parts_of(const std::string& source_path, const Description& description) {
  std::set<std::string> out = parts_in_lists(source_path, description);
  const auto folders = split_text(source_path, '/');
  for (size_t first = 0; out.empty() && first < folders.size(); ++first) {
    std::string run;
    for (size_t i = first; i < folders.size(); ++i) {
      run += (i == first ? "" : "/") + folders[i];
      const auto [begin, end] = description.part_of.equal_range(run);
      for (auto found = begin; found != end; ++found) out.insert(found->second);
    }
  }
  if (!out.empty() || !description.part_of.empty() || !description.lists.empty()) return out;
  for (const auto& folder : Path(source_path).parent_path())
    if (auto part = part_in_name(folder.string()); !part.empty()) return {part};
  return {};
}

/// Finds the text file of each image.
class LabelFiles {
 public:
  explicit LabelFiles(const Path& root) : root_(root) {
    for (const auto& file : files_with_extension(root, {".txt"})) {
      const auto [at, is_new] = by_stem_.emplace(file.stem().string(), file);
      if (!is_new) at->second.clear();  // several files: the name is ambiguous
    }
  }

  /// Returns labels/a/x.txt for images/a/x.jpg, else x.txt beside it, else the only x.txt; empty:
  /// none.
  Path of(const std::string& source_path) const {
    std::vector<std::string> folders = split_text(source_path, '/');
    const auto images = std::find(folders.rbegin(), folders.rend(), "images");
    if (images != folders.rend()) {
      *images = "labels";
      Path mirrored = (root_ / join(folders, "/")).replace_extension(".txt");
      if (fs::is_regular_file(mirrored)) return mirrored;
    }
    Path beside = (root_ / source_path).replace_extension(".txt");
    if (fs::is_regular_file(beside)) return beside;
    const auto found = by_stem_.find(beside.stem().string());
    return found == by_stem_.end() ? Path() : found->second;
  }

 private:
  Path root_;
  std::unordered_map<std::string, Path> by_stem_;
};

double number_of(const std::string& word) {
  double value = 0;
  check(parse_double(word, value), Exit::bad_data, cat("'", word, "' is not a number"));
  return value;
}

/// Returns the class that a line begins with.
const std::string& class_of_line(const std::string& line, const std::vector<std::string>& names) {
  const double number = number_of(line.substr(0, line.find_first_of(" \t")));
  check(number >= 0 && number < static_cast<double>(names.size()) && number == std::floor(number),
        Exit::bad_data,
        cat("class ", number, " is not one of the ", names.size(), " classes (numbered from 0)"));
  return names[static_cast<size_t>(number)];
}

std::vector<double> numbers_in(const std::string& line) {
  std::istringstream words(line);
  std::vector<double> numbers;
  for (std::string word; words >> word;) numbers.push_back(number_of(word));
  check(numbers.size() == 5 || (numbers.size() >= 7 && numbers.size() % 2 == 1),
        Exit::bad_data,
        "expected `class x y w h`, or `class` and the points of a polygon");
  return numbers;
}

Box box_of_line(const std::vector<double>& numbers, cv::Size size) {
  const double width = size.width, height = size.height;
  if (numbers.size() == 5) {
    Box box;
    box.x0 = static_cast<float>((numbers[1] - numbers[3] / 2) * width);
    box.y0 = static_cast<float>((numbers[2] - numbers[4] / 2) * height);
    box.x1 = static_cast<float>((numbers[1] + numbers[3] / 2) * width);
    box.y1 = static_cast<float>((numbers[2] + numbers[4] / 2) * height);
    return box;
  }
  std::vector<cv::Point2f> ring;
  for (size_t i = 1; i + 1 < numbers.size(); i += 2)
    ring.emplace_back(static_cast<float>(numbers[i] * width),
                      static_cast<float>(numbers[i + 1] * height));
  return bounds_of({std::move(ring)});
}

}  // namespace

void read_yolo_file(const Path& file,
                    const Path& picture,
                    const std::vector<std::string>& names,
                    ListedImage& image) {
  const std::optional<cv::Size> size = upright_size(picture);
  image.boxes_known = size.has_value();
  size_t number = 0;
  for (const auto& line : lines_of(file, /*blank=*/true)) {
    ++number;
    if (line.empty()) continue;
    read_annotation(image, cat(file.filename().string(), ":", number), [&] {
      const std::string& name = class_of_line(line, names);
      try {
        const auto numbers = numbers_in(line);
        if (size) image.boxes.push_back({name, box_of_line(numbers, *size)});
      } catch (const Error&) {
        image.classes.push_back(name);
        throw;
      }
    });
  }
}

bool is_yolo_layout(const std::string& path) {
  if (!fs::is_directory(path)) return false;
  const auto description = describe_yolo(path);
  if (!description) return false;
  const LabelFiles labels(path);
  const auto files = image_files(path);
  return std::any_of(files.begin(), files.end(), [&](const Path& file) {
    return !labels.of(file.lexically_relative(path).generic_string()).empty();
  });
}

Manifest read_yolo(const std::string& path) {
  const auto description = describe_yolo(path);
  check(description.has_value(),
        Exit::bad_data,
        cat(path, ": no class names; give a data.yaml with `names`, a .names file or classes.txt"));
  const Path root = clean_root(path);
  const LabelFiles labels(root);
  Listing listing{"yolo", description->names, {}, {}, {}};
  bool any_part = false;
  for (const auto& file : image_files(root)) {
    const std::string source_path = file.lexically_relative(root).generic_string();
    ListedImage image{source_path, source_path};
    const auto parts = parts_of(source_path, *description);
    any_part |= !parts.empty();
    if (!parts.empty()) image.part = *parts.begin();
    if (parts.size() > 1) image.other_part = *parts.rbegin();
    image.boxes_known = true;
    const Path text = labels.of(source_path);
    if (!text.empty()) read_yolo_file(text, file, description->names, image);
    listing.images.push_back(std::move(image));
  }
  check(any_part || description->lists.empty(),
        Exit::bad_data,
        cat(path,
            ": none of the images in its lists exists (the first one: ",
            description->lists.empty() ? "" : description->lists.begin()->second[0].image,
            ")"));
  return match_listing(path, std::move(listing));
}

}  // namespace evenray
