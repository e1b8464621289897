// SPDX-License-Identifier: Apache-2.0
#include "dataset/layouts/dicom_folder.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/run_folder.hpp"
#include "core/text.hpp"
#include "dataset/dicom/dicom.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/layouts/folder.hpp"

namespace evenray {
namespace {

namespace fs = std::filesystem;

/// To recognise the layout, at most kMaxProbed files are probed; kEnough DICOM files decide.
constexpr int kMaxProbed = 400, kEnough = 16;

/// Calls `use` for each visible file below `root` until it returns false.
template <class Use>
void each_file(const Path& root, const Use& use) {
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::end(entry); ++entry) {
    if (entry->path().filename().string().starts_with(".")) {
      entry.disable_recursion_pending();
    } else if (std::error_code dead; entry->is_regular_file(dead) && !use(entry->path())) {
      return;
    }
  }
}

bool is_png_or_jpeg(const Path& file) {
  char head[4] = "";
  std::ifstream(file, std::ios::binary).read(head, sizeof head);
  const std::string_view mark(head, sizeof head);
  return mark.starts_with("\x89PNG") || mark.starts_with("\xFF\xD8\xFF");
}

struct File {
  Path path;
  DicomFacts facts;
  std::vector<std::string> folders;  ///< below the root
  std::string part, class_name;      ///< empty if its folder gives none
};

bool ends_as_picture(const Path& file) {
  const std::string ending = lower(file.extension().string());
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".tif" ||
         ending == ".tiff";
}

std::vector<std::string> folders_of(const Path& file, const Path& root) {
  std::vector<std::string> out;
  for (const auto& folder : file.lexically_relative(root).parent_path())
    out.push_back(folder.string());
  return out;
}

/// Drops the top folder if it contains everything: it comes from an archive and is not a class.
void leave_wrapping_folder(std::vector<File>& files) {
  const auto inside = [&](const File& file) {
    return file.folders.size() >= 2 && file.folders[0] == files[0].folders[0];
  };
  if (files[0].folders.empty() || !part_of_name(files[0].folders[0]).empty()) return;
  if (!std::all_of(files.begin(), files.end(), inside)) return;
  for (auto& file : files) file.folders.erase(file.folders.begin());
}

/// Sets parts and classes. If all outer folders are named after parts, the classes are the folders
/// inside them.
void place(std::vector<File>& files) {
  leave_wrapping_folder(files);
  const bool parts = std::all_of(files.begin(), files.end(), [](const File& file) {
    return file.folders.empty() || !part_of_name(file.folders[0]).empty();
  });
  for (auto& file : files) {
    const size_t at = parts ? 1 : 0;
    if (file.folders.size() <= at) continue;
    if (parts) file.part = part_of_name(file.folders[0]);
    file.class_name = file.folders[at];
  }
}

/// Returns the folders that hold the class folders.
std::set<Path> class_parents(const std::vector<File>& files) {
  std::set<Path> parents;
  for (const auto& file : files) {
    if (file.class_name.empty()) continue;
    Path folder = file.path.parent_path();
    for (size_t i = file.part.empty() ? 1 : 2; i < file.folders.size(); ++i)
      folder = folder.parent_path();
    parents.insert(folder.parent_path());
  }
  return parents;
}

/// Returns whether folders and ids correspond one to one.
bool one_to_one(const std::vector<File>& files, std::string DicomFacts::*id) {
  std::map<std::string, std::string> id_of, folder_of;
  for (const auto& file : files) {
    const std::string& name = file.facts.*id;
    if (file.class_name.empty()) continue;
    if (name.empty()) return false;
    if (id_of.emplace(file.class_name, name).first->second != name ||
        folder_of.emplace(name, file.class_name).first->second != file.class_name)
      return false;
  }
  return true;
}

std::string number_text(const std::optional<double>& number) {
  return number ? exact(*number) : "";
}

const std::vector<std::string> kColumns = {"modality",
                                           "body_part",
                                           "view_position",
                                           "laterality",
                                           "sex",
                                           "age_years",
                                           "pixel_spacing_mm",
                                           "bits_stored",
                                           "photometric",
                                           "window",
                                           "transfer_syntax",
                                           "burned_in",
                                           "study"};

/// Collects what the headers state about text burned into the pixels, as findings.
class BurnedIn {
 public:
  void add(const std::string& id, const DicomFacts& facts, Manifest& manifest) {
    ++headers_;
    if (!facts.burned_in) {
      ++unknown_;
    } else if (*facts.burned_in) {
      manifest.findings.push_back(
          {"burned_in", {id}, "the header states that text is burned into the pixels"});
    }
  }
  void finish(Manifest& manifest) const {
    if (unknown_ == 0) return;
    manifest.findings.push_back(
        {"burned_in_unknown",
         {},
         cat(unknown_, " of ", headers_, " headers do not state whether text is burned in")});
  }

