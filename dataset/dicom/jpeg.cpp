// SPDX-License-Identifier: Apache-2.0
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcvrcs.h>
#include <dcmtk/dcmdata/dcvrus.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

#include <memory>
#include <mutex>
#include <vector>

#include "core/text.hpp"
#include "dataset/dicom/pixels.hpp"

namespace evenray {
namespace {

/// Radiographs have one scan, colour images three; a stream with thousands is built to waste time.
constexpr int kMaxScans = 200;

void start_decoders() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DJDecoderRegistration::registerCodecs(EDC_never);
    DJLSDecoderRegistration::registerCodecs();
  });
}

/// The start-of-frame segment of a stream.
struct Frame {
  int process = 0;  ///< second byte of the marker
  int precision = 0, rows = 0, columns = 0, samples = 0, scans = 0;
};

bool starts_frame(int marker) {
  return (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) ||
         marker == 0xF7;
}

/// Finds the one frame and counts its scans. Returns process 0 if the segments before it are not in
/// order (DCMTK's own search for the frame does not stop at an FF01), or if a second frame follows,
/// since a decoder may use either.
Frame scan_frame(std::string_view coded) {
  const auto byte = [&](size_t i) -> int {
    return i < coded.size() ? static_cast<unsigned char>(coded[i]) : 0;
  };
  size_t at = coded.starts_with("\xFF\xD8") ? 2 : coded.size();
  while (at < coded.size() && !starts_frame(byte(at + 1))) {
    const int marker = byte(at + 1), length = byte(at + 2) << 8 | byte(at + 3);
    const bool segment = (marker >= 0xC0 && marker < 0xD0) || (marker > 0xDA && marker < 0xFF);
    if (byte(at) != 0xFF || (marker != 0xFF && (!segment || length < 2))) return {};
    at += marker == 0xFF ? 1 : 2 + static_cast<size_t>(length);
  }
  if (at + 9 >= coded.size() || byte(at) != 0xFF) return {};
  Frame frame = {byte(at + 1),
                 byte(at + 4),
                 byte(at + 5) << 8 | byte(at + 6),
                 byte(at + 7) << 8 | byte(at + 8),
                 byte(at + 9),
                 0};
  at += 2 + static_cast<size_t>(byte(at + 2) << 8 | byte(at + 3));
  // In coded data only a marker puts a byte of 80 (hex) or more after an FF.
  while ((at = coded.find('\xFF', at)) != std::string_view::npos) {
    const int marker = byte(at + 1);
    if (starts_frame(marker)) return {};
    frame.scans += marker == 0xDA;
    const bool bare = marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD9);
    at += marker == 0xFF ? 1 : bare ? 2 : 2 + static_cast<size_t>(byte(at + 2) << 8 | byte(at + 3));
  }
  return frame;
}

/// A minimal data set with the sizes that DCMTK's decoders need and the stream as its one fragment.
/// All tags are given with their VR, so that DCMTK needs no data dictionary.
class JpegElement {
 public:
  JpegElement(std::string_view coded, E_TransferSyntax syntax, const Frame& frame) {
    const int bits = frame.precision > 8 ? 16 : 8;
    put(DCM_SamplesPerPixel, frame.samples);
    put(DCM_Rows, frame.rows);
    put(DCM_Columns, frame.columns);
    put(DCM_BitsAllocated, bits);
    put(DCM_BitsStored, frame.precision);
    put(DCM_HighBit, frame.precision - 1);
    put(DCM_PixelRepresentation, 0);
    put(DCM_PlanarConfiguration, 0);
    auto colour = std::make_unique<DcmCodeString>(DcmTag(DCM_PhotometricInterpretation, EVR_CS));
    colour->putString(frame.samples == 1 ? "MONOCHROME2" : "RGB");
    insert(std::move(colour));
    auto fragments = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelSequenceTag, EVR_OB));
    fragments->insert(new DcmPixelItem(DcmTag(DCM_PixelItemTag, EVR_OB)));
    auto fragment = std::make_unique<DcmPixelItem>(DcmTag(DCM_PixelItemTag, EVR_OB));
    fragment->putUint8Array(reinterpret_cast<const Uint8*>(coded.data()), coded.size());
    fragments->insert(fragment.release());
    auto pixels = std::make_unique<DcmPixelData>(DcmTag(DCM_PixelData, EVR_OB));
    pixels->putOriginalRepresentation(syntax, nullptr, fragments.release());
    pixels_ = pixels.get();
    insert(std::move(pixels));
  }

  OFCondition decode(void* to, size_t bytes) {
    Uint32 first = 1;
    OFString colour;
    return pixels_->getUncompressedFrame(
        &data_, 0, first, to, static_cast<Uint32>(bytes), colour, nullptr);
  }

 private:
  void put(const DcmTagKey& key, int value) {
    auto element = std::make_unique<DcmUnsignedShort>(DcmTag(key, EVR_US));
    element->putUint16(static_cast<Uint16>(value));
    insert(std::move(element));
  }
  void insert(std::unique_ptr<DcmElement> element) {
    DcmElement* owned = element.release();
    if (data_.insert(owned).bad()) delete owned;
  }

  DcmDataset data_;
  DcmPixelData* pixels_ = nullptr;
};

}  // namespace

std::string decode_dicom_jpeg(std::string_view coded,
                              bool jpeg_ls,
                              const DicomLayout& layout,
                              uint16_t* cells) {
  const Frame frame = scan_frame(coded);
  const char* kind = jpeg_ls ? "JPEG-LS" : "JPEG";
  if (frame.process == 0 || jpeg_ls != (frame.process == 0xF7))
    return cat("no ", kind, " frame in the pixel data");
  if (frame.rows != layout.rows || frame.columns != layout.columns ||
      frame.samples != layout.samples)
    return cat("the ", kind, " inside has another size than the header states");
  if (frame.precision < 2 || frame.precision > layout.bits_allocated)
    return cat(
        "a ", kind, " of ", frame.precision, " bits in ", layout.bits_allocated, " bits allocated");
  if (frame.scans > kMaxScans) return cat("a ", kind, " of more than ", kMaxScans, " scans");
  E_TransferSyntax syntax = EXS_JPEGLSLossless;
  if (frame.process == 0xC3) {
    syntax = EXS_JPEGProcess14;
  } else if (frame.process == 0xC0 || frame.process == 0xC1) {
    syntax = EXS_JPEGProcess2_4;
  } else if (!jpeg_ls) {
    return cat("a JPEG of the unsupported type SOF", frame.process - 0xC0);
  }
  start_decoders();
  const bool wide = frame.precision > 8;
  // One extra byte, because a decoder swaps bytes in pairs.
  std::vector<uint8_t> narrow(wide ? 0 : layout.values() + 1);
  OFCondition result;
  try {
    JpegElement stream(coded, syntax, frame);
    result = wide ? stream.decode(cells, 2 * layout.values())
                  : stream.decode(narrow.data(), narrow.size());
  } catch (const std::exception& error) {
    return cat("a broken ", kind, ": ", error.what());
  }
  if (result.bad()) {
    const std::string reason = result.text();
    return cat("a broken ", kind, ": ", reason.substr(0, reason.find('\n')));
  }
  for (size_t i = 0; i < narrow.size() && i < layout.values(); ++i) cells[i] = narrow[i];
  return "";
}

}  // namespace evenray
