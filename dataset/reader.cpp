// SPDX-License-Identifier: Apache-2.0
#include "dataset/reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <tuple>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/frames.hpp"
#include "dataset/label_map.hpp"
#include "dataset/layouts/box_fusion.hpp"
#include "dataset/layouts/coco.hpp"
#include "dataset/layouts/dicom_folder.hpp"
#include "dataset/layouts/exported.hpp"
#include "dataset/layouts/folder.hpp"
#include "dataset/layouts/fracatlas.hpp"
#include "dataset/layouts/imagefolder.hpp"
#include "dataset/layouts/medmnist.hpp"
#include "dataset/layouts/nih.hpp"
#include "dataset/layouts/store_source.hpp"
#include "dataset/layouts/table.hpp"
#include "dataset/layouts/unread.hpp"
#include "dataset/layouts/vinbigdata.hpp"
#include "dataset/layouts/voc.hpp"
#include "dataset/layouts/yolo.hpp"
#include "dataset/patients.hpp"
#include "dataset/phantom/phantom.hpp"
#include "dataset/reader_checks.hpp"

namespace evenray {
namespace {

bool is_phantom(const std::string& path) {
  return path == "phantom" || path.starts_with("phantom:");
}

Manifest read_phantom(const std::string& spec) { return phantom_manifest(parse_phantom(spec)); }

struct Layout {
  std::string_view name;
  bool (*recognises)(const std::string& path, const ReadOptions& options);
  Manifest (*read)(const std::string& path, const ReadOptions& options);
};

/// A layout that needs only the path.
template <bool (*recognises)(const std::string&), Manifest (*read)(const std::string&)>
constexpr Layout plain(std::string_view name) {
  return {name,
          [](const std::string& path, const ReadOptions&) { return recognises(path); },
          [](const std::string& path, const ReadOptions&) { return read(path); }};
}

/// `auto` tries them in this order. The plain folder is last because it accepts any path.
constexpr std::array kLayouts = {
    plain<is_phantom, read_phantom>("phantom"),
    plain<is_store_source, read_store_source>("store"),
    plain<is_medmnist_file, read_medmnist>("medmnist"),
    Layout{"table",
           [](const std::string& path, const ReadOptions& options) {
             return is_table_layout(path, options.columns);
           },
           [](const std::string& path, const ReadOptions& options) {
             return read_table(path, options.columns);
           }},
    plain<is_exported_layout, read_exported>("export"),
    plain<is_fracatlas_layout, read_fracatlas>("fracatlas"),
    plain<is_nih_layout, read_nih>("nih"),
    Layout{"vinbigdata",
           [](const std::string& path, const ReadOptions&) { return is_vinbigdata_layout(path); },
           [](const std::string& path, const ReadOptions& options) {
             return read_vinbigdata(path, options.readers);
           }},
    plain<is_imagefolder_layout, read_imagefolder>("imagefolder"),
    plain<is_coco_layout, read_coco>("coco"),
    plain<is_yolo_layout, read_yolo>("yolo"),
    plain<is_voc_layout, read_voc>("voc"),
    Layout{"dicom",
           [](const std::string& path, const ReadOptions&) { return is_dicom_layout(path); },
           [](const std::string& path, const ReadOptions& options) {
             return read_dicom_folder(path, options.key);
           }},
    Layout{"folder",
           [](const std::string&, const ReadOptions&) { return true; },
           [](const std::string& path, const ReadOptions& options) {
             return read_folder(path, options.format == "folder");
           }}};

const Layout& find_layout(const std::string& path, const ReadOptions& options) {
  return *std::find_if(kLayouts.begin(), kLayouts.end(), [&](const Layout& layout) {
    return options.format == "auto" ? layout.recognises(path, options)
                                    : layout.name == options.format;
  });
}

/// Names go into tables and stores and must therefore be UTF-8. Throws Exit::bad_data.
void check_text(const Manifest& manifest, const std::string& what, const std::string& text) {
  check(is_plain_utf8(text),
        Exit::bad_data,
        cat(manifest.source, ": ", what, " '", text, "' is not UTF-8; rename it"));
}

/// Sorts samples and findings. Throws Exit::bad_data for equal ids.
void sort_by_id(Manifest& manifest) {
  std::sort(manifest.samples.begin(), manifest.samples.end(), [](const Sample& a, const Sample& b) {
    return a.id < b.id;
  });
  const auto twice = std::adjacent_find(
      manifest.samples.begin(), manifest.samples.end(), [](const Sample& a, const Sample& b) {
        return a.id == b.id;
      });
  if (twice != manifest.samples.end()) {
    throw Error(Exit::bad_data,
                cat(manifest.source,
                    ": ",
                    twice->source_path,
                    " and ",
                    (twice + 1)->source_path,
                    " have the same id '",
                    twice->id,
                    "'; rename one"));
  }
  std::sort(
      manifest.findings.begin(), manifest.findings.end(), [](const Finding& a, const Finding& b) {
        return std::tie(a.kind, a.ids) < std::tie(b.kind, b.ids);
      });
}

/// Returns the index of `name` in `names`; appends it if it is new.
size_t united_index(std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  names.push_back(name);
  return names.size() - 1;
}

std::vector<size_t> united_indices(std::vector<std::string>& names,
                                   const std::vector<std::string>& more) {
  std::vector<size_t> indices;
  indices.reserve(more.size());
  for (const auto& name : more) indices.push_back(united_index(names, name));
  return indices;
}

/// Two paths may end in the same name; the second source of a name becomes "name-2".
void make_names_unique(std::vector<Manifest>& sources) {
  std::set<std::string> taken;
  for (auto& source : sources) {
    std::string name = source.source;
    for (int n = 2; !taken.insert(name).second; ++n) name = cat(source.source, "-", n);
    source.source = name;
  }
}

std::string united_text(const std::vector<Manifest>& sources,
                        std::string Manifest::*field,
                        std::string_view between) {
  std::vector<std::string> texts;
  for (const auto& source : sources) {
    if (!(source.*field).empty()) united_index(texts, source.*field);
  }
  return join(texts, between);
}

void append(Manifest& all, Manifest& source) {
  const auto classes = united_indices(all.class_names, source.class_names);
  const auto columns = united_indices(all.meta_columns, source.meta_columns);
  const std::string prefix = source.source + "/";
  for (auto& sample : source.samples) {
    sample.id = prefix + sample.id;
    sample.source_path = prefix + sample.source_path;
    if (!sample.patient.empty()) sample.patient.insert(0, prefix);
    if (!sample.visit.empty()) sample.visit.insert(0, prefix);
    // In a multi-label set, a class that this source does not know is unknown, not absent.
    std::vector<int8_t> labels(all.class_names.size(), all.multi_label ? -1 : 0);
    for (size_t c = 0; c < classes.size(); ++c) labels[classes[c]] = sample.labels[c];
    sample.labels = std::move(labels);
    for (auto& box : sample.boxes)
      box.label = static_cast<int>(classes[static_cast<size_t>(box.label)]);
    std::vector<std::string> meta(all.meta_columns.size());
    for (size_t c = 0; c < columns.size(); ++c) meta[columns[c]] = sample.meta[c];
    sample.meta = std::move(meta);
    all.samples.push_back(std::move(sample));
  }
  for (auto& finding : source.findings) {
    for (auto& id : finding.ids) id.insert(0, prefix);
    all.findings.push_back(std::move(finding));
  }
}

/// Throws unless `path` can be a collection. The only files that can are stores and MedMNIST's.
void check_exists(const std::string& path) {
  if (is_store_source(path)) return;
  check(std::filesystem::exists(path), Exit::missing_input, cat(path, ": no such folder or file"));
  check(std::filesystem::is_directory(path) || is_medmnist_file(path),
        Exit::bad_data,
        cat(path, ": is not a data set; give a folder of images, a store or an .npz file"));
}

void find_unread_kinds(Manifest& manifest) {
  Finding finding{"unread_kind", {}, ""};
  std::set<std::string> endings;
  for (const auto& file : files_with_extension(manifest.root, unsupported_extensions())) {
    finding.ids.push_back(file.lexically_relative(manifest.root).generic_string());
    endings.insert(lower(file.extension().string()));
  }
  if (finding.ids.empty()) return;
  finding.detail = cat("files in a format that is not supported (",
                       join(std::vector<std::string>(endings.begin(), endings.end())),
                       "): ",
                       finding.ids.size(),
                       "; convert them to PNG");
  manifest.findings.push_back(std::move(finding));
}

void find_links(Manifest& manifest) {
  const auto tell = [&](Finding finding, const std::vector<Path>& links) {
    for (const auto& link : links)
      finding.ids.push_back(link.lexically_relative(manifest.root).generic_string());
    if (!finding.ids.empty()) manifest.findings.push_back(std::move(finding));
  };
  tell({"dead_link", {}, "links that lead to nothing"}, dead_links(manifest.root));
  tell({"outside_link", {}, "links that lead out of the folder; what they name is read"},
       outside_links(manifest.root));
}

/// Kinds of files that some settings apply to, and whether a source has any.
struct KindsOfFiles {
  bool dicom = false, multi_frame = false;
};

Manifest read_source(const std::string& path, const ReadOptions& options, KindsOfFiles& kinds) {
  Manifest manifest;
  try {
    if (!is_phantom(path) || (options.format != "auto" && options.format != "phantom"))
      check_exists(path);
    const Layout& layout = find_layout(path, options);
    if (layout.name == "folder" && options.format == "auto") refuse_unread_layouts(path);
    manifest = layout.read(path, options);
    kinds.dicom |= manifest.format == "dicom" || add_dicom_headers(manifest, options.key);
    const bool folder = !is_store_source(path) && std::filesystem::is_directory(path);
    if (folder && !is_phantom(path)) {
      find_unread_kinds(manifest);
      find_links(manifest);
    }
  } catch (const std::filesystem::filesystem_error& error) {
    throw_unreadable(error.path1().empty() ? path : error.path1().string(), error.code().value());
  }
  check_text(manifest, "source", manifest.source);
  for (const auto& name : manifest.class_names) check_text(manifest, "class", name);
  for (const auto& sample : manifest.samples) check_text(manifest, "file", sample.source_path);
  kinds.multi_frame |= take_frames(manifest, options.frames);
  sort_by_id(manifest);
  name_patients(manifest, options.patient);
  return manifest;
}

Manifest united(std::vector<Manifest>&& sources) {
  make_names_unique(sources);

  Manifest all;
  all.format = united_text(sources, &Manifest::format, "+");
  all.source = united_text(sources, &Manifest::source, "+");
  all.licence = united_text(sources, &Manifest::licence, "; ");
  all.patients_from = united_text(sources, &Manifest::patients_from, " and ");
  for (const auto& source : sources) {
    united_indices(all.class_names, source.class_names);
    united_indices(all.meta_columns, source.meta_columns);
    all.multi_label |= source.multi_label;
  }
  for (auto& source : sources) {
    all.sources.push_back(source.source);
    append(all, source);
  }
  sort_by_id(all);
  return all;
}

}  // namespace

std::vector<std::string> format_names() {
  std::vector<std::string> names = {"auto"};
  for (const auto& layout : kLayouts) names.emplace_back(layout.name);
  return names;
}

void ReadOptions::fields(Fields& f) {
  f("format", format, "layout: " + join(format_names()));
  f("readers",
    readers,
    "boxes of several readers: " + join(merging_names()) + " (of more than half of them)");
  f("labels", labels, "CSV file (from, to) that renames, merges or drops classes");
  f("key",
    key,
    "key file for hashing the ids of DICOM patients and studies; empty: $EVENRAY_KEY, else "
    "~/.config/evenray/key");
  f("patient",
    patient,
    "what names the patients: auto, a column (or field of a COCO image), or path:REGEX, whose "
    "first group is searched in the path");
  f("frames",
    frames,
    "which frames of a DICOM file with several are images: first, all, or the number of one, from "
    "1");
  f.section("columns", columns);
}

void ReadOptions::check() const {
  const auto names = format_names();
  evenray::check(std::find(names.begin(), names.end(), format) != names.end(),
                 Exit::config,
                 "data.format: " + unknown_name("format", format, names));
  parse_merging(readers);
  columns.check();
  check_frames(frames);
}

Manifest read_dataset(const std::string& path, const ReadOptions& options) {
  return read_datasets({path}, options);
}

Manifest read_datasets(const std::vector<std::string>& paths, const ReadOptions& options) {
  check(!paths.empty(), Exit::usage, "no data source given");
  options.check();
  check_columns_used(paths, options);
  std::optional<LabelMap> labels;
  if (!options.labels.empty()) labels.emplace(options.labels);
  std::vector<Manifest> sources;
  sources.reserve(paths.size());
  KindsOfFiles kinds;
  for (const auto& path : paths) {
    sources.push_back(read_source(path, options, kinds));
    if (labels) labels->apply(sources.back());
  }
  check_frames_used(kinds.multi_frame, options.frames, join(paths));
  if (labels) labels->check_all_used();
  check_settings_used(options, sources, kinds.dicom);
  Manifest manifest = sources.size() == 1 ? std::move(sources[0]) : united(std::move(sources));
  find_class_spellings(manifest);
  return manifest;
}

}  // namespace evenray
