// SPDX-License-Identifier: Apache-2.0
#include "serve/analysis/analysis.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "classifier/classifier.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/image/codecs.hpp"
#include "dataset/image/sheet.hpp"
#include "detector/detector.hpp"
#include "nn/checkpoint.hpp"
#include "nn/compute.hpp"
#include "nn/weights.hpp"
#include "serve/analysis/secondary_capture.hpp"

namespace evenray {
namespace {

constexpr uint64_t kMostPixels = uint64_t{64} << 20;
constexpr int kMostViewedSide = 4096;
constexpr int kHeatSide = 256, kThumbnailSide = 160;
constexpr int kLeastPictureSide = 512;
/// From which score on boxes of a detector that was not packed are shown.
constexpr double kShownScore = .1;

DecodedImage decoded(std::string_view bytes) {
  DecodedImage image = decode_image_bytes(bytes);
  const std::string defect = image.defect();
  check(defect.empty(), Exit::bad_data, defect);
  return image;
}

int white_in(const cv::Mat& pixels) {
  if (pixels.depth() == CV_8U) return 255;
  double brightest = 0;
  cv::minMaxLoc(pixels, nullptr, &brightest);
  return white_of(static_cast<unsigned>(brightest));
}

/// An image as a network takes it.
struct NetworkInput {
  cv::Mat image;
  Placement place;
};

template <class Network>
NetworkInput input_of(const cv::Mat& pixels, const Network& network) {
  NetworkInput out;
  const Fit fit = parse_fit(network.fit().empty() ? "pad" : network.fit());
  out.image = fit_image(pixels, network.height(), network.width(), fit, out.place);
  out.image = with_bits(out.image, network.bits(), white_in(pixels));
  return out;
}

Json inspected(const DecodedImage& image, std::string_view bytes) {
  Json losses = Json::array();
  for (const auto& [kind, text] : image.losses) losses.push_back(text);
  const DicomIdentity identity = dicom_identity(bytes);
  return {{"mode", image.mode},
          {"width", image.width},
          {"height", image.height},
          {"bits", image.pixels.elemSize1() * 8},
          {"pictures", image.pictures},
          {"losses", losses},
          {"patient",
           {{"number", identity.patient_id},
            {"name", identity.patient_name},
            {"birth", identity.birth_date},
            {"sex", identity.sex}}}};
}

/// The values between which 99 % of the pixels (u16) lie.
std::pair<int, int> window_of(const cv::Mat& pixels) {
  std::vector<int64_t> counts(65536);
  for (int y = 0; y < pixels.rows; ++y) {
    const auto* row = pixels.ptr<uint16_t>(y);
    for (int x = 0; x < pixels.cols; ++x) ++counts[row[x]];
  }
  const auto outside = static_cast<int64_t>(pixels.total()) / 200;
  const auto first_beyond = [&](auto begin, auto end) {
    int64_t passed = 0;
    return std::find_if(begin, end, [&](int64_t count) { return (passed += count) > outside; }) -
           begin;
  };
  const auto low = static_cast<int>(first_beyond(counts.begin(), counts.end()));
  const auto high = 65535 - static_cast<int>(first_beyond(counts.rbegin(), counts.rend()));
  return {low, std::max(high, low + 1)};
}

WorkerMessage pixels_of(const DecodedImage& decoded) {
  cv::Mat pixels;
  decoded.pixels.convertTo(pixels, CV_16U);
  while (std::max(pixels.rows, pixels.cols) > kMostViewedSide) {
    cv::Mat half;
    cv::resize(pixels, half, {}, .5, .5, cv::INTER_AREA);
    pixels = half;
  }
  const auto [low, high] = window_of(pixels);
  WorkerMessage out{{{"width", pixels.cols},
                     {"height", pixels.rows},
                     {"scale", double(pixels.cols) / decoded.pixels.cols},
                     {"white", white_in(decoded.pixels)},
                     {"low", low},
                     {"high", high}},
                    {}};
  for (int y = 0; y < pixels.rows; ++y)
    out.bytes.append(reinterpret_cast<const char*>(pixels.ptr(y)),
                     static_cast<size_t>(pixels.cols) * sizeof(uint16_t));
  return out;
}

/// Returns a PNG.
std::string thumbnail_of(const DecodedImage& decoded) {
  const cv::Mat whole = in_one_window({decoded.pixels})[0];
  const double scale = std::min(1., double(kThumbnailSide) / std::max(whole.rows, whole.cols));
  const cv::Size size(std::max(1, static_cast<int>(std::lround(whole.cols * scale))),
                      std::max(1, static_cast<int>(std::lround(whole.rows * scale))));
  cv::Mat small;
  cv::resize(whole, small, size, 0, 0, cv::INTER_AREA);
  return encode_png(small);
}

/// Returns the image with numbered boxes, and lines of text below.
cv::Mat picture_of(const DecodedImage& decoded, const Json& request) {
  SheetItem item{in_one_window({decoded.pixels})[0], request.value("caption", ""), {}};
  for (const auto& box : request.at("boxes")) {
    const auto side = box.at("bbox").get<std::array<float, 4>>();
    item.boxes.push_back({side[0], side[1], side[0] + side[2], side[1] + side[3], 0, {}});
  }
  return draw_sheet({item},
                    {.cell_px = std::max({item.image.rows, item.image.cols, kLeastPictureSide}),
                     .columns = 1,
                     .boxes = true,
                     .numbers = true});
}

/// Returns a DICOM file of the picture. A patient who stands in the uploaded file comes before the
/// one of the request.
std::string capture_of(const DecodedImage& decoded, std::string_view bytes, const Json& request) {
  DicomIdentity identity = dicom_identity(bytes);
  if (identity.patient_id.empty() && request.contains("patient")) {
    const Json& patient = request["patient"];
    identity.patient_id = patient.at("number");
    identity.patient_name = patient.at("name");
    identity.birth_date = patient.at("birth");
    std::erase(identity.birth_date, '-');
    identity.sex = patient.at("sex");
  }
  return secondary_capture(picture_of(decoded, request), identity, "evenray");
}

/// Returns a map in the pixels of a network as a grey PNG over the whole image.
std::string heat_over(const cv::Mat& map, const Placement& place, const cv::Size& image) {
  const double scale = double(kHeatSide) / std::max(image.width, image.height);
  const cv::Size size(std::max(1, static_cast<int>(std::lround(image.width * scale))),
                      std::max(1, static_cast<int>(std::lround(image.height * scale))));
  // From centres of pixels of the result to those of the network.
  const cv::Matx23d to_network(place.scale_x / scale,
                               0,
                               .5 * place.scale_x / scale + place.offset_x - .5,
                               0,
                               place.scale_y / scale,
                               .5 * place.scale_y / scale + place.offset_y - .5);
  double largest = 0;
  cv::minMaxLoc(map, nullptr, &largest);
  cv::Mat grey, out;
  map.convertTo(grey, CV_8U, largest > 0 ? 255 / largest : 0);
  cv::warpAffine(grey, out, to_network, size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
  return encode_png(out);
}

}  // namespace

struct Analysis::State {
  std::optional<Classifier> classifier;
  std::optional<Detector> detector;

