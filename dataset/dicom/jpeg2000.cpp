// SPDX-License-Identifier: Apache-2.0
#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/text.hpp"
#include "dataset/dicom/pixels.hpp"

namespace evenray {
namespace {

/// A code stream in memory, for OpenJPEG's read callbacks.
struct Source {
  std::string_view bytes;
  size_t at = 0;
};

OPJ_SIZE_T read_some(void* to, OPJ_SIZE_T count, void* source) {
  auto& in = *static_cast<Source*>(source);
  const auto some = in.bytes.substr(in.at, count);
  if (some.empty()) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(to, some.data(), some.size());
  in.at += some.size();
  return some.size();
}

OPJ_BOOL seek_to(OPJ_OFF_T at, void* source) {
  auto& in = *static_cast<Source*>(source);
  if (at < 0 || static_cast<uint64_t>(at) > in.bytes.size()) return OPJ_FALSE;
  in.at = static_cast<size_t>(at);
  return OPJ_TRUE;
}

OPJ_OFF_T skip_some(OPJ_OFF_T count, void* source) {
  auto& in = *static_cast<Source*>(source);
  if (count < 0) return -1;
  const auto step = std::min<uint64_t>(static_cast<uint64_t>(count), in.bytes.size() - in.at);
  in.at += step;
  return step == 0 && count > 0 ? -1 : static_cast<OPJ_OFF_T>(step);
}

void keep_first(const char* message, void* to) {
  auto& first = *static_cast<std::string*>(to);
  if (first.empty()) first = trim(message);
}

void drop(const char*, void*) {}

struct Free {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};
struct FreeStream {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};

/// SOC and SIZ, with which every code stream begins.
constexpr std::string_view kStart = "\xFF\x4F\xFF\x51";
/// A tile has at least a start-of-tile segment and its end.
constexpr size_t kLeastTileBytes = 14;

/// Whether the sizes and tiles in SIZ (ISO 15444-1, A.5.1) fit the layout and the stream's length.
/// Checked first because OpenJPEG allocates memory for every tile that SIZ claims.
bool plausible(std::string_view stream, const DicomLayout& layout) {
  constexpr size_t kSizes = 8, kComponents = kSizes + 8 * 4;
  if (stream.size() < kComponents + 2) return false;
  const auto number = [&](size_t at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i)
      value = value << 8 | static_cast<unsigned char>(stream[at + i]);
    return value;
  };
  uint64_t tiles = 1;
  for (const size_t axis : {0, 1}) {
    const auto field = [&](size_t n) { return number(kSizes + 4 * (2 * n + axis), 4); };
    const uint64_t end = field(0), begin = field(1), tile = field(2), tile_begin = field(3);
    const auto side = static_cast<uint64_t>(axis == 0 ? layout.columns : layout.rows);
    if (end < begin || end - begin != side || tile == 0 || tile_begin > begin) return false;
    tiles *= (end - tile_begin + tile - 1) / tile;
    if (tiles > stream.size() / kLeastTileBytes) return false;
  }
  return number(kComponents, 2) == static_cast<uint64_t>(layout.samples);
}

bool fits(const opj_image_t& image, const DicomLayout& layout) {
  if (image.numcomps != static_cast<OPJ_UINT32>(layout.samples)) return false;
  for (OPJ_UINT32 c = 0; c < image.numcomps; ++c) {
    const auto& component = image.comps[c];
    if (component.w != static_cast<OPJ_UINT32>(layout.columns) ||
        component.h != static_cast<OPJ_UINT32>(layout.rows) || component.dx != 1 ||
        component.dy != 1 || component.prec > 16 || component.prec < 1)
      return false;
  }
  return true;
}

}  // namespace

std::string decode_dicom_jpeg2000(std::string_view coded,
                                  const DicomLayout& layout,
                                  uint16_t* cells) {
  // Some writers leave JP2's boxes around the code stream.
  coded.remove_prefix(std::min(coded.find(kStart), coded.size()));
  if (coded.empty()) return "no JPEG 2000 code stream in the pixel data";
  if (!plausible(coded, layout))
    return "the JPEG 2000 inside has another size than the header states";
  const std::unique_ptr<opj_codec_t, Free> codec(opj_create_decompress(OPJ_CODEC_J2K));
  Source source{coded};
  const std::unique_ptr<opj_stream_t, FreeStream> stream(opj_stream_default_create(OPJ_TRUE));
  if (!codec || !stream) return "no memory for OpenJPEG";
  std::string reason;
  opj_set_error_handler(codec.get(), keep_first, &reason);
  opj_set_warning_handler(codec.get(), drop, nullptr);
  opj_set_info_handler(codec.get(), drop, nullptr);
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), coded.size());
  opj_stream_set_read_function(stream.get(), read_some);
  opj_stream_set_seek_function(stream.get(), seek_to);
  opj_stream_set_skip_function(stream.get(), skip_some);
  const auto broken = [&] {
    return cat(
        "a broken JPEG 2000", reason.empty() ? "" : ": ", reason.substr(0, reason.find('\n')));
  };

  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* header = nullptr;
  const bool begun = opj_setup_decoder(codec.get(), &parameters) &&
                     opj_read_header(stream.get(), codec.get(), &header);
  const std::unique_ptr<opj_image_t, Free> image(header);
  if (!begun || !image) return broken();
  if (!fits(*image, layout)) return "the JPEG 2000 inside has another size than the header states";
  if (!opj_decode(codec.get(), stream.get(), image.get())) return broken();
  const auto samples = static_cast<size_t>(layout.samples);
  const size_t pixels = layout.values() / samples;
  if (!fits(*image, layout)) return broken();
  for (size_t c = 0; c < samples; ++c) {
    const OPJ_INT32* values = image->comps[c].data;
    if (!values) return broken();
    for (size_t i = 0; i < pixels; ++i) cells[i * samples + c] = static_cast<uint16_t>(values[i]);
  }
  return "";
}

}  // namespace evenray
