// SPDX-License-Identifier: Apache-2.0
#include "detector/unet.hpp"

#include <torch/nn.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "core/parallel.hpp"
#include "detector/frozen.hpp"
#include "nn/blocks.hpp"
#include "nn/compute.hpp"
#include "rcnn/object_mask.hpp"

namespace evenray {
namespace {

constexpr double kInside = .5;

/// Two 3x3 convolutions with norms.
torch::nn::Sequential double_conv(int64_t in, int64_t out) {
  return torch::nn::Sequential(conv(in, out, 3),
                               torch::nn::BatchNorm2d(out),
                               torch::nn::ReLU(),
                               conv(out, out, 3),
                               torch::nn::BatchNorm2d(out),
                               torch::nn::ReLU());
}

torch::Tensor enlarged_to(const torch::Tensor& map, int64_t height, int64_t width) {
  namespace F = torch::nn::functional;
  return F::interpolate(map,
                        F::InterpolateFuncOptions()
                            .size(std::vector<int64_t>{height, width})
                            .mode(torch::kBilinear)
                            .align_corners(false));
}

/// The areas of all classes in an image: of each class, the pixels with the numbers of objects.
struct Objects {
  std::vector<cv::Mat> labels;
  std::vector<FoundBox> boxes;
  std::vector<int> numbers;  ///< of the boxes, in the labels of their class
};

/// Adds the objects in a map of probabilities of one class, CV_32F, with this score or more.
void add_objects(const cv::Mat& probabilities, int class_index, double least, Objects& out) {
  const cv::Mat inside = probabilities >= kInside;
  cv::Mat stats, centres;
  cv::Mat& labels = out.labels.emplace_back();
  const int count = cv::connectedComponentsWithStats(inside, labels, stats, centres);
  for (int object = 1; object < count; ++object) {  // 0 is the ground
    const cv::Rect area(stats.at<int>(object, cv::CC_STAT_LEFT),
                        stats.at<int>(object, cv::CC_STAT_TOP),
                        stats.at<int>(object, cv::CC_STAT_WIDTH),
                        stats.at<int>(object, cv::CC_STAT_HEIGHT));
    double highest = 0;
    cv::minMaxLoc(probabilities(area), nullptr, &highest, nullptr, nullptr, labels(area) == object);
    if (highest < least) continue;
    out.numbers.push_back(object);
    out.boxes.push_back({{static_cast<double>(area.x),
                          static_cast<double>(area.y),
                          static_cast<double>(area.width),
                          static_cast<double>(area.height)},
                         class_index,
                         highest});
  }
}

/// Returns the boxes with the highest scores, that first.
std::vector<FoundBox> best_objects(const Objects& objects, int64_t most, bool masks) {
  std::vector<size_t> order(objects.boxes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return objects.boxes[a].score > objects.boxes[b].score;
  });
  std::vector<FoundBox> out;
  for (const size_t i : order) {
    if (std::ssize(out) == most) break;
    FoundBox& box = out.emplace_back(objects.boxes[i]);
    if (!masks) continue;
    const cv::Mat pixels =
        objects.labels[static_cast<size_t>(box.class_index)] == objects.numbers[i];
    box.mask = std::make_shared<const Mask>(
        Mask::of_pixels(pixels.rows, pixels.cols, {pixels.data, pixels.total()}));
  }
  return out;
}

struct UNet final : BoxModel {
  UNet(const DetectOptions& options, int64_t classes, int threads)
      : encoder(register_module("trunk", make_backbone(backbone_of(options.arch)))),
        options_(options),
        threads_(threads) {
    least_px = encoder->least_px;
    const auto channels = stage_channels(*encoder);
    const int64_t width = options.size == "nano" ? 32 : 64;
    int64_t in = channels.back();
    for (size_t i = channels.size() - 1; i-- > 0;) {
      const int64_t out = width << i;
      decoder->push_back(double_conv(in + channels[i], out));
      in = out;
    }
    register_module("decoder", decoder);
    output = register_module("output", torch::nn::Conv2d(torch::nn::Conv2dOptions(in, classes, 1)));
    kaiming_init(*decoder);
    torch::NoGradGuard no_grad;
    output->weight.normal_(0, .01);
    output->bias.fill_(-std::log((1 - .01) / .01));
    frozen_ = frozen_modules(*encoder, options);
  }

