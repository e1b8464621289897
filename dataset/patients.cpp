// SPDX-License-Identifier: Apache-2.0
#include "dataset/patients.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <string_view>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::string_view kPathPrefix = "path:";

/// Usual names of a column with the patient, in lower case and without separators.
constexpr std::array kColumnNames = {"patient", "patientid", "subject", "subjectid"};

/// Words that, with a number, name a patient in a path.
constexpr std::array<std::string_view, 5> kWords = {"patient", "subject", "person", "case", "sub"};

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

size_t digits_at(std::string_view text, size_t start) {
  size_t end = start;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - start;
}

/// Returns the length of a word and number such as "patient012" or "Subject-7" at the start of
/// `name`; 0 if there is none.
size_t word_and_number(const std::string& name) {
  const std::string small = lower(name);
  for (const auto word : kWords) {
    if (!small.starts_with(word)) continue;
    size_t at = word.size();
    if (at < small.size() && std::string_view("-_ ").find(small[at]) != std::string_view::npos)
      ++at;
    if (const size_t digits = digits_at(small, at); digits > 0) return at + digits;
  }
  return 0;
}

/// These functions return the patient that a path names in one usual form; empty if it does not.
std::string patient_of_folder(const Path& path) {
  for (const auto& folder : path.parent_path()) {
    std::string name = folder.string();
    if (const size_t length = word_and_number(name); length > 0 && length == name.size())
      return name;
  }
  return "";
}

std::string patient_of_word(const Path& path) {
  const std::string name = path.stem().string();
  const size_t length = word_and_number(name);
  const bool follows = length > 0 && length < name.size();
  return follows && (name[length] == '_' || name[length] == '-') ? name.substr(0, length) : "";
}

std::string patient_of_numbers(const Path& path) {
  const std::string name = path.stem().string();
  const bool fits =
      name.size() == 12 && name[8] == '_' && digits_at(name, 0) == 8 && digits_at(name, 9) == 3;
  return fits ? name.substr(0, 8) : "";
}

std::string patient_of_im(const Path& path) {
  const std::string name = path.stem().string();
  const size_t at = name.find("IM-");
  if (at == std::string::npos || digits_at(name, at + 3) != 4) return "";
  const size_t end = at + 7;
  return end < name.size() && name[end] == '-' ? name.substr(0, end) : "";
}

struct PathForm {
  const char* text;  ///< for messages
  std::string (*patient)(const Path& path);
};
constexpr std::array kPathForms = {PathForm{"folders", &patient_of_folder},
                                   PathForm{"file names", &patient_of_word},
                                   PathForm{"file names", &patient_of_numbers},
                                   PathForm{"file names", &patient_of_im}};

bool any_patient(const Manifest& manifest) {
  return std::any_of(manifest.samples.begin(), manifest.samples.end(), [](const Sample& sample) {
    return !sample.patient.empty();
  });
}

void take_column(Manifest& manifest, size_t column) {
  manifest.patients_from = cat("column '", manifest.meta_columns[column], "'");
  const auto at = static_cast<std::ptrdiff_t>(column);
  manifest.meta_columns.erase(manifest.meta_columns.begin() + at);
  for (auto& sample : manifest.samples) {
    sample.patient = sample.meta[column];
    sample.meta.erase(sample.meta.begin() + at);
  }
}

std::optional<size_t> usual_column(const Manifest& manifest) {
  for (size_t c = 0; c < manifest.meta_columns.size(); ++c) {
    std::string name = lower(manifest.meta_columns[c]);
    std::erase_if(name,
                  [](char letter) { return letter == '_' || letter == '-' || letter == ' '; });
    if (std::find(kColumnNames.begin(), kColumnNames.end(), name) != kColumnNames.end()) return c;
  }
  return std::nullopt;
}

/// Several forms may occur in one collection (Kermany's set has two), each on its own images.
void take_path_forms(Manifest& manifest) {
  for (const auto& form : kPathForms) {
    std::vector<std::string> patients;
    std::set<std::string> different;
    size_t named = 0;
    for (const auto& sample : manifest.samples) {
      patients.push_back(sample.patient.empty() ? form.patient(sample.source_path) : "");
      if (patients.back().empty()) continue;
      ++named;
      different.insert(patients.back());
    }
    if (named == 0 || (different.size() == named && named < manifest.samples.size())) continue;
    for (size_t i = 0; i < patients.size(); ++i)
      if (!patients[i].empty()) manifest.samples[i].patient = patients[i];
    manifest.patients_from += cat(
        manifest.patients_from.empty() ? "" : " and ", form.text, " (", *different.begin(), ")");
  }
}

/// RE2 takes time linear in the path for any expression, so a user's expression cannot hang.
void take_expression(Manifest& manifest, const std::string& text) {
  const RE2 expression(text, RE2::Quiet);
  check(expression.ok(),
        Exit::config,
        cat("data.patient: '",
            text,
            "' is not a regular expression",
            expression.error_arg().empty() ? "" : cat(" at '", expression.error_arg(), "'"),
            "; look-ahead and back references are not supported"));
  check(expression.NumberOfCapturingGroups() > 0,
        Exit::config,
        cat("data.patient: '",
            text,
            "' has no group; put the part that names the patient in parentheses"));
  for (auto& sample : manifest.samples) {
    sample.patient.clear();
    RE2::PartialMatch(sample.source_path, expression, &sample.patient);
  }
  check(any_patient(manifest),
        Exit::bad_data,
        cat(manifest.source,
            ": data.patient: no path matches '",
            text,
            "' (the first path: ",
            manifest.samples.empty() ? "none" : manifest.samples[0].source_path,
            ")"));
  manifest.patients_from = cat("paths that match '", text, "'");
}

}  // namespace

void name_patients(Manifest& manifest, const std::string& wanted) {
  if (wanted.starts_with(kPathPrefix)) {
    take_expression(manifest, wanted.substr(kPathPrefix.size()));
    return;
  }
  if (wanted != "auto") {
    const auto& columns = manifest.meta_columns;
    const auto found = std::find(columns.begin(), columns.end(), wanted);
    check(found != columns.end(),
          Exit::bad_data,
          cat(manifest.source, ": data.patient: ", unknown_name("column", wanted, columns)));
    take_column(manifest, static_cast<size_t>(found - columns.begin()));
    return;
  }
  if (any_patient(manifest)) {
    manifest.patients_from = cat("the layout ", manifest.format);
  } else if (const auto column = usual_column(manifest)) {
    take_column(manifest, *column);
  } else {
    take_path_forms(manifest);
  }
}

std::string describe_patients(const Manifest& manifest) {
  std::set<std::string> patients;
  size_t without = 0;
  for (const auto& sample : manifest.samples) {
    if (sample.patient.empty())
      ++without;
    else
      patients.insert(sample.patient);
  }
  if (patients.empty()) return "patients are unknown";
  return cat(patients.size(),
             patients.size() == 1 ? " patient" : " patients",
             manifest.patients_from.empty() ? "" : ", from " + manifest.patients_from,
             without > 0
                 ? cat("; ", without, without == 1 ? " image" : " images", " without a patient")
                 : "");
}

}  // namespace evenray
