// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "dataset/sample/sample.hpp"

namespace evenray {

/// Returns whether a folder holds DICOM files (by content). Only the first files are probed, and
/// none of these may be PNG or JPEG.
bool is_dicom_layout(const std::string& path);

/// Reads one sample per DICOM file with pixels, whatever its name. Only headers are read, no
/// pixels. Classes: one folder per class, or train|val|test with one folder per class in each, as
/// in read_folder(). There are no classes if all files are in the root, or if folders correspond
/// one to one to patients, studies or series (a hospital's export). Then class_names is empty and
/// multi_label is true, so that beside a labelled source (read_datasets) the labels of these images
/// are unknown, not negative. inspect, audit and split accept such a set; pack refuses it.
/// Patient: the keyed hash of PatientID (DicomFacts). Meta columns: DicomFacts' codes and numbers,
/// and the hash of the study. Findings: `burned_in` for each file whose header states it; one
/// `burned_in_unknown` with the number of headers that do not state it; `unlisted_file` for files
/// outside the class folders, DICOM objects without pixels and damaged headers.
/// `key_file`: argument of dicom_key(); empty: default_dicom_key_file(). Throws Exit::bad_data if
/// there is no DICOM file with pixels, Exit::stopped if the run is stopped, and what dicom_key()
/// throws.
Manifest read_dicom_folder(const std::string& path, const Path& key_file = {});

/// Adds what the headers of DICOM files state to a manifest of another layout: the patient where
/// the layout gives none, the missing meta columns of read_dicom_folder(), and the findings on
/// burned-in text. Returns whether there are DICOM files. Throws Exit::stopped if the run is
/// stopped, and what dicom_key() throws.
bool add_dicom_headers(Manifest& manifest, const Path& key_file = {});

}  // namespace evenray
