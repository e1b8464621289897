// SPDX-License-Identifier: Apache-2.0
#include "dataset/reader.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/dicom_folder.hpp"
#include "dataset/folder.hpp"
#include "dataset/fracatlas.hpp"
#include "dataset/phantom.hpp"

namespace evenray {
namespace {

bool is_phantom(const std::string& path) {
  return path == "phantom" || path.starts_with("phantom:");
}

Manifest read_phantom(const std::string& spec) { return phantom_manifest(parse_phantom(spec)); }

Manifest read_dicom(const std::string& path) { return read_dicom_folder(path); }

struct Layout {
  std::string_view name;
  bool (*recognises)(const std::string& path);
  Manifest (*read)(const std::string& path);
};

/// `auto` asks them in this order: the plain folder, last, takes what is left.
constexpr std::array kLayouts = {Layout{"phantom", &is_phantom, &read_phantom},
                                 Layout{"fracatlas", &is_fracatlas_layout, &read_fracatlas},
                                 Layout{"dicom", &is_dicom_layout, &read_dicom},
                                 Layout{"folder", nullptr, &read_folder}};

/// `format`: one of format_names().
const Layout& find_layout(const std::string& path, const std::string& format) {
  return *std::find_if(kLayouts.begin(), kLayouts.end() - 1, [&](const Layout& layout) {
    return format == "auto" ? layout.recognises(path) : layout.name == format;
  });
}

/// What goes into tables and stores must be text; throws 65.
void check_text(const Manifest& manifest, const std::string& what, const std::string& text) {
  check(is_plain_utf8(text),
        Exit::bad_data,
        cat(manifest.source, ": ", what, " '", text, "' is not UTF-8; rename it"));
}

/// Throws 65 for equal ids.
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

/// The index of `name` in `names`, where it is put at the end if it is new.
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

/// Two paths may end alike: the second one of a name becomes "name-2".
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

}  // namespace

std::vector<std::string> format_names() {
  std::vector<std::string> names = {"auto"};
  for (const auto& layout : kLayouts) names.emplace_back(layout.name);
  return names;
}

Manifest read_dataset(const std::string& path, const std::string& format) {
  const auto names = format_names();
  if (std::find(names.begin(), names.end(), format) == names.end()) {
    throw Error(Exit::usage, unknown_name("format", format, names));
  }
  Manifest manifest;
  try {
    if (!is_phantom(path) || (format != "auto" && format != "phantom")) {
      check(std::filesystem::exists(path),
            Exit::missing_input,
            cat(path, ": there is no such folder"));
      check(std::filesystem::is_directory(path),
            Exit::bad_data,
            cat(path, ": a file, but a folder of images is expected"));
    }
    manifest = find_layout(path, format).read(path);
  } catch (const std::filesystem::filesystem_error& error) {
    throw_unreadable(error.path1().empty() ? path : error.path1().string(), error.code().value());
  }
  check_text(manifest, "source", manifest.source);
  for (const auto& name : manifest.class_names) check_text(manifest, "class", name);
  for (const auto& sample : manifest.samples) check_text(manifest, "file", sample.source_path);
  sort_by_id(manifest);
  return manifest;
}

Manifest read_datasets(const std::vector<std::string>& paths, const std::string& format) {
  check(!paths.empty(), Exit::usage, "no data named");
  if (paths.size() == 1) return read_dataset(paths[0], format);
  std::vector<Manifest> sources;
  sources.reserve(paths.size());
  for (const auto& path : paths) sources.push_back(read_dataset(path, format));
  make_names_unique(sources);

  Manifest all;
  all.format = united_text(sources, &Manifest::format, "+");
  all.source = united_text(sources, &Manifest::source, "+");
  all.licence = united_text(sources, &Manifest::licence, "; ");
  for (const auto& source : sources) {
    united_indices(all.class_names, source.class_names);
    united_indices(all.meta_columns, source.meta_columns);
    all.multi_label |= source.multi_label;
  }
  for (auto& source : sources) append(all, source);
  sort_by_id(all);
  return all;
}

}  // namespace evenray
