// SPDX-License-Identifier: Apache-2.0
#include "dataset/files/image_folder.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/dicom/dicom.hpp"

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

bool is_file(const fs::directory_entry& entry) {
  std::error_code dead;
  return entry.is_regular_file(dead);
}

std::vector<Path> images_directly_in(const Path& folder) {
  std::vector<Path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (is_file(entry) && !hidden(entry.path()) && is_image(entry.path())) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Whether the last folder of a chain, each in the one before, is equal to or a parent of an
/// earlier one: a link that would be followed forever.
bool leads_back(const std::vector<Path>& folders) {
  const std::string last = (folders.back() / "").string();
  return std::any_of(folders.begin(), folders.end() - 1, [&](const Path& folder) {
    return (folder / "").string().starts_with(last);
  });
}

/// DICOM files often have no extension, or a UID as their name. A hospital's disc also has a table
/// of contents, DICOMDIR, which is not an image.
bool may_be_dicom(const Path& path) {
  if (lower(path.filename().string()) == "dicomdir") return false;
  const std::string ending = path.extension().string();
  return std::all_of(ending.begin() + !ending.empty(), ending.end(), [](unsigned char c) {
    return std::isdigit(c) != 0;
  });
}

/// Returns the visible entries below a folder, other than real folders, for which `wanted` is true,
/// sorted; links to folders are followed.
template <class Wanted>
std::vector<Path> entries_below(const Path& folder, const Wanted& wanted) {
  std::vector<Path> files;
  // The folders that the current entry is in, with links resolved.
  std::vector<Path> inside{fs::canonical(folder)};
  std::error_code dead;  // a link to nothing or to itself has no kind
  for (auto entry = fs::recursive_directory_iterator(
           folder, fs::directory_options::follow_directory_symlink);
       entry != fs::end(entry);
       ++entry) {
    if (hidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (entry->is_directory(dead)) {
      inside.resize(static_cast<size_t>(entry.depth()) + 1);
      inside.push_back(fs::canonical(entry->path()));
      if (entry->is_symlink() && wanted(*entry)) files.push_back(entry->path());
      if (leads_back(inside)) entry.disable_recursion_pending();
    } else if (wanted(*entry)) {
      files.push_back(entry->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool is_dead_link(const fs::directory_entry& entry) {
  std::error_code dead;
  return entry.is_symlink(dead) && !entry.exists(dead);
}

/// Whether a link leads to something outside of a folder, given with links resolved.
bool leads_out(const fs::directory_entry& entry, const Path& folder) {
  std::error_code dead;
  if (!entry.is_symlink(dead) || !entry.exists(dead)) return false;
  const Path target = fs::canonical(entry.path(), dead);
  return !dead && !(target / "").string().starts_with((folder / "").string());
}

bool has_extension(const Path& path, const std::vector<std::string>& endings) {
  return std::count(endings.begin(), endings.end(), lower(path.extension().string())) > 0;
}

}  // namespace

std::vector<Path> visible_files(const Path& folder) { return entries_below(folder, is_file); }

std::vector<Path> dead_links(const Path& folder) { return entries_below(folder, is_dead_link); }

std::vector<Path> outside_links(const Path& folder) {
  return entries_below(folder, [root = fs::canonical(folder)](const fs::directory_entry& entry) {
    return leads_out(entry, root);
  });
}

std::vector<Path> empty_folders(const Path& folder) {
  auto folders = visible_folders(folder);
  std::erase_if(folders, [](const Path& inner) {
    return !entries_below(inner, [](const fs::directory_entry& entry) {
              return is_file(entry) && !has_extension(entry.path(), unsupported_extensions());
            }).empty();
  });
  return folders;
}

std::vector<Path> visible_folders(const Path& folder) {
  std::vector<Path> folders;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::error_code dead;
    if (entry.is_directory(dead) && !hidden(entry.path())) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::vector<Path> files_with_extension(const Path& folder,
                                       const std::vector<std::string>& endings) {
  return entries_below(folder, [&](const fs::directory_entry& entry) {
    return is_file(entry) && has_extension(entry.path(), endings);
  });
}

const std::vector<std::string>& unsupported_extensions() {
  static const std::vector<std::string> endings = {
      ".bmp", ".gif", ".webp", ".jp2", ".j2k", ".heic", ".heif", ".avif", ".pgm", ".ppm"};
  return endings;
}

std::vector<Path> image_files(const Path& folder) {
  return entries_below(folder, [](const fs::directory_entry& entry) {
    const Path& path = entry.path();
    return is_file(entry) && (is_image(path) || (may_be_dicom(path) && is_dicom_file(path)));
  });
}

Path enter_wrapping_folder(const Path& root) {
  const auto folders = visible_folders(root);
  if (folders.size() != 1 || !part_of_name(folders[0].filename().string()).empty()) return root;
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
    // The same rule holds in the root, where a path without its extension is the stem: "a.png" and
    // "a.jpg" keep their extensions.
    if (paths[without_ending(sample)] > 1) sample.id = sample.source_path;
  }
  return samples;
}

}  // namespace evenray