  /// Adds classes, "unlike" and the heat map.
  void classify(const DecodedImage& image, WorkerMessage& out) const;
  void detect(const DecodedImage& image, WorkerMessage& out) const;
  Json models() const;
};

Analysis::Analysis(const std::vector<std::string>& models, int threads)
    : state_(std::make_unique<State>()) {
  limit_pixels(kMostPixels);
  Runtime runtime;
  runtime.threads = threads;
  const Compute compute = make_compute(runtime);
  for (const auto& path : models) {
    const Path file = model_file(path);
    const bool detects = require_metadata(read_safetensors(file), "kind", file) == "detector";
    check(detects ? !state_->detector : !state_->classifier,
          Exit::bad_data,
          cat(path,
              ": there is another ",
              detects ? "detector" : "classifier",
              "; give one of each"));
    if (detects)
      state_->detector.emplace(path, compute, shown_score(path).value_or(kShownScore));
    else
      state_->classifier.emplace(path, compute);
  }
}

Analysis::~Analysis() = default;

void Analysis::State::classify(const DecodedImage& image, WorkerMessage& out) const {
  const NetworkInput input = input_of(image.pixels, *classifier);
  const ClassifiedImage result = classifier->classify({input.image})[0];
  const auto& names = classifier->class_names();
  std::vector<size_t> order(names.size());
  for (size_t c = 0; c < order.size(); ++c) order[c] = c;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return result.probabilities[a] > result.probabilities[b];
  });
  for (const size_t c : order)
    out.json["classes"].push_back({{"name", names[c]},
                                   {"p", result.probabilities[c]},
                                   {"predicted", result.predicted[c] == 1}});
  if (std::isfinite(result.unlike)) out.json["unlike"] = result.unlike;
  out.bytes = heat_over(
      classifier->heat_map(input.image, order[0], "grad-cam"), input.place, image.pixels.size());
}

