// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// Whether a folder holds DICOM files (by content) and neither PNG nor JPEG among the first few
/// that are looked at.
bool is_dicom_layout(const std::string& path);

/// One sample a DICOM file with pixels, whatever its name; headers are read, pixels are not.
/// Classes: one folder a class, or train|val|test with one folder a class in each, as in
/// read_folder(). Folders that stand one to one for patients, studies or series (a hospital's
/// export), or files in the root alone, tell none: class_names is then empty and multi_label true,
/// so that together with a labelled source (read_datasets) these images are unknown, not negative;
/// inspect, audit and split take such a set, pack refuses it.
/// Patient: the keyed hash of PatientID (DicomFacts). Meta columns: DicomFacts' codes and numbers
/// and the hash of the study. Findings: `burned_in` for each file that says so, one
/// `burned_in_unknown` with the number of files that say nothing, `unlisted_file` for files in no
/// class folder, DICOM objects without pixels and damaged headers.
/// `key_file`: of dicom_key(), default_dicom_key_file() where empty. Throws 65 where there is no
/// DICOM file with pixels, 75 when stopped, and what dicom_key() throws.
Manifest read_dicom_folder(const std::string& path, const Path& key_file = {});

/// For DICOM files in a layout that goes by folders or tables: the patient where that tells none,
/// the meta columns of read_dicom_folder() that it has not got, and the findings on burned-in text.
/// Without DICOM files nothing changes. Throws 75 when stopped, and what dicom_key() throws.
void add_dicom_headers(Manifest& manifest, const Path& key_file = {});

}  // namespace evenray
