// SPDX-License-Identifier: Apache-2.0
#include "dataset/files/image_file.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/dicom/dicom.hpp"
#include "dataset/image/codecs.hpp"
#include "dataset/image/image.hpp"

namespace evenray {
namespace {

/// How a stored image is made upright, by EXIF orientation (EXIF 2.32, tag 0x0112).
struct Turn {
  bool transpose;
  int flip;  ///< cv::flip's code, kNoFlip for none
};
constexpr int kNoFlip = 2;
constexpr std::array<Turn, 9> kTurns = {{{false, kNoFlip},
                                         {false, kNoFlip},
                                         {false, 1},
                                         {false, -1},
                                         {false, 0},
                                         {true, kNoFlip},
                                         {true, 1},
                                         {true, -1},
                                         {true, 0}}};

void make_upright(DecodedImage& image) {
  const Turn turn = kTurns[static_cast<size_t>(image.orientation)];
  if (turn.transpose) {
    image.pixels = image.pixels.t();
    std::swap(image.width, image.height);
  }
  if (turn.flip != kNoFlip) cv::flip(image.pixels, image.pixels, turn.flip);
}

}  // namespace

bool extension_matches(const Path& file, std::string& holds) {
  static const std::map<std::string, std::vector<std::string>> kEndings = {
      {"PNG", {".png"}},
      {"JPEG", {".jpg", ".jpeg", ".jpe", ".jfif"}},
      {"TIFF", {".tif", ".tiff"}},
      {"DICOM", {".dcm", ".dicom", ".dic", ".ima"}}};
  char head[16] = "";
  std::ifstream(file, std::ios::binary).read(head, sizeof head);
  const std::string_view mark(head, sizeof head);
  holds = is_dicom_file(file) ? "DICOM"
          : is_png(mark)      ? "PNG"
          : is_jpeg(mark)     ? "JPEG"
          : is_tiff(mark)     ? "TIFF"
                              : "";
  const std::string ending = lower(file.extension().string());
  const auto belongs = [&](const std::string& kind) {
    const auto& endings = kEndings.at(kind);
    return std::count(endings.begin(), endings.end(), ending) > 0;
  };
  const bool of_some_kind = std::any_of(
      kEndings.begin(), kEndings.end(), [&](const auto& kind) { return belongs(kind.first); });
  return holds.empty() || !of_some_kind || belongs(holds);
}

DecodedImage decode_image_bytes(std::string_view bytes,
                                int min_side_px,
                                bool measure_colour,
                                int frame) {
  DecodedImage image;
  if (is_jpeg(bytes)) {
    image = decode_jpeg(bytes, min_side_px, measure_colour);
  } else if (is_png(bytes)) {
    image = decode_png(bytes);
  } else if (is_dicom(bytes)) {
    image = decode_dicom(bytes, {.frame = frame});
  } else if (is_tiff(bytes)) {
    image = decode_tiff(bytes);
  } else {
    image.fault = bytes.empty() ? "an empty file" : "neither PNG, JPEG, TIFF nor DICOM";
  }
  if (!image.fault.empty()) image.pixels = cv::Mat();
  if (image.pixels.empty()) return image;
  if (image.mode.empty()) image.mode = image.pixels.depth() == CV_8U ? "L" : "I;16";
  make_upright(image);
  return image;
}

DecodedImage decode_image(const Path& file, int min_side_px, bool measure_colour) {
  return decode_image_bytes(read_file(file, kMaxImageFileBytes), min_side_px, measure_colour);
}

DecodedImage decode_sample(const Sample& sample, bool measure_colour) {
  if (!sample.draw)
    return decode_image_bytes(
        read_file(sample.file, kMaxImageFileBytes), 0, measure_colour, std::max(sample.frame, 0));
  DecodedImage drawn;
  drawn.pixels = sample.draw();
  drawn.width = drawn.pixels.cols;
  drawn.height = drawn.pixels.rows;
  return drawn;
}

cv::Mat read_whole_image(const Path& file, int min_side_px) {
  DecodedImage decoded = decode_image(file, min_side_px);
  const std::string defect = decoded.defect();
  check(defect.empty(), Exit::bad_data, cat(file.string(), ": ", defect));
  return decoded.pixels;
}

int stored_bits(const Path& file) {
  constexpr size_t kBitsAt = 24;  // after signature, length and name of the header, width, height
  char head[kBitsAt + 1];
  std::ifstream in(file, std::ios::binary);
  if (!in.read(head, sizeof head)) return 8;
  const std::string_view mark(head, sizeof head);
  if (is_png(mark)) return head[kBitsAt];
  if (is_jpeg(mark)) return 8;
  if (is_dicom_file(file)) return dicom_bits(file) > 8 ? 16 : 8;
  return is_tiff(mark) ? tiff_bits(read_file(file, kMaxImageFileBytes)) : 8;
}

int frames_in(const Path& file) {
  constexpr uint64_t kLeastBytes = 8;  // of a frame: the head of its fragment, or 8 pixels
  if (!is_dicom_file(file)) return 1;
  const int frames = read_dicom_facts(file, "").frames;
  return static_cast<uint64_t>(frames) * kLeastBytes <= std::filesystem::file_size(file) ? frames
                                                                                         : 1;
}

std::optional<cv::Size> upright_size(const Path& file) {
  constexpr size_t kHead = 256 << 10;  // more than usually precedes the size in a JPEG file
  std::ifstream in(file, std::ios::binary);
  check(in.is_open(), Exit::missing_input, file.string() + ": cannot be read");
  std::string head(kHead, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(in.gcount()));
  if (is_jpeg(head)) {
    const auto size = jpeg_size(head);
    return size || head.size() < kHead ? size : jpeg_size(read_file(file, kMaxImageFileBytes));
  }
  if (is_dicom(head)) {
    const DicomFacts facts = read_dicom_facts(file, "");
    if (facts.rows < 1 || facts.columns < 1) return std::nullopt;
    return cv::Size(facts.columns, facts.rows);
  }
  if (is_tiff(head)) return tiff_size(read_file(file, kMaxImageFileBytes));
  constexpr size_t kWidthAt = 16, kHeightAt = 20;  // after signature, length and name of the header
  if (!is_png(head) || head.size() < kHeightAt + 4) return std::nullopt;
  const auto number = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(head[i]);
    return static_cast<int>(value & 0x7FFFFFFF);
  };
  return cv::Size(number(kWidthAt), number(kHeightAt));
}

}  // namespace evenray
