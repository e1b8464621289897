// SPDX-License-Identifier: Apache-2.0
#include "serve/intake.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

/// The patient of a DICOM file as a form would have it: dates as YYYY-MM-DD, names without '^'.
PatientFields fields_of_dicom(const Json& patient) {
  PatientFields out;
  out.number = trim(patient.at("number").get<std::string>());
  out.name = patient.at("name");
  std::replace(out.name.begin(), out.name.end(), '^', ' ');
  out.name = trim(out.name);
  const std::string birth = patient.at("birth"), sex = patient.at("sex");
  if (birth.size() == 8)
    out.birth = cat(birth.substr(0, 4), "-", birth.substr(4, 2), "-", birth.substr(6));
  if (sex == "F" || sex == "M" || sex == "O") out.sex = sex;
  return out;
}

/// Returns the id of the patient of a DICOM file; empty if it names none.
std::string patient_of(Site& site, const Visitor& visitor, const Json& named) {
  PatientFields fields = fields_of_dicom(named);
  if (fields.number.empty()) return "";
  try {
    fields.check();
  } catch (const Error&) {
    // For example a date that is none: the number alone must do.
    fields = {.number = fields.number, .name = {}, .birth = {}, .sex = {}, .note = {}};
  }
  if (const auto known = site.patients.with_number(fields.number)) return known->id;
  try {
    return site.patients.add(visitor.actor(), fields);
  } catch (const Error& error) {
    // Another file of this patient was quicker.
    const auto known = site.patients.with_number(fields.number);
    if (error.code() != Exit::cannot_create || !known) throw;
    return known->id;
  }
}

}  // namespace

std::string take_file(Site& site, const Visitor& visitor, const ReceivedFile& file) {
  check(site.diagnoses(), Exit::missing_input, visitor.word("error.missing"));
  check(file.bytes.size() <= kLargestFile,
        Exit::bad_data,
        visitor.word("error.large", {bytes_text(static_cast<int64_t>(kLargestFile))}));
  const WorkerMessage checked = site.reader.ask({{"do", "inspect"}}, file.bytes);
  std::string patient = file.patient;
  if (patient.empty() && file.patient_of_file)
    patient = patient_of(site, visitor, checked.json.at("patient"));
  std::string id = site.exams.add(
      visitor.actor(),
      {.bytes = file.bytes, .thumbnail = checked.bytes, .patient = patient, .file = file.name});
  site.jobs->add(id);
  return id;
}

}  // namespace evenray
