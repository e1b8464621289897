// SPDX-License-Identifier: Apache-2.0
#include "dataset/image.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <fstream>
#include <map>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/area.hpp"
#include "dataset/dicom.hpp"
#include "dataset/image_codecs.hpp"

namespace evenray {
namespace {

constexpr std::string_view kPngMark = "\x89PNG\r\n\x1a\n";
constexpr std::string_view kJpegMark = "\xFF\xD8\xFF";

/// Classic and BigTIFF, of either byte order. DICOM files may begin alike (PS3.10, 7.1), so they
/// are asked for first.
bool is_tiff(std::string_view bytes) {
  using namespace std::string_view_literals;
  constexpr std::array kMarks = {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv};
  return std::any_of(
      kMarks.begin(), kMarks.end(), [&](std::string_view mark) { return bytes.starts_with(mark); });
}

/// How a stored image becomes upright: EXIF 2.32, tag 0x0112.
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

/// Lower median, so that it is a value that occurs.
template <class Pixel>
double border_median(const cv::Mat& image) {
  std::vector<Pixel> border;
  border.reserve(2 * static_cast<size_t>(image.cols + image.rows));
  for (int y = 0; y < image.rows; ++y) {
    const auto* row = image.ptr<Pixel>(y);
    if (y == 0 || y == image.rows - 1) {
      border.insert(border.end(), row, row + image.cols);
    } else {
      border.push_back(row[0]);
      border.push_back(row[image.cols - 1]);
    }
  }
  const auto middle = border.begin() + static_cast<std::ptrdiff_t>((border.size() - 1) / 2);
  std::nth_element(border.begin(), middle, border.end());
  return *middle;
}

/// One side may shrink while the other grows: first the area average, then the bicubic.
cv::Mat resized(const cv::Mat& image, int height, int width) {
  const cv::Size smaller(std::min(width, image.cols), std::min(height, image.rows));
  cv::Mat out = image;
  if (smaller != image.size()) out = area_average(image, smaller.height, smaller.width);
  if (out.size() == cv::Size(width, height)) return out;
  cv::Mat grown;
  cv::resize(out, grown, cv::Size(width, height), 0, 0, cv::INTER_CUBIC);
  return grown;
}

int scaled_side(int side, double scale, int limit) {
  return std::clamp(static_cast<int>(std::lround(side * scale)), 1, limit);
}

cv::Mat fit_padded(const cv::Mat& image, int height, int width, Placement& placement) {
  const double scale = std::min(double(width) / image.cols, double(height) / image.rows);
  const int inner_width = scaled_side(image.cols, scale, width);
  const int inner_height = scaled_side(image.rows, scale, height);
  const int left = (width - inner_width) / 2, top = (height - inner_height) / 2;
  placement = {float(inner_width) / float(image.cols),
               float(inner_height) / float(image.rows),
               float(left),
               float(top)};
  cv::Mat inner = resized(image, inner_height, inner_width);
  if (inner_width == width && inner_height == height) return inner;
  const double fill =
      image.depth() == CV_8U ? border_median<uint8_t>(image) : border_median<uint16_t>(image);
  cv::Mat out(height, width, image.type(), cv::Scalar(fill));
  inner.copyTo(out(cv::Rect(left, top, inner_width, inner_height)));
  return out;
}

cv::Mat fit_cropped(const cv::Mat& image, int height, int width, Placement& placement) {
  const double scale = std::max(double(width) / image.cols, double(height) / image.rows);
  const int kept_width = scaled_side(width, 1 / scale, image.cols);
  const int kept_height = scaled_side(height, 1 / scale, image.rows);
  const int left = (image.cols - kept_width) / 2, top = (image.rows - kept_height) / 2;
  placement.scale_x = float(width) / float(kept_width);
  placement.scale_y = float(height) / float(kept_height);
  placement.offset_x = -float(left) * placement.scale_x;
  placement.offset_y = -float(top) * placement.scale_y;
  return resized(image(cv::Rect(left, top, kept_width, kept_height)), height, width);
}

}  // namespace

std::string size_fault(uint64_t width, uint64_t height) {
  if (width == 0 || height == 0) return "an empty picture";
  if (width <= kMaxPixels && height <= kMaxPixels && width * height <= kMaxPixels) return "";
  return cat(width, "x", height, " pixels, more than the ", kMaxPixels >> 20, " Mpx that are read");
}

bool ending_fits(const Path& file, std::string& holds) {
  static const std::map<std::string, std::vector<std::string>> kEndings = {
      {"PNG", {".png"}},
      {"JPEG", {".jpg", ".jpeg", ".jpe", ".jfif"}},
      {"TIFF", {".tif", ".tiff"}},
      {"DICOM", {".dcm", ".dicom", ".dic", ".ima"}}};
  char head[16] = "";
  std::ifstream(file, std::ios::binary).read(head, sizeof head);
  const std::string_view mark(head, sizeof head);
  holds = is_dicom_file(file)           ? "DICOM"
          : mark.starts_with(kPngMark)  ? "PNG"
          : mark.starts_with(kJpegMark) ? "JPEG"
          : is_tiff(mark)               ? "TIFF"
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

float coloured_share(const cv::Mat& rgb) {
  constexpr double kTolerance = 24. / 255;
  std::vector<cv::Mat> channels;
  cv::split(rgb, channels);
  cv::Mat high, low, apart;
  cv::max(cv::max(channels[0], channels[1]), channels[2], high);
  cv::min(cv::min(channels[0], channels[1]), channels[2], low);
  apart = high - low > kTolerance * (rgb.depth() == CV_8U ? 255 : 65535);
  return static_cast<float>(cv::countNonZero(apart)) / static_cast<float>(apart.total());
}

DecodedImage decode_image_bytes(std::string_view bytes, int min_side_px, bool look_for_colour) {
  DecodedImage image;
  if (bytes.starts_with(kJpegMark)) {
    image = decode_jpeg(bytes, min_side_px, look_for_colour);
  } else if (bytes.starts_with(kPngMark)) {
    image = decode_png(bytes);
  } else if (is_dicom(bytes)) {
    image = decode_dicom(bytes);
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

DecodedImage decode_image(const Path& file, int min_side_px, bool look_for_colour) {
  return decode_image_bytes(read_file(file, kMaxImageFileBytes), min_side_px, look_for_colour);
}

cv::Mat read_whole_image(const Path& file, int min_side_px) {
  DecodedImage decoded = decode_image(file, min_side_px);
  check(decoded.fault.empty() && !decoded.truncated,
        Exit::bad_data,
        cat(file.string(), ": ", decoded.truncated ? "truncated" : decoded.fault));
  return decoded.pixels;
}

int white_of(unsigned brightest) {
  return static_cast<int>(std::bit_ceil(std::max(brightest, 255u) + 1) - 1);
}

cv::Mat with_bits(const cv::Mat& image, int64_t bits, int white16) {
  const int depth = bits == 8 ? CV_8U : CV_16U;
  const double scale = (depth == CV_8U ? 255. : 65535.) / (image.depth() == CV_8U ? 255 : white16);
  if (image.depth() == depth && scale == 1) return image;
  cv::Mat out;
  image.convertTo(out, depth, scale);
  return out;
}

int stored_bits(const Path& file) {
  constexpr size_t kBitsAt = 24;  // mark, length and name of the header, width, height
  char head[kBitsAt + 1];
  std::ifstream in(file, std::ios::binary);
  if (!in.read(head, sizeof head)) return 8;
  const std::string_view mark(head, sizeof head);
  if (mark.starts_with(kPngMark)) return head[kBitsAt];
  if (mark.starts_with(kJpegMark)) return 8;
  if (is_dicom_file(file)) return dicom_bits(file) > 8 ? 16 : 8;
  return is_tiff(mark) ? tiff_bits(read_file(file, kMaxImageFileBytes)) : 8;
}

std::optional<cv::Size> upright_size(const Path& file) {
  constexpr size_t kHead = 256 << 10;  // more than what usually stands before a JPEG's size
  std::ifstream in(file, std::ios::binary);
  check(in.is_open(), Exit::missing_input, file.string() + ": cannot be read");
  std::string head(kHead, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(in.gcount()));
  if (head.starts_with(kJpegMark)) {
    const auto size = jpeg_size(head);
    return size || head.size() < kHead ? size : jpeg_size(read_file(file, kMaxImageFileBytes));
  }
  if (is_dicom(head)) {
    const DicomFacts facts = read_dicom_facts(file, "");
    if (facts.rows < 1 || facts.columns < 1) return std::nullopt;
    return cv::Size(facts.columns, facts.rows);
  }
  if (is_tiff(head)) return tiff_size(read_file(file, kMaxImageFileBytes));
  constexpr size_t kWidthAt = 16, kHeightAt = 20;  // mark, length and name of the header
  if (!head.starts_with(kPngMark) || head.size() < kHeightAt + 4) return std::nullopt;
  const auto number = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(head[i]);
    return static_cast<int>(value & 0x7FFFFFFF);
  };
  return cv::Size(number(kWidthAt), number(kHeightAt));
}

Fit parse_fit(const std::string& name) {
  if (name == "pad") return Fit::pad;
  if (name == "stretch") return Fit::stretch;
  if (name == "crop") return Fit::crop;
  throw Error(Exit::config, "data.fit: " + unknown_name("fit", name, {"pad", "stretch", "crop"}));
}

cv::Mat fit_image(const cv::Mat& image, int height, int width, Fit fit, Placement& placement) {
  assert(!image.empty() && (image.type() == CV_8UC1 || image.type() == CV_16UC1));
  assert(height > 0 && width > 0);
  if (fit == Fit::pad) return fit_padded(image, height, width, placement);
  if (fit == Fit::crop) return fit_cropped(image, height, width, placement);
  placement = {float(width) / float(image.cols), float(height) / float(image.rows), 0, 0};
  return resized(image, height, width);
}

}  // namespace evenray
