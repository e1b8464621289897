// SPDX-License-Identifier: Apache-2.0
#include "dataset/folder.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/dicom.hpp"

namespace evenray {
namespace {

namespace fs = std::filesystem;

constexpr std::array kPartNames = {std::pair{"train", "train"},
                                   std::pair{"training", "train"},
                                   std::pair{"val", "val"},
                                   std::pair{"valid", "val"},
                                   std::pair{"validation", "val"},
                                   std::pair{"test", "test"},
                                   std::pair{"testing", "test"}};

bool hidden(const Path& path) { return path.filename().string().starts_with("."); }

constexpr std::array kEndings = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom"};

bool is_image(const Path& path) {
  return std::count(kEndings.begin(), kEndings.end(), lower(path.extension().string())) > 0;
}

std::vector<Path> visible_folders(const Path& folder) {
  std::vector<Path> folders;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && !hidden(entry.path())) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::vector<Path> images_directly_in(const Path& folder) {
  std::vector<Path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && !hidden(entry.path()) && is_image(entry.path())) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string part_of(const Path& folder) { return part_of_name(folder.filename().string()); }

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

/// Where all folders bear names of a split, or two that hold folders do (beside masks, say), the
/// classes are the folders inside these.
std::vector<ClassFolder> find_classes(const Path& root) {
  auto outer = class_folders(root, "");
  std::vector<ClassFolder> inside;
  size_t parts = 0, divided = 0;
  for (const auto& part : outer) {
    const std::string name = part_of(part.folder);
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
  if (endings.empty()) throw Error(Exit::bad_data, cat(path, ": an empty folder"));
  std::vector<std::string> found;
  for (const auto& [ending, count] : endings) {
    if (found.size() < 5)
      found.push_back(cat(count, " ", ending.empty() ? "without ending" : ending));
  }
  throw Error(Exit::bad_data,
              cat(path, ": no PNG, JPEG, TIFF or DICOM file (found: ", join(found), ")"));
}

/// Whether the last of some folders, each in the one before, is round one of the others: a link
/// that never ends.
bool leads_back(const std::vector<Path>& folders) {
  const std::string last = (folders.back() / "").string();
  return std::any_of(folders.begin(), folders.end() - 1, [&](const Path& folder) {
    return (folder / "").string().starts_with(last);
  });
}

/// A hospital's disc also has a table of contents, DICOMDIR.
bool may_be_dicom(const Path& path) {
  if (lower(path.filename().string()) == "dicomdir") return false;
  const std::string ending = path.extension().string();
  return std::all_of(ending.begin() + !ending.empty(), ending.end(), [](unsigned char c) {
    return std::isdigit(c) != 0;
  });
}

/// The visible files below a folder that `wanted` takes, sorted; links to folders are followed.
template <class Wanted>
std::vector<Path> files_below(const Path& folder, const Wanted& wanted) {
  std::vector<Path> files;
  // The folders that an entry lies in, links resolved.
  std::vector<Path> inside{fs::canonical(folder)};
  for (auto entry = fs::recursive_directory_iterator(
           folder, fs::directory_options::follow_directory_symlink);
       entry != fs::end(entry);
       ++entry) {
    if (hidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (entry->is_directory()) {
      inside.resize(static_cast<size_t>(entry.depth()) + 1);
      inside.push_back(fs::canonical(entry->path()));
      if (leads_back(inside)) entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && wanted(entry->path())) {
      files.push_back(entry->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<Path> files_ending(const Path& folder, const std::vector<std::string>& endings) {
  return files_below(folder, [&](const Path& path) {
    return std::count(endings.begin(), endings.end(), lower(path.extension().string())) > 0;
  });
}

const std::vector<std::string>& unread_endings() {
  static const std::vector<std::string> endings = {
      ".bmp", ".gif", ".webp", ".jp2", ".j2k", ".heic", ".heif", ".avif", ".pgm", ".ppm"};
  return endings;
}

std::vector<Path> image_files(const Path& folder) {
  return files_below(folder, [](const Path& path) {
    return is_image(path) || (may_be_dicom(path) && is_dicom_file(path));
  });
}

Path enter_wrapping_folder(const Path& root) {
  const auto folders = visible_folders(root);
  if (folders.size() != 1 || !part_of(folders[0]).empty()) return root;
  const bool wraps = images_directly_in(folders[0]).empty() && !visible_folders(folders[0]).empty();
  return wraps ? folders[0] : root;
}

std::string part_of_name(const std::string& folder) {
  const std::string name = lower(folder);
  for (const auto& [spelling, part] : kPartNames) {
    if (name == spelling) return part;
  }
  return "";
}

Path clean_root(const std::string& path) {
  const Path absolute = fs::absolute(path).lexically_normal();
  return absolute.has_filename() ? absolute : absolute.parent_path();
}

std::vector<Sample> samples_of_files(const Path& root, const std::vector<Path>& files) {
  std::vector<Sample> samples(files.size());
  std::map<std::string, int> stems, paths;
  const auto without_ending = [](const Sample& sample) {
    return Path(sample.source_path).replace_extension().generic_string();
  };
  for (size_t i = 0; i < files.size(); ++i) {
    samples[i].file = files[i];
    samples[i].source_path = files[i].lexically_relative(root).generic_string();
    ++stems[files[i].stem().string()];
    ++paths[without_ending(samples[i])];
  }
  for (auto& sample : samples) {
    sample.id = sample.file.stem().string();
    if (stems[sample.id] > 1) sample.id = without_ending(sample);
    // In the root itself a path looks like a stem, so "a.png" beside "a.jpg" keep their endings, as
    // everywhere.
    if (paths[without_ending(sample)] > 1) sample.id = sample.source_path;
  }
  return samples;
}

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
            " images but no class folder (expected: one folder a class, or train, val, test with "
            "one folder a class in each)"));
  }

  for (auto& sample : samples_of_files(manifest.root, files)) {
    const auto found = class_of.find(sample.file);
    if (found == class_of.end()) {
      manifest.findings.push_back(
          {"unlisted_file", {sample.id}, cat(sample.source_path, " lies in no class folder")});
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
