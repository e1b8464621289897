// SPDX-License-Identifier: Apache-2.0
#include "dataset/reader_checks.hpp"

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "dataset/layouts/table.hpp"

namespace evenray {
namespace {

std::string formats_of(const std::vector<Manifest>& sources) {
  std::vector<std::string> formats;
  for (const auto& source : sources) formats.push_back(cat(source.source, ": ", source.format));
  return join(formats);
}

/// Returns a class's name without what may be a slip: letter case and blanks.
std::string plain_name(const std::string& name) {
  std::string plain = lower(name);
  std::erase_if(plain, [](char c) { return c == ' ' || c == '\t'; });
  return plain;
}

std::vector<std::string> ids_with(const Manifest& manifest, size_t label) {
  std::vector<std::string> ids;
  for (const auto& sample : manifest.samples)
    if (sample.labels[label] == 1) ids.push_back(sample.id);
  return ids;
}

}  // namespace

void check_columns_used(const std::vector<std::string>& paths, const ReadOptions& options) {
  const TableColumns& columns = options.columns;
  if (columns == TableColumns{}) return;
  check(options.format == "auto" || options.format == "table",
        Exit::config,
        cat("data.columns applies to the format table, not to ",
            options.format,
            "; remove it or --format"));
  check(!columns.path.empty(),
        Exit::config,
        "data.columns.path is not set, so the other keys of data.columns have no effect");
  const bool used = std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
    return !std::filesystem::exists(path) || is_table_layout(path, columns);
  });
  check(used,
        Exit::missing_input,
        cat("data.columns: no table ",
            columns.table.empty() ? "(.csv)" : columns.table,
            " in ",
            join(paths)));
}

void check_settings_used(const ReadOptions& options,
                         const std::vector<Manifest>& sources,
                         bool dicom) {
  const bool several_readers = std::any_of(sources.begin(), sources.end(), [](const Manifest& one) {
    return one.format == "vinbigdata";
  });
  check(several_readers || options.readers == ReadOptions{}.readers,
        Exit::config,
        cat("data.readers applies to the boxes of several readers (format vinbigdata), which no "
            "source has (",
            formats_of(sources),
            "); remove it"));
  check(dicom || options.key.empty(),
        Exit::config,
        cat("data.key (--key) applies to DICOM files, which no source has (",
            formats_of(sources),
            "); remove it"));
}

void find_class_spellings(Manifest& manifest) {
  std::map<std::string, std::vector<size_t>> alike;
  for (size_t c = 0; c < manifest.class_names.size(); ++c)
    alike[plain_name(manifest.class_names[c])].push_back(c);
  for (const auto& [plain, classes] : alike) {
    if (classes.size() < 2) continue;
    std::vector<std::string> names;
    std::vector<std::vector<std::string>> images;
    for (const size_t c : classes) {
      images.push_back(ids_with(manifest, c));
      names.push_back(cat("'", manifest.class_names[c], "' (", images.back().size(), ")"));
    }
    const auto most =
        std::max_element(images.begin(), images.end(), [](const auto& a, const auto& b) {
          return a.size() < b.size();
        });
    Finding finding{"class_spelling",
                    {},
                    cat("classes that differ in case or blanks only: ",
                        join(names),
                        "; unite them with --labels if they are one")};
    for (auto one = images.begin(); one != images.end(); ++one)
      if (one != most) finding.ids.insert(finding.ids.end(), one->begin(), one->end());
    manifest.findings.push_back(std::move(finding));
  }
}

std::string describe_invalid_annotations(const Manifest& manifest) {
  int64_t number = 0;
  std::string first;
  for (const auto& finding : manifest.findings) {
    if (finding.kind != "annotation_invalid") continue;
    if (number++ == 0) first = finding.detail;
  }
  if (number == 0) return "";
  return number == 1 ? "1 annotation is not valid (" + first + ")"
                     : cat(number, " annotations are not valid (the first one: ", first, ")");
}

void warn_of_invalid_annotations(const Manifest& manifest) {
  if (const auto invalid = describe_invalid_annotations(manifest); !invalid.empty())
    log_warning(invalid + "; `data audit` lists all");
}

}  // namespace evenray
