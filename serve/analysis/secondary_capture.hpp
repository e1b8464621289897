// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <string_view>

namespace evenray {

/// Whose image a DICOM file shows, and of which study, so that results can be sent back to where
/// images came from. As in the file, in UTF-8.
struct DicomIdentity {
  std::string patient_id, patient_name, birth_date, sex;
  std::string study, study_date, study_time, study_id, accession, referring_physician;
};

/// Returns the identity in a DICOM file; empty fields for other files and missing elements.
DicomIdentity dicom_identity(std::string_view bytes);

/// Returns a DICOM file of the class Secondary Capture (PS3.3 A.8.1) with a picture (CV_8UC3, BGR):
/// a new series of the same study, or a new study if it is not known. The time of the content is
/// now, in local time.
std::string secondary_capture(const cv::Mat& picture,
                              const DicomIdentity& identity,
                              const std::string& description);

}  // namespace evenray