void Analysis::State::detect(const DecodedImage& image, WorkerMessage& out) const {
  const NetworkInput input = input_of(image.pixels, *detector);
  const cv::Size size = image.pixels.size();
  const auto boxes = detector->find({input.image});
  for (const FoundBox& found : boxes[0]) {
    const auto x = [&](double v) {
      return std::clamp((v - input.place.offset_x) / input.place.scale_x, 0., double(size.width));
    };
    const auto y = [&](double v) {
      return std::clamp((v - input.place.offset_y) / input.place.scale_y, 0., double(size.height));
    };
    const double left = x(found.box.x), top = y(found.box.y);
    out.json["boxes"].push_back(
        {{"class", detector->class_names()[static_cast<size_t>(found.class_index)]},
         {"score", found.score},
         {"bbox",
          {left,
           top,
           x(found.box.x + found.box.width) - left,
           y(found.box.y + found.box.height) - top}}});
  }
}

WorkerMessage Analysis::answer(const WorkerMessage& message) const {
  const auto start = std::chrono::steady_clock::now();
  const std::string what = message.json.value("do", "");
  if (what == "models") return {state_->models(), {}};
  const DecodedImage image = decoded(message.bytes);
  if (what == "inspect") return {inspected(image, message.bytes), thumbnail_of(image)};
  if (what == "pixels") return pixels_of(image);
  if (what == "picture") return {Json::object(), encode_png(picture_of(image, message.json))};
  if (what == "capture") return {Json::object(), capture_of(image, message.bytes, message.json)};
  check(what == "analyse", Exit::failed, cat("unknown request '", what, "'"));
  WorkerMessage out{{{"schema", "evenray-analysis-1"},
                     {"width", image.pixels.cols},
                     {"height", image.pixels.rows},
                     {"classes", Json::array()},
                     {"unlike", nullptr},
                     {"boxes", Json::array()},
                     {"models", state_->models()}},
                    {}};
  for (Json& model : out.json["models"])
    if (model.is_object()) model.erase("card");
  if (state_->classifier) state_->classify(image, out);
  if (state_->detector) state_->detect(image, out);
  out.json["seconds"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return out;
}

Json Analysis::State::models() const {
  Json out{{"classifier", nullptr}, {"detector", nullptr}};
  const auto describe = [](const auto& network) {
    return Json{{"arch", network.arch()},
                {"classes", network.class_names()},
                {"size_px", {network.height(), network.width()}},
                {"digest", network.digest()},
                {"card", network.card()}};
  };
  if (classifier) {
    out["classifier"] = describe(*classifier);
    for (const auto& [name, threshold] : classifier->thresholds())
      out["classifier"]["thresholds"][name] =
          classifier->temperature() ? classifier->temperature()->apply_to_threshold(threshold)
                                    : threshold;
  }
  if (detector) {
    out["detector"] = describe(*detector);
    out["detector"]["shown_score"] = detector->shown_score().value_or(kShownScore);
  }
  return out;
}

}  // namespace evenray
