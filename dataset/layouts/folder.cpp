// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/folder.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/csv.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"

namespace evenray {
namespace {

namespace fs = std::filesystem;

/// Names of folders that are no class: of all images, of masks, and of annotations.
const std::set<std::string> kImageFolders = {
    "images", "image", "img", "imgs", "jpegimages", "train_images", "test_images", "data"};
const std::set<std::string> kMaskFolders = {"masks", "mask", "segmentations", "segmentationclass"};
const std::set<std::string> kAnnotationFolders = {"labels", "label", "annotations"};

bool names_no_class(const std::string& folder) {
  const std::string name = lower(folder);
  return kMaskFolders.contains(name) || kAnnotationFolders.contains(name);
}

struct ClassFolder {
  Path folder;
  std::string part;
  std::vector<Path> files;
};

std::vector<ClassFolder> class_folders(const Path& folder, const std::string& part) {
  std::vector<ClassFolder> classes;
  for (const auto& path : visible_folders(folder)) {
    if (auto files = image_files(path); !files.empty()) {
      classes.push_back({path, part, std::move(files)});
    }
  }
  return classes;
}

void add_empty_classes(const Path& folder,
                       const std::string& part,
                       std::vector<ClassFolder>& classes) {
  for (auto& path : empty_class_folders(folder)) classes.push_back({std::move(path), part, {}});
}

/// The classes are the folders in `root`. If all of these are named after parts, or at least two
/// such folders contain class folders (for example beside a folder of masks), the classes are the
/// folders inside them. Empty class folders beside those with images are among them.
std::vector<ClassFolder> find_classes(const Path& root) {
  auto outer = class_folders(root, "");
  std::vector<ClassFolder> inside;
  size_t parts = 0, divided = 0;
  for (const auto& part : outer) {
    const std::string name = part_of_name(part.folder.filename().string());
    if (name.empty()) continue;
    ++parts;
    auto classes = class_folders(part.folder, name);
    divided += !classes.empty();
    std::move(classes.begin(), classes.end(), std::back_inserter(inside));
  }
  if (parts < outer.size() && divided < 2) {
    add_empty_classes(root, "", outer);
    return outer;
  }
  if (inside.empty()) return inside;
  for (const auto& part : outer) {
    const std::string name = part_of_name(part.folder.filename().string());
    if (!name.empty()) add_empty_classes(part.folder, name, inside);
  }
  return inside;
}

[[noreturn]] void throw_no_images(const std::string& path) {
  std::map<std::string, int> endings;
  for (const auto& file : visible_files(path)) ++endings[lower(file.extension().string())];
  if (endings.empty()) {
    const size_t dead = dead_links(path).size();
    throw Error(Exit::bad_data,
                dead > 0 ? cat(path, ": no file, only links that lead to nothing (", dead, ")")
                         : cat(path, ": the folder is empty"));
  }
  std::vector<std::string> found;
  for (const auto& [ending, count] : endings) {
    if (found.size() < 5)
      found.push_back(cat(count, " ", ending.empty() ? "without extension" : ending));
  }
  throw Error(Exit::bad_data,
              cat(path, ": no PNG, JPEG, TIFF or DICOM file (found: ", join(found), ")"));
}

/// Returns the annotation files and folders directly in `root`, at most four.
std::vector<std::string> annotations_beside(const Path& root) {
  std::vector<std::string> out;
  for (const auto& folder : visible_folders(root)) {
    const std::string name = folder.filename().string();
    if (kAnnotationFolders.contains(lower(name))) out.push_back(name + "/");
  }
  const std::set<std::string> endings = {
      ".csv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".parquet"};
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator(root)) {
    const Path& file = entry.path();
    std::error_code dead;
    if (entry.is_regular_file(dead) && endings.contains(lower(file.extension().string())))
      files.insert(file.filename().string());
  }
  for (const auto& file : files)
    if (out.size() < 4) out.push_back(file);
  return out;
}

/// Returns "" or what is beside the images and how a table is read.
std::string annotations_hint(const Path& root) {
  const auto beside = annotations_beside(root);
  if (beside.empty()) return "";
  std::string text = cat("; not read: ", join(beside));
  for (const auto& name : beside) {
    if (!name.ends_with(".csv")) continue;
    return cat(text,
               "; for the table set data.columns.path and data.columns.label (its columns: ",
               trim(csv_header(root / name).substr(0, 200)),
               ")");
  }
  return text;
}

/// Throws if the class folders may not be classes.
void check_classes(const std::string& path,
                   const Path& root,
                   const std::vector<std::string>& class_names) {
  std::string why;
  if (class_names.size() == 1 && kImageFolders.contains(lower(class_names[0])))
    why = cat("the only folder of images, ", class_names[0], ", is no class");
  for (const auto& name : class_names)
    if (names_no_class(name)) why = cat("the folder ", name, " is no class");
  const std::string hint = annotations_hint(root);
  if (why.empty() && !hint.empty()) why = "the folders may not be the classes";
  check(why.empty(),
        Exit::bad_data,
        cat(path, ": ", why, hint, "; give --format folder to take the folders as classes"));
}

}  // namespace

std::vector<Path> empty_class_folders(const Path& folder) {
  auto folders = empty_folders(folder);
  std::erase_if(folders, [](const Path& empty) {
    const std::string name = empty.filename().string();
    return names_no_class(name) || kImageFolders.contains(lower(name)) ||
           !part_of_name(name).empty();
  });
  return folders;
}

Finding empty_class(const Path& root, const Path& folder) {
  return {"empty_class",
          {folder.lexically_relative(root).generic_string()},
          "a class folder without an image"};
}

Manifest read_folder(const std::string& path, bool asked) {
  Manifest manifest;
  manifest.format = "folder";
  manifest.root = clean_root(path);
  manifest.source = manifest.root.filename().string();

  const Path inner = enter_wrapping_folder(manifest.root);
  const auto classes = find_classes(inner);
  std::map<Path, const ClassFolder*> class_of;
  std::set<std::string> names;
  std::vector<std::string> shown;  // classes with images
  std::vector<Path> files;
  for (const auto& c : classes) {
    names.insert(c.folder.filename().string());
    if (!c.files.empty()) shown.push_back(c.folder.filename().string());
    if (c.files.empty()) manifest.findings.push_back(empty_class(manifest.root, c.folder));
    for (const auto& file : c.files) {
      class_of[file] = &c;
      files.push_back(file);
    }
  }
  manifest.class_names.assign(names.begin(), names.end());
  for (const auto& file : image_files(manifest.root)) {
    if (!class_of.contains(file)) files.push_back(file);
  }
  if (files.empty()) throw_no_images(path);
  if (classes.empty()) {
    throw Error(
        Exit::bad_data,
        cat(path,
            ": ",
            files.size(),
            " images but no class folder (expected: one folder per class, or train, val, test with "
            "one folder per class in each)",
            annotations_hint(inner)));
  }
  if (!asked) check_classes(path, inner, shown);

  for (auto& sample : samples_of_files(manifest.root, files)) {
    const auto found = class_of.find(sample.file);
    if (found == class_of.end()) {
      manifest.findings.push_back(
          {"unlisted_file", {sample.id}, cat(sample.source_path, " is not in a class folder")});
      continue;
    }
    sample.part = found->second->part;
    sample.labels.assign(manifest.class_names.size(), 0);
    const int index = manifest.class_index(found->second->folder.filename().string());
    sample.labels[static_cast<size_t>(index)] = 1;
    manifest.samples.push_back(std::move(sample));
  }
  return manifest;
}

}  // namespace evenray
