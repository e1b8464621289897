// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.hpp"
#include "dataset/image/image.hpp"

namespace evenray {

// Reads DICOM files: header facts without names or dates, and the pixels as a viewer shows them.
// Start here, then elements.hpp (the header; walk.hpp is a part of it), pixels.hpp (stored pixels),
// grey.hpp (display).
//
// Headers are parsed by our own code although DCMTK is linked: the parser keeps only an allow-list
// of tags, never builds the whole data set, and checks every length, so it is safe on hostile
// bytes. DCMTK (lossless and 12-bit JPEG, JPEG-LS) and OpenJPEG (JPEG 2000) decode only compressed
// pixel data, after its size has been checked.

/// Whether `bytes`, which may be only the first few hundred of a file, begin a DICOM file: "DICM"
/// after a preamble of 128 bytes, or a bare little endian data set whose first elements are in
/// order.
bool is_dicom(std::string_view bytes);

/// Applies is_dicom() to a file's first bytes; false if the file cannot be read.
bool is_dicom_file(const Path& file);

/// How modality values become grey (PS3.3 C.11.2). `automatic`: the file's own VOI LUT or window;
/// the percentile window if it has none or an unusable one (see decode_dicom). `file`: the file's
/// own, a fault if it has none that can be applied. `minmax`: from the darkest to the brightest
/// pixel. `percentile`: from the .5th to the 99.5th percentile of the pixels. `none`: stored
/// values. Pixels with the file's padding value (PixelPaddingValue, PixelPaddingRangeLimit) are
/// background: none of the ways to derive a window counts them, and they become black, except with
/// `none`.
enum class Voi { automatic, file, minmax, percentile, none };
const std::vector<std::string>& voi_names();  ///< auto, file, minmax, percentile, none
Voi parse_voi(const std::string& name);       ///< throws 78 for an unknown name

/// How decode_dicom() shows an image.
struct DicomOptions {
  Voi voi = Voi::automatic;  ///< how modality values become grey
  /// Bits per pixel of the result, 8 or 16; 0: 16 if the file stores more than 8, else 8. Voi::none
  /// always returns 16.
  int bits = 0;
  int frame = 0;  ///< which frame of a file with several, from 0
};

/// Returns one grey picture of a DICOM file as a viewer shows it. The steps: stored values
/// (BitsStored below HighBit, sign; other bits are ignored, which is a loss `beyond_bits_stored`),
/// modality LUT or rescale, VOI, inversion if the image is
/// MONOCHROME1 or has the presentation LUT shape INVERSE (once, even if both are set), full range
/// (255 or 65535 is white).
///
/// Voi::automatic does not use a window if one of its numbers is not finite, if its width is below
/// 1 (LINEAR) or not above 0 (LINEAR_EXACT, SIGMOID), if fewer than 1 % of the pixels come out
/// neither black nor white, or if different pixels all come out within one grey level of 255. A
/// slope of 0 counts as no rescale. Voi::none does the first step only: signed values are raised by
/// half their range (0 is the most negative value), and values are not scaled (1023 is white of 10
/// bits). Colour of 8 bits (RGB, YBR_FULL, and what JPEG codes them as) becomes its luma, without
/// VOI.
///
/// Supported transfer syntaxes: implicit, explicit, big endian, deflated; JPEG baseline, extended
/// of 12 bits, lossless; JPEG-LS; RLE; JPEG 2000. Faults: any other syntax (with its UID), a
/// frame that the file does not have, palettes, more than 16 bits allocated, sizes above 256 Mpx,
/// sizes that cannot be in the bytes, damaged coded pixels. If uncompressed or RLE pixels end
/// early, the image is `truncated` and the rest is 0. Safe on any bytes and from any thread.
DecodedImage decode_dicom(std::string_view bytes, const DicomOptions& options = {});

/// Facts from a header, by an allow-list of tags; names, dates, comments and private elements are
/// never read. A code string that breaks the rules of PS3.5 (at most 16 capitals, digits, spaces,
/// underscores) is left empty.
struct DicomFacts {
  std::string modality, body_part, view_position, laterality, sex;
  std::optional<int> age_years;  ///< rounded down to a multiple of 5; 90 for all older
  std::optional<double> row_spacing_mm, column_spacing_mm;  ///< of the object, else of the detector
  int rows = 0, columns = 0, bits_stored = 0;
  int frames = 1;                                     ///< pictures in the file
  std::string photometric, syntax;                    ///< syntax: the transfer syntax UID
  std::optional<double> window_center, window_width;  ///< the first if there are several
  std::optional<bool> burned_in;  ///< text in the pixels; nullopt if the header does not state it
  bool has_pixels = false;
  /// Ids as 16 hex digits of an HMAC-SHA-256 under the key; empty if the file has no such id. The
  /// same key gives the same patient the same hash; without the key a guessed id cannot be tested.
  std::string patient, study, series, instance;
  std::string fault;  ///< why the header cannot be read; empty if it can
};

/// Returns the facts of a file from its bytes, or from enough of them to hold its header. `key`:
/// from dicom_key().
DicomFacts dicom_facts(std::string_view bytes, std::string_view key);
/// The same, reading no more of the file than needed. Throws as read_file() does.
DicomFacts read_dicom_facts(const Path& file, std::string_view key);
/// Returns BitsStored of a file; 0 if it is not a DICOM file or cannot be read. Reads no more of
/// the file than needed; does not throw Error.
int dicom_bits(const Path& file);

/// Returns the key of the hashes: the 32 random bytes in `file`, which is created with mode 0600 if
/// it is missing. Throws 65 if the file does not have 32 bytes, 66 if it cannot be read or other
/// users have access to it, 73 if it cannot be created.
std::string dicom_key(const Path& file);
/// Returns $EVENRAY_KEY, else evenray/key in $XDG_CONFIG_HOME or ~/.config. Throws 66 if none of
/// the three variables (EVENRAY_KEY, XDG_CONFIG_HOME, HOME) is set.
Path default_dicom_key_file();

}  // namespace evenray
