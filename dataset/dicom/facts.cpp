// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/dicom/dicom.hpp"
#include "dataset/dicom/pixels.hpp"
#include "dataset/image/image.hpp"

namespace evenray {
namespace {

namespace tag = dicom_tag;

/// Few headers are longer, even with a thumbnail in them.
constexpr size_t kHeadBytes = 64 << 10;
/// Enough bytes to find out whether a file is DICOM.
constexpr size_t kMarkBytes = 1024;
constexpr size_t kHashDigits = 16;
constexpr size_t kCodeLength = 16;  // of a CS value
constexpr int kAgeStep = 5, kOldestAge = 90;

/// The first value of a code string in capitals; "" if it is free text, which may identify a
/// person.
std::string code(const DicomElements& elements, uint32_t tag) {
  std::string value = elements.text(tag, 0);
  std::transform(value.begin(), value.end(), value.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const bool fine =
      value.size() <= kCodeLength && std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '_';
      });
  return fine ? value : "";
}

std::optional<int> age_years(const std::string& text) {
  int64_t count = 0;
  if (text.size() != 4 || !parse_int(text.substr(0, 3), count) || count < 0) return std::nullopt;
  double years = 0;
  switch (text[3]) {
    case 'Y':
      years = double(count);
      break;
    case 'M':
      years = double(count) / 12;
      break;
    case 'W':
      years = double(count) / 52.18;
      break;
    case 'D':
      years = double(count) / 365.25;
      break;
    default:
      return std::nullopt;
  }
  return std::min(static_cast<int>(years) / kAgeStep * kAgeStep, kOldestAge);
}

/// The kind is part of the message, so that equal texts of two kinds have different hashes.
std::string keyed(std::string_view key, std::string_view kind, const std::string& text) {
  if (text.empty()) return "";
  const std::string message = cat(kind, ":", text);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int count = 0;
  const auto* done = HMAC(EVP_sha256(),
                          key.data(),
                          static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(message.data()),
                          message.size(),
                          bytes,
                          &count);
  if (!done || 2 * count < kHashDigits)
    throw Error(Exit::failed, "cannot compute the HMAC of a DICOM id");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < kHashDigits / 2; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

DicomFacts facts_of(const DicomElements& elements, std::string_view key) {
  DicomFacts facts;
  facts.fault = elements.fault;
  if (!facts.fault.empty()) return facts;
  facts.modality = code(elements, tag::modality);
  facts.body_part = code(elements, tag::body_part);
  facts.view_position = code(elements, tag::view_position);
  facts.laterality = code(elements, tag::image_laterality);
  if (facts.laterality.empty()) facts.laterality = code(elements, tag::laterality);
  facts.sex = code(elements, tag::sex);
  facts.age_years = age_years(elements.text(tag::age));
  const uint32_t spacing =
      elements.number(tag::pixel_spacing) ? tag::pixel_spacing : tag::imager_spacing;
  facts.row_spacing_mm = elements.number(spacing, 0);
  facts.column_spacing_mm = elements.number(spacing, 1);
  facts.rows = elements.word(tag::rows).value_or(0);
  facts.columns = elements.word(tag::columns).value_or(0);
  facts.bits_stored = elements.word(tag::bits_stored).value_or(0);
  facts.frames = dicom_layout(elements).frames;
  facts.photometric = code(elements, tag::photometric);
  facts.syntax = elements.syntax;
  facts.window_center = elements.number(tag::window_center);
  facts.window_width = elements.number(tag::window_width);
  const std::string burned = code(elements, tag::burned_in);
  if (burned == "YES" || burned == "NO") facts.burned_in = burned == "YES";
  facts.has_pixels = elements.pixels_reached && facts.rows > 0 && facts.columns > 0;
  facts.patient = keyed(key, "patient", elements.text(tag::patient_id));
  facts.study = keyed(key, "study", elements.text(tag::study));
  facts.series = keyed(key, "series", elements.text(tag::series));
  facts.instance = keyed(key, "instance", elements.text(tag::sop_instance));
  return facts;
}

/// Returns the first bytes of a file; empty if it cannot be read.
std::string read_head(const Path& file, size_t bytes = kHeadBytes) {
  std::string head(bytes, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return head;
}

/// Calls `use` on the file's elements. They are read from its first bytes if those hold the whole
/// header, else from the whole file (a deflated data set cannot be read in part).
template <class Use>
auto with_header(const Path& file, const Use& use) {
  const std::string head = read_head(file);
  const DicomElements elements = read_dicom_elements(head);
  if (elements.fault.empty() && elements.pixels_reached) return use(elements);
  const std::string whole = read_file(file, kMaxImageFileBytes);
  return use(read_dicom_elements(whole));
}

}  // namespace

DicomFacts dicom_facts(std::string_view bytes, std::string_view key) {
  return facts_of(read_dicom_elements(bytes), key);
}

DicomFacts read_dicom_facts(const Path& file, std::string_view key) {
  return with_header(file, [&](const DicomElements& elements) { return facts_of(elements, key); });
}

bool is_dicom_file(const Path& file) { return is_dicom(read_head(file, kMarkBytes)); }

int dicom_bits(const Path& file) {
  try {
    if (!is_dicom_file(file)) return 0;
    return with_header(file, [](const DicomElements& elements) {
      return int{elements.word(tag::bits_stored).value_or(0)};
    });
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace evenray
