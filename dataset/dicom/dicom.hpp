// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.hpp"
#include "dataset/image/image.hpp"

namespace evenray {

/// Whether the bytes, or the first few hundred of them, begin a DICOM file: "DICM" behind a
/// preamble of 128 bytes, or a bare little endian data set whose first elements stand in order.
bool is_dicom(std::string_view bytes);

/// The same of a file's first bytes; false where it cannot be read.
bool is_dicom_file(const Path& file);

/// How modality values become grey (PS3.3 C.11.2). `automatic`: the file's own VOI LUT or window,
/// the percentile window where it has none or an absurd one. `file`: the file's, a fault without.
/// `minmax`: darkest to brightest pixel. `percentile`: the .5th to the 99.5th percentile of the
/// pixels. Pixels of the file's padding value count for neither. `none`: stored values.
enum class Voi { automatic, file, minmax, percentile, none };
const std::vector<std::string>& voi_names();  ///< auto, file, minmax, percentile, none
Voi parse_voi(const std::string& name);       ///< throws 78

struct DicomOptions {
  Voi voi = Voi::automatic;
  int bits =
      0;  ///< 8 or 16 a pixel; 0: 16 where the file stores more than 8. `none` gives 16 always
};

/// One grey picture of a DICOM file, as it is to be seen: stored values (BitsStored below HighBit,
/// sign), modality LUT or rescale, VOI, inversion where it is MONOCHROME1 or has the presentation
/// LUT shape INVERSE (once, also where both are said), full range (255 or 65535 is white).
///
/// A window is absurd if a number of it is not finite, its width is below 1 (LINEAR) or not above 0
/// (LINEAR_EXACT, SIGMOID), if fewer than 1 % of the pixels come out neither black nor white, or if
/// different ones come out within one grey level of 255. A slope of 0 counts as no rescale.
/// `none`: no step but the first; signed values are raised by half their range (0 is the most
/// negative one), values stay as small as they are stored (1023 is white of 10 bits).
/// Colour of 8 bits (RGB, YBR_FULL, and what JPEG makes of them) gives its luma, by no VOI.
///
/// Read: implicit, explicit, big endian, deflated; JPEG baseline, extended of 12 bits, lossless;
/// JPEG-LS; RLE; JPEG 2000. A fault: any other syntax (with its UID), several frames, palettes,
/// more than 16 bits allocated, sizes above 256 Mpx, sizes that cannot be in the bytes, coded
/// pixels that are damaged. Uncompressed and RLE pixels that end early are `truncated`, the rest is
/// 0. Safe on any bytes and from any thread.
DecodedImage decode_dicom(std::string_view bytes, const DicomOptions& options = {});

/// What a header tells, by an allow-list; names, dates, comments and private elements are never
/// read. Codes that are none (PS3.5: 16 capitals, digits, spaces, underscores) are left out.
struct DicomFacts {
  std::string modality, body_part, view_position, laterality, sex;
  std::optional<int> age_years;  ///< rounded down to a multiple of 5; 90 for all above
  std::optional<double> row_spacing_mm, column_spacing_mm;  ///< of the object, else of the detector
  int rows = 0, columns = 0, bits_stored = 0;
  std::string photometric, syntax;                    ///< syntax: the UID
  std::optional<double> window_center, window_width;  ///< the first of several
  std::optional<bool> burned_in;  ///< text in the pixels; nullopt where the file does not say
  bool has_pixels = false;
  /// 16 hex digits of an HMAC-SHA-256 under the key; empty where the file has none. One patient is
  /// one hash under one key; without the key an id cannot be tried out.
  std::string patient, study, series, instance;
  std::string fault;  ///< why there is no header
};

/// From a file's bytes, or as many of them as hold its header. `key`: of dicom_key().
DicomFacts dicom_facts(std::string_view bytes, std::string_view key);
/// Reads no more of the file than it needs. Throws as read_file does.
DicomFacts read_dicom_facts(const Path& file, std::string_view key);
/// BitsStored of a file, 0 where it is no DICOM file. Reads no more than it needs; never throws.
int dicom_bits(const Path& file);

/// The key of the hashes: 32 random bytes in `file`, made (mode 0600) where it is missing. Throws
/// 65 where the file is none of 32 bytes, 66 where others may read it or it cannot be read, 73
/// where it cannot be made.
std::string dicom_key(const Path& file);
/// $EVENRAY_KEY, else evenray/key in $XDG_CONFIG_HOME or ~/.config. Throws 66 where none of them is
/// set.
Path default_dicom_key_file();

}  // namespace evenray