  /// Returns logits [N,C,H,W].
  torch::Tensor forward(const torch::Tensor& images) {
    const auto maps = encoder->stages(images);
    auto y = maps.back();
    for (size_t i = 0; i < decoder->size(); ++i) {
      const auto& finer = maps[maps.size() - 2 - i];
      y = decoder[i]->as<torch::nn::Sequential>()->forward(
          torch::cat({enlarged_to(y, finer.size(2), finer.size(3)), finer}, 1));
    }
    return enlarged_to(output(y), images.size(2), images.size(3));
  }

  torch::Tensor loss(const torch::Tensor& images,
                     const std::vector<std::vector<Box>>& boxes,
                     const Rng&) override {
    const auto logits = forward(images);
    const Autocast full_precision(Compute{images.device()});
    const auto values = logits.to(torch::kFloat);
    const auto masks =
        object_masks(boxes, values.size(1), images.size(2), images.size(3)).to(images.device());
    return torch::binary_cross_entropy_with_logits(values, masks) +
           dice_loss(values.sigmoid(), masks);
  }

  std::vector<std::vector<FoundBox>> find(const torch::Tensor& images, bool masks) override {
    torch::NoGradGuard no_grad;
    EvalGuard eval(*this);
    const auto all = forward(images).to(torch::kFloat).sigmoid().cpu().contiguous();
    const int classes = static_cast<int>(all.size(1));
    const int height = static_cast<int>(all.size(2)), width = static_cast<int>(all.size(3));
    std::vector<std::vector<FoundBox>> out(static_cast<size_t>(all.size(0)));
    parallel_for(out.size(), threads_, [&](size_t i) {
      Objects objects;
      for (int c = 0; c < classes; ++c)
        add_objects(
            cv::Mat(height, width, CV_32F, all[static_cast<int64_t>(i)][c].data_ptr<float>()),
            c,
            options_.least_score,
            objects);
      out[i] = best_objects(objects, options_.most_boxes, masks);
    });
    return out;
  }

  void train(bool on = true) override {
    Module::train(on);
    for (const auto& module : frozen_) module->eval();
  }
  Backbone* one_channel_trunk() override { return encoder.get(); }

  std::shared_ptr<Backbone> encoder;
  torch::nn::ModuleList decoder;  ///< from the coarsest map to the finest
  torch::nn::Conv2d output{nullptr};

 private:
  std::vector<std::shared_ptr<torch::nn::Module>> frozen_;
  DetectOptions options_;
  int threads_;
};

}  // namespace

torch::Tensor object_masks(const std::vector<std::vector<Box>>& boxes,
                           int64_t classes,
                           int64_t height,
                           int64_t width) {
  auto out = torch::zeros({std::ssize(boxes), classes, height, width}, torch::kByte);
  for (size_t i = 0; i < boxes.size(); ++i) {
    for (const Box& box : boxes[i]) {
      auto pixels = object_mask(box, height, width).pixels();
      out[static_cast<int64_t>(i)][box.label].bitwise_or_(
          torch::from_blob(pixels.data(), {height, width}, torch::kByte));
    }
  }
  return out.to(torch::kFloat);
}

torch::Tensor dice_loss(const torch::Tensor& probabilities, const torch::Tensor& masks) {
  const std::vector<int64_t> pixels{0, 2, 3};
  const auto both = (probabilities * masks).sum(pixels);
  const auto sum = probabilities.sum(pixels) + masks.sum(pixels);
  return (1 - (2 * both + 1) / (sum + 1)).mean();
}

std::shared_ptr<BoxModel> make_unet(const DetectOptions& options, int64_t classes, int threads) {
  return std::make_shared<UNet>(options, classes, threads);
}

}  // namespace evenray
