// SPDX-License-Identifier: Apache-2.0
// `detect predict`.
#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "app/command.hpp"
#include "app/image_input.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/image/sheet.hpp"
#include "detector/detector.hpp"
#include "metrics/detection/coco_masks.hpp"
#include "metrics/text.hpp"

namespace evenray {
namespace {

struct DetectPredictFlags {
  std::string model, part = "test", out, draw, fit;
  std::vector<std::string> files, with;
  std::optional<double> least_score;
  bool flip = false;
};

/// Converts a box from network pixels to those of the image file, and clips it to the file.
PixelBox in_file(const PixelBox& box, const Placement& place, cv::Size size) {
  const auto x = [&](double v) {
    return std::clamp<double>((v - place.offset_x) / place.scale_x, 0, size.width);
  };
  const auto y = [&](double v) {
    return std::clamp<double>((v - place.offset_y) / place.scale_y, 0, size.height);
  };
  const double x0 = x(box.x), y0 = y(box.y);
  return {x0, y0, x(box.x + box.width) - x0, y(box.y + box.height) - y0};
}

/// Converts a mask alike.
Mask in_file(const Mask& mask, const Placement& place, cv::Size size) {
  auto pixels = mask.pixels();
  cv::Mat network = cv::Mat(pixels).reshape(1, static_cast<int>(mask.height())) * 255;
  // With a margin, so that masks reach the edges of the file.
  constexpr int kMargin = 1;
  cv::copyMakeBorder(network, network, kMargin, kMargin, kMargin, kMargin, cv::BORDER_REPLICATE);
  // Of the centres of pixels.
  const cv::Matx23d to_network(place.scale_x,
                               0,
                               .5 * place.scale_x + place.offset_x - .5 + kMargin,
                               0,
                               place.scale_y,
                               .5 * place.scale_y + place.offset_y - .5 + kMargin);
  cv::Mat file;
  cv::warpAffine(network, file, to_network, size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
  const cv::Mat inside = file >= 128;
  return Mask::of_pixels(size.height, size.width, {inside.data, inside.total()});
}

/// Throws 65 if an image is too large for its masks.
void check_sides(const NamedImages& input) {
  constexpr int kMostSide = 32766;  // of OpenCV's warpAffine
  for (size_t i = 0; i < input.sizes.size(); ++i)
    check(std::max(input.sizes[i].width, input.sizes[i].height) <= kMostSide,
          Exit::bad_data,
          cat(input.names[i],
              " has more than ",
              kMostSide,
              " px per side, which is too large for masks; --flip gives boxes without masks"));
}

/// Returns the outlines of a mask, for pictures.
std::vector<std::vector<cv::Point2f>> outlines(const Mask& mask) {
  auto pixels = mask.pixels();
  std::vector<std::vector<cv::Point>> found;
  cv::findContours(cv::Mat(pixels).reshape(1, static_cast<int>(mask.height())),
                   found,
                   cv::RETR_EXTERNAL,
                   cv::CHAIN_APPROX_NONE);
  std::vector<std::vector<cv::Point2f>> out;
  for (const auto& ring : found) {
    auto& centres = out.emplace_back();
    for (const auto& point : ring)
      centres.emplace_back(static_cast<float>(point.x) + .5F, static_cast<float>(point.y) + .5F);
  }
  return out;
}

/// Captions fit below a picture with this longer side.
constexpr int kLeastPicturePx = 512;

/// Writes a picture of an image with the boxes and masks in it.
void draw_boxes(const cv::Mat& image,
                const std::vector<FoundBox>& found,
                const std::vector<std::string>& names,
                const Path& file) {
  SheetItem item{in_one_window({image})[0], "", {}};
  for (const auto& one : found) {
    const PixelBox& box = one.box;
    item.boxes.push_back(
        {static_cast<float>(box.x),
         static_cast<float>(box.y),
         static_cast<float>(box.x + box.width),
         static_cast<float>(box.y + box.height),
         one.class_index,
         one.mask ? outlines(*one.mask) : std::vector<std::vector<cv::Point2f>>{}});
    item.caption += cat(item.caption.empty() ? "" : "\n",
                        item.boxes.size(),
                        " ",
                        names[static_cast<size_t>(one.class_index)],
                        " ",
                        fixed(one.score, 2));
  }
  write_atomic(
      file,
      encode_png(draw_sheet({item},
                            {.cell_px = std::max({image.rows, image.cols, kLeastPicturePx}),
                             .columns = 1,
                             .boxes = true,
                             .polygons = true,
                             .numbers = true})));
}

/// Returns the detectors with the least score of the boxes that are shown: of the command line,
/// else of one packed model.
Detector shown_detector(const Cli& cli, const DetectPredictFlags& flags) {
  constexpr double kShown = .1;
  const Compute compute = make_compute(cli.load().runtime);
  auto least = flags.least_score;
  // A packed model knows the score of boxes that are not fused.
  if (!least && flags.with.empty() && !flags.flip) least = shown_score(flags.model);
  Detector detector(flags.model, compute, least.value_or(kShown));
  for (const auto& model : flags.with)
    detector.add(Detector(model, compute, least.value_or(kShown)));
  return detector;
}

int predict(const Cli& cli, const DetectPredictFlags& flags) {
  Detector detector = shown_detector(cli, flags);
  if (flags.flip) detector.use_mirror_images();
  const bool masks = detector.use_masks();
  const std::string fit = !flags.fit.empty()        ? flags.fit
                          : !detector.fit().empty() ? detector.fit()
                                                    : "pad";
  const NamedImages input = read_images(flags.files,
                                        flags.part,
                                        {.height = detector.height(),
                                         .width = detector.width(),
                                         .bits = detector.bits(),
                                         .fit = fit});
  if (masks) check_sides(input);
  const auto& names = detector.class_names();
  Json images = Json::array(), categories = Json::array(), detections = Json::array();
  for (size_t c = 0; c < names.size(); ++c)
    categories.push_back({{"id", c + 1}, {"name", names[c]}});
  std::vector<std::vector<std::string>> table{
      {"file", "class", "score", "x", "y", "width", "height"}};
  const auto found = detector.find(input.images);
  for (size_t i = 0; i < found.size(); ++i) {
    images.push_back({{"id", i + 1},
                      {"file_name", input.names[i]},
                      {"width", input.sizes[i].width},
                      {"height", input.sizes[i].height}});
    std::vector<FoundBox> shown;
    for (const auto& one : found[i]) {
      const PixelBox box = in_file(one.box, input.placements[i], input.sizes[i]);
      // A box may lie outside the image, in what `pad` added.
      if (box.width <= 0 || box.height <= 0) continue;
      shown.push_back(one);
      const auto& name = names[static_cast<size_t>(one.class_index)];
      detections.push_back({{"image_id", i + 1},
                            {"category_id", one.class_index + 1},
                            {"bbox", {box.x, box.y, box.width, box.height}},
                            {"score", one.score}});
      if (one.mask)
        detections.back()["segmentation"] =
            coco_segmentation(in_file(*one.mask, input.placements[i], input.sizes[i]));
      table.push_back({input.names[i],
                       name,
                       fixed(one.score, 3),
                       fixed(box.x, 0),
                       fixed(box.y, 0),
                       fixed(box.width, 0),
                       fixed(box.height, 0)});
    }
    if (shown.empty()) table.push_back({input.names[i], "-", "", "", "", "", ""});
    if (flags.draw.empty()) continue;
    // Files of several folders may have one name.
    const std::string name =
        cat(Path(input.names[i]).stem().string(), found.size() > 1 ? cat("-", i) : "", ".png");
    draw_boxes(input.images[i], shown, names, Path(flags.draw) / name);
  }
  const Json out{{"schema", "evenray-detect-predict-1"},
                 {"images", images},
                 {"categories", categories},
                 {"detections", detections}};
  if (!flags.out.empty()) write_json(flags.out, detections);
  print_result(cli, out, aligned_table(table));
  return 0;
}

}  // namespace

void add_detect_predict_command(CLI::App& detect, Cli& cli) {
  auto flags = std::make_shared<DetectPredictFlags>();
  auto* predict_cli = add_command(&detect,
                                  cli,
                                  "predict",
                                  "find boxes in image files",
                                  {.config = true, .threads = true, .device = true, .json = true},
                                  [&cli, flags] { return predict(cli, *flags); });
  predict_cli->add_option("MODEL", flags->model, "run folder, checkpoint or packed model")
      ->required();
  predict_cli
      ->add_option(
          "FILES", flags->files, "PNG, JPEG, TIFF or DICOM files, folders of them, or one store")
      ->required();
  predict_cli
      ->add_option("--fit",
                   flags->fit,
                   "pad, stretch or crop; the --fit that the store was packed with (default: as a "
                   "packed model says, else pad)")
      ->check(CLI::IsMember({"pad", "stretch", "crop"}));
  predict_cli->add_option("--part", flags->part, "part of a store: train, val or test")
      ->capture_default_str();
  predict_cli
      ->add_option("--least-score",
                   flags->least_score,
                   "boxes with a lower score are left out (default: the score from which a packed "
                   "model has at most one wrong box of each class per image of validation; .1 for "
                   "other models, with --flip and with --with)")
      ->check(CLI::Range(0., 1.));
  predict_cli->add_option("--draw", flags->draw, "folder for pictures with the boxes in them");
  predict_cli->add_option("--out", flags->out, "JSON file for the boxes, as COCO's detections");

  predict_cli->add_flag("--flip", flags->flip, kFlip);
  predict_cli->add_option("--with", flags->with, kWith)->allow_extra_args(false);
}

}  // namespace evenray
