// SPDX-License-Identifier: Apache-2.0
#include "serve/analysis/secondary_capture.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>

#include <array>
#include <ctime>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "dataset/dicom/dicom.hpp"

namespace evenray {
namespace {

/// Elements after this length of a value are not loaded.
constexpr Uint32 kLongestValue = 4096;
constexpr size_t kHeaderBytes = 64 << 10;

void must(const OFCondition& done) {
  check(done.good(), Exit::failed, cat("cannot write the DICOM file: ", done.text()));
}

std::string value_of(DcmDataset& data, const DcmTagKey& tag) {
  OFString value;
  return data.findAndGetOFString(tag, value).good() ? std::string(value.c_str()) : "";
}

std::string now_text(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  std::array<char, 20> out{};
  std::strftime(out.data(), out.size(), format, &parts);
  return out.data();
}

std::string new_uid() {
  std::array<char, 100> out{};
  return dcmGenerateUniqueIdentifier(out.data());
}

}  // namespace

DicomIdentity dicom_identity(std::string_view bytes) {
  if (!is_dicom(bytes)) return {};
  DcmInputBufferStream stream;
  stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();
  DcmFileFormat file;
  file.transferInit();
  const OFCondition read = file.read(stream, EXS_Unknown, EGL_noChange, kLongestValue);
  file.transferEnd();
  if (read.bad()) return {};
  DcmDataset& data = *file.getDataset();
  // In a character set that is not known, only plain letters are kept.
  const bool known = data.convertToUTF8().good();
  const auto value = [&](const DcmTagKey& tag) {
    std::string text = value_of(data, tag);
    if (!known && !is_plain_utf8(text)) text.clear();
    return text;
  };
  DicomIdentity out;
  for (const auto& [field, tag] : std::vector<std::pair<std::string DicomIdentity::*, DcmTagKey>>{
           {&DicomIdentity::patient_id, DCM_PatientID},
           {&DicomIdentity::patient_name, DCM_PatientName},
           {&DicomIdentity::birth_date, DCM_PatientBirthDate},
           {&DicomIdentity::sex, DCM_PatientSex},
           {&DicomIdentity::study, DCM_StudyInstanceUID},
           {&DicomIdentity::study_date, DCM_StudyDate},
           {&DicomIdentity::study_time, DCM_StudyTime},
           {&DicomIdentity::study_id, DCM_StudyID},
           {&DicomIdentity::accession, DCM_AccessionNumber},
           {&DicomIdentity::referring_physician, DCM_ReferringPhysicianName}})
    out.*field = value(tag);
  return out;
}

std::string secondary_capture(const cv::Mat& picture,
                              const DicomIdentity& identity,
                              const std::string& description) {
  cv::Mat rgb;
  cv::cvtColor(picture, rgb, cv::COLOR_BGR2RGB);
  DcmFileFormat file;
  DcmDataset& data = *file.getDataset();
  const std::string date = now_text("%Y%m%d"), time = now_text("%H%M%S");
  for (const auto& [tag, value] : std::vector<std::pair<DcmTagKey, std::string>>{
           {DCM_SpecificCharacterSet, "ISO_IR 192"},
           {DCM_SOPClassUID, UID_SecondaryCaptureImageStorage},
           {DCM_SOPInstanceUID, new_uid()},
           {DCM_StudyInstanceUID, identity.study.empty() ? new_uid() : identity.study},
           {DCM_SeriesInstanceUID, new_uid()},
           {DCM_Modality, "OT"},
           {DCM_ConversionType, "WSD"},
           {DCM_Manufacturer, "evenray"},
           {DCM_SoftwareVersions, kVersion},
           {DCM_SeriesDescription, description},
           {DCM_BurnedInAnnotation, "YES"},
           {DCM_StudyDate, identity.study.empty() ? date : identity.study_date},
           {DCM_StudyTime, identity.study.empty() ? time : identity.study_time},
           {DCM_ContentDate, date},
           {DCM_ContentTime, time},
           {DCM_SeriesNumber, "9001"},
           {DCM_InstanceNumber, "1"},
           {DCM_PatientID, identity.patient_id},
           {DCM_PatientName, identity.patient_name},
           {DCM_PatientBirthDate, identity.birth_date},
           {DCM_PatientSex, identity.sex},
           {DCM_AccessionNumber, identity.accession},
           {DCM_ReferringPhysicianName, identity.referring_physician},
           {DCM_StudyID, identity.study_id},
           {DCM_PatientOrientation, ""},
           {DCM_PhotometricInterpretation, "RGB"}})
    must(data.putAndInsertString(tag, value.c_str()));
  for (const auto& [tag, value] :
       std::vector<std::pair<DcmTagKey, int>>{{DCM_SamplesPerPixel, 3},
                                              {DCM_PlanarConfiguration, 0},
                                              {DCM_Rows, rgb.rows},
                                              {DCM_Columns, rgb.cols},
                                              {DCM_BitsAllocated, 8},
                                              {DCM_BitsStored, 8},
                                              {DCM_HighBit, 7},
                                              {DCM_PixelRepresentation, 0}})
    must(data.putAndInsertUint16(tag, static_cast<Uint16>(value)));
  // DICOM values have an even length.
  std::vector<Uint8> pixels(rgb.data, rgb.data + rgb.total() * 3);
  if (pixels.size() % 2 != 0) pixels.push_back(0);
  must(data.putAndInsertUint8Array(
      DCM_PixelData, pixels.data(), static_cast<unsigned long>(pixels.size())));

  std::string out(pixels.size() + kHeaderBytes, '\0');
  DcmOutputBufferStream stream(out.data(), static_cast<offile_off_t>(out.size()));
  file.transferInit();
  must(file.write(stream, EXS_LittleEndianExplicit, EET_ExplicitLength, nullptr));
  file.transferEnd();
  void* start = nullptr;
  offile_off_t length = 0;
  stream.flushBuffer(start, length);
  out.resize(static_cast<size_t>(length));
  return out;
}

}  // namespace evenray
