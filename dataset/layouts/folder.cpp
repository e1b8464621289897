// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/folder.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"

namespace evenray {
namespace {

namespace fs = std::filesystem;

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

/// The classes are the folders in `root`. If all of these are named after parts, or at least two
/// such folders contain class folders (for example beside a folder of masks), the classes are the
/// folders inside them.
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
  return parts == outer.size() || divided >= 2 ? inside : outer;
}

bool nih_stem(const std::string& stem) {
  if (stem.size() != 12 || stem[8] != '_') return false;
  for (size_t i = 0; i < stem.size(); ++i) {
    if (i != 8 && !std::isdigit(static_cast<unsigned char>(stem[i]))) return false;
  }
  return true;
}

void name_patients(std::vector<Sample>& samples) {
  const auto fits = [](const Sample& sample) { return nih_stem(sample.file.stem().string()); };
  if (!std::all_of(samples.begin(), samples.end(), fits)) return;
  for (auto& sample : samples) sample.patient = sample.file.stem().string().substr(0, 8);
}

[[noreturn]] void throw_no_images(const std::string& path) {
  std::map<std::string, int> endings;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) ++endings[lower(entry.path().extension().string())];
  }
  if (endings.empty()) throw Error(Exit::bad_data, cat(path, ": the folder is empty"));
  std::vector<std::string> found;
  for (const auto& [ending, count] : endings) {
    if (found.size() < 5)
      found.push_back(cat(count, " ", ending.empty() ? "without extension" : ending));
  }
  throw Error(Exit::bad_data,
              cat(path, ": no PNG, JPEG, TIFF or DICOM file (found: ", join(found), ")"));
}

}  // namespace

Manifest read_folder(const std::string& path) {
  Manifest manifest;
  manifest.format = "folder";
  manifest.root = clean_root(path);
  manifest.source = manifest.root.filename().string();

  const auto classes = find_classes(enter_wrapping_folder(manifest.root));
  std::map<Path, const ClassFolder*> class_of;
  std::set<std::string> names;
  std::vector<Path> files;
  for (const auto& c : classes) {
    names.insert(c.folder.filename().string());
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
            "one folder per class in each)"));
  }

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
  name_patients(manifest.samples);
  return manifest;
}

}  // namespace evenray