 private:
  int64_t headers_ = 0, unknown_ = 0;
};

/// Returns the metadata in the order of kColumns.
std::vector<std::string> meta_of(const DicomFacts& facts) {
  std::string spacing = number_text(facts.row_spacing_mm);
  if (facts.column_spacing_mm && facts.column_spacing_mm != facts.row_spacing_mm)
    spacing += "x" + exact(*facts.column_spacing_mm);
  std::string window = number_text(facts.window_center);
  if (facts.window_width) window += "/" + exact(*facts.window_width);
  return {facts.modality,
          facts.body_part,
          facts.view_position,
          facts.laterality,
          facts.sex,
          facts.age_years ? cat(*facts.age_years) : "",
          spacing,
          facts.bits_stored > 0 ? cat(facts.bits_stored) : "",
          facts.photometric,
          window,
          facts.syntax,
          facts.burned_in ? (*facts.burned_in ? "yes" : "no") : "",
          facts.study};
}

/// Returns the DICOM files with pixels; the others become findings.
std::vector<File> find_files(Manifest& manifest, const std::string& key) {
  std::vector<Path> paths;
  for (const auto& path : visible_files(manifest.root)) {
    throw_if_stopped();
    // DICOMDIR is the table of contents of a hospital's disc.
    if (lower(path.filename().string()) != "dicomdir" && is_dicom_file(path)) paths.push_back(path);
  }
  std::vector<File> files;
  for (const auto& path : paths) {
    throw_if_stopped();
    File file{path, read_dicom_facts(path, key), folders_of(path, manifest.root), "", ""};
    if (file.facts.has_pixels) {
      files.push_back(std::move(file));
      continue;
    }
    const std::string relative = path.lexically_relative(manifest.root).generic_string();
    manifest.findings.push_back({"unlisted_file",
                                 {relative},
                                 cat(relative,
                                     file.facts.fault.empty() ? " is a DICOM object without pixels"
                                                              : ": " + file.facts.fault)});
  }
  return files;
}

}  // namespace

bool is_dicom_layout(const std::string& path) {
  int probed = 0, found = 0;
  bool other = false;
  each_file(path, [&](const Path& file) {
    other = is_png_or_jpeg(file);
    found += is_dicom_file(file);
    return !other && ++probed < kMaxProbed && found < kEnough;
  });
  return found > 0 && !other;
}

Manifest read_dicom_folder(const std::string& path, const Path& key_file) {
  Manifest manifest;
  manifest.format = "dicom";
  manifest.root = clean_root(path);
  manifest.source = manifest.root.filename().string();
  manifest.meta_columns = kColumns;
  const std::string key = dicom_key(key_file.empty() ? default_dicom_key_file() : key_file);
  std::vector<File> files = find_files(manifest, key);
  check(!files.empty(), Exit::bad_data, cat(path, ": no DICOM file with pixels"));

  place(files);
  std::set<std::string> classes;
  for (const auto& file : files) {
    if (!file.class_name.empty()) classes.insert(file.class_name);
  }
  const bool of_ids = one_to_one(files, &DicomFacts::patient) ||
                      one_to_one(files, &DicomFacts::study) ||
                      one_to_one(files, &DicomFacts::series);
  if (!of_ids) {
    for (const auto& parent : class_parents(files)) {
      for (const auto& folder : empty_class_folders(parent)) {
        classes.insert(folder.filename().string());
        manifest.findings.push_back(empty_class(manifest.root, folder));
      }
    }
  }
  if (!of_ids) manifest.class_names.assign(classes.begin(), classes.end());
  manifest.multi_label = manifest.class_names.empty();

  std::vector<Path> paths;
  for (const auto& file : files) paths.push_back(file.path);
  auto samples = samples_of_files(manifest.root, paths);
  BurnedIn burned_in;
  for (size_t i = 0; i < files.size(); ++i) {
    const File& file = files[i];
    Sample& sample = samples[i];
    if (!manifest.class_names.empty()) {
      if (file.class_name.empty()) {
        manifest.findings.push_back(
            {"unlisted_file", {sample.id}, cat(sample.source_path, " is not in a class folder")});
        continue;
      }
      sample.part = file.part;
      sample.labels.assign(manifest.class_names.size(), 0);
      sample.labels[static_cast<size_t>(manifest.class_index(file.class_name))] = 1;
    }
    sample.patient = file.facts.patient;
    sample.visit = file.facts.study;
    sample.meta = meta_of(file.facts);
    burned_in.add(sample.id, file.facts, manifest);
    manifest.samples.push_back(std::move(sample));
  }
  burned_in.finish(manifest);
  return manifest;
}

bool add_dicom_headers(Manifest& manifest, const Path& key_file) {
  std::vector<Sample*> found;
  for (auto& sample : manifest.samples)
    if (!sample.file.empty() && !ends_as_picture(sample.file) && is_dicom_file(sample.file))
      found.push_back(&sample);
  if (found.empty()) return false;
  const std::string key = dicom_key(key_file.empty() ? default_dicom_key_file() : key_file);
  const size_t before = manifest.meta_columns.size();
  std::vector<size_t> added;  // indices into kColumns
  for (size_t c = 0; c < kColumns.size(); ++c) {
    const auto& known = manifest.meta_columns;
    if (std::count(known.begin(), known.end(), kColumns[c]) > 0) continue;
    manifest.meta_columns.push_back(kColumns[c]);
    added.push_back(c);
  }
  for (auto& sample : manifest.samples) sample.meta.resize(manifest.meta_columns.size());
  BurnedIn burned_in;
  for (Sample* sample : found) {
    throw_if_stopped();
    const DicomFacts facts = read_dicom_facts(sample->file, key);
    const auto values = meta_of(facts);
    for (size_t k = 0; k < added.size(); ++k) sample->meta[before + k] = values[added[k]];
    if (sample->patient.empty()) sample->patient = facts.patient;
    sample->visit = facts.study;
    burned_in.add(sample->id, facts, manifest);
  }
  burned_in.finish(manifest);
  return true;
}

}  // namespace evenray
