// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// Sets Sample::patient and Manifest::patients_from. `wanted` (data.patient) says where the
/// patients are named:
/// - "auto": by the layout's reader; else by a metadata column with a usual name (patient_id,
///   subject, ...); else by a usual form of paths, which counts only if one of its patients has
///   several images or if all images have it:
///   - a folder patientN, subject-N, personN, caseN, sub-N (MURA, CheXpert, BIDS);
///   - a file name that begins with such a word and number and an underscore or hyphen (Kermany's
///     pneumonia set: person12_virus_3), or IM-NNNN-NNNN (the same set);
///   - a file name NNNNNNNN_NNN (NIH ChestX-ray14).
/// - "path:REGEX": the first group of the expression (RE2's syntax), searched in the path below the
///   collection's root. An image that does not match has no patient.
/// - a name: the metadata column (or field of a COCO image) of that name.
/// A column that names the patients is no longer metadata. Throws Exit::config for an expression
/// that is not valid or has no group; Exit::bad_data if no path matches or there is no such column.
void name_patients(Manifest& manifest, const std::string& wanted);

/// Returns how many patients are known and from where: "24 patients, from folders (patient00100)";
/// "patients are unknown" if none is.
std::string describe_patients(const Manifest& manifest);

}  // namespace evenray
