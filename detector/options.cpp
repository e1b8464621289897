// SPDX-License-Identifier: Apache-2.0
#include "detector/options.hpp"

#include <algorithm>

#include "augment/policy.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "rcnn/options.hpp"

namespace evenray {
namespace {

void check_detect_name(const char* key,
                       const std::string& value,
                       const std::vector<std::string>& known) {
  check(std::count(known.begin(), known.end(), value) > 0,
        Exit::config,
        unknown_name(cat("detect.", key), value, known));
}

constexpr std::string_view kBoxes = "fasterrcnn_", kMasks = "maskrcnn_", kUNet = "unet_",
                           kPyramid = "_fpn";

}  // namespace

bool is_two_stage(const std::string& arch) {
  return arch.starts_with(kBoxes) || arch.starts_with(kMasks);
}
bool is_unet(const std::string& arch) { return arch.starts_with(kUNet); }
bool gives_masks(const std::string& arch) { return is_unet(arch) || arch.starts_with(kMasks); }

std::string backbone_of(const std::string& arch) {
  std::string name = arch;
  for (const auto family : {kBoxes, kMasks, kUNet})
    if (arch.starts_with(family)) name = arch.substr(family.size());
  if (is_two_stage(arch) && name.ends_with(kPyramid)) name.resize(name.size() - kPyramid.size());
  return name;
}

std::vector<std::string> detector_architectures() {
  std::vector<std::string> out = rcnn_architectures();
  std::erase(out, "vgg16");
  const size_t backbones = out.size();
  for (const auto family : {kBoxes, kMasks})
    for (size_t i = 0; i < backbones; ++i) out.push_back(cat(family, out[i], kPyramid));
  for (size_t i = 0; i < backbones; ++i) out.push_back(cat(kUNet, out[i]));
  out.emplace_back("fasterrcnn_vgg16");
  return out;
}

void DetectOptions::fields(Fields& f) {
  f("arch",
    arch,
    cat("backbone of a one-stage detector, a two-stage detector (Faster R-CNN), or one that also "
        "outlines objects (Mask R-CNN, U-Net), one of: ",
        join(detector_architectures())));
  f("size",
    size,
    "width of pyramid and head: nano (64 channels) or small (96); of two-stage detectors nano (64, "
    "and 256 in the head) or small (256 and 1024, as published); of U-Nets nano (32 channels at "
    "the "
    "finest map) or small (64)");
  f("weights",
    weights,
    "weights to start from: none (random); of the backbone: installed ones (imagenet), a file of "
    "tools/convert-weights, or a trained classifier; of the whole network: a trained detector with "
    "the same arch and size, or a two-stage detector of torchvision (tools/convert-weights)");
  f("frozen_depths",
    frozen_depths,
    "groups of the backbone's layers, from its input, that keep their pretrained weights, which is "
    "faster: of EfficientNets the stem and each list of blocks is a group");
  f("frozen_statistics",
    frozen_statistics,
    "batch norms of the backbone keep the statistics of `weights`, which is faster");
  f("assigner",
    assigner,
    "one-stage detectors: how points of the maps get the boxes that they learn: soft (dynamic soft "
    "labels, RTMDet) or simota (YOLOX)");
  f("steps", steps, "optimiser steps");
  f("minibatch", minibatch, "images per step");
  f("negatives",
    negatives,
    "share of each minibatch that has no boxes; -1: the share among the training images");
  f("sampling",
    sampling,
    "of images with boxes: natural, or repeat-factor (images of rare classes are repeated)");
  f("repeat_threshold",
    repeat_threshold,
    "repeat-factor: a class in the share f of the images with boxes (with negatives = -1, of all "
    "images) is repeated sqrt(threshold / f) times");
  f("lr",
    lr,
    "maximum learning rate of AdamW; 0: .002 for random weights, .003 for pretrained ones; of "
    "two-stage detectors .0002 and .0001");
  f("weight_decay", weight_decay, "AdamW's decoupled weight decay");
  f("warmup_share",
    warmup_share,
    "share of the steps in which the learning rate rises; then it falls to 0 along half a cosine");
  f("ema_half_life_steps",
    ema_half_life_steps,
    "half-life in steps of the average of the weights; 0: no average");
  f("resident_gb",
    resident_gb,
    "if the images of a part take more GB, they are read from the store during the training "
    "instead of held in memory");
  f("mirror", mirror, "online augmentation: flip left to right half of the time");
  f("rotate_deg",
    rotate_deg,
    "online augmentation: maximum rotation in degrees, in both directions");
  f("scale", scale, "online augmentation: scale by a factor from 1 minus this to 1 plus this");
  f("shift", shift, "online augmentation: maximum shift, as a share of each side");
  f("intensity",
    intensity,
    "online augmentation: maximum change of contrast, and of brightness as a share of white");
  f("policy",
    policy,
    "online augmentation before that of the keys above: none, or a policy of `augment policies`, "
    "for example det_v0");
  f("mosaic",
    mosaic,
    "online augmentation: probability that an image is made of the corners of four images that "
    "meet in a random point");
  f("copy_paste",
    copy_paste,
    "online augmentation: probability that the objects of another image are copied into an image, "
    "at "
    "their places");
  f("multi_scale",
    multi_scale,
    "online augmentation: in each step, the sides of all images are changed by a factor from 1 "
    "minus this to 1 plus this, to multiples of 32 px");
  f("crop_px",
    crop_px,
    "online augmentation: train on squares of this side in px, each around a box if there is one, "
    "which is faster where boxes are small; boxes are found in whole images; 0: whole images");
  f("plain_share",
    plain_share,
    "last share of the steps, without mosaic, copy_paste and multi_scale");
  f("anchor_px",
    anchor_px,
    "two-stage detectors: side in px of the smallest anchors, those of the finest map; each "
    "further "
    "map has anchors of twice the side");
  f("least_score", least_score, "found boxes with a lower score are dropped");
  f("nms",
    nms,
    "of two found boxes of a class whose intersection over union is higher, only the one with the "
    "higher score stays; not of U-Nets");
  f("most_boxes", most_boxes, "found boxes of an image, those with the highest scores");
  f("eval_every", eval_every, "steps between validations; 0: a tenth of the run");
  f("bootstrap", bootstrap, "bootstrap draws per interval");
}

double DetectOptions::learning_rate() const {
  if (lr > 0) return lr;
  const bool random = weights == "none";
  if (is_two_stage(arch)) return random ? 2e-4 : 1e-4;
  return random ? 2e-3 : 3e-3;
}

bool DetectOptions::is_plain(int64_t step) const {
  return static_cast<double>(step) >= (1 - plain_share) * static_cast<double>(steps);
}

void DetectOptions::check() const {
  check_detect_name("arch", arch, detector_architectures());
  check_detect_name("size", size, {"nano", "small"});
  check_detect_name("assigner", assigner, {"soft", "simota"});
  check_detect_name("sampling", sampling, {"natural", "repeat-factor"});
  evenray::check(frozen_depths == 0 || (frozen_depths > 0 && weights != "none"),
                 Exit::config,
                 "detect.frozen_depths must be 0 or more, and above 0 it needs detect.weights");
  evenray::check(!frozen_statistics || weights != "none",
                 Exit::config,
                 "detect.frozen_statistics needs detect.weights, for example imagenet");
  evenray::check(steps > 0, Exit::config, "detect.steps must be above 0");
  evenray::check(minibatch >= 1, Exit::config, "detect.minibatch must be 1 or more");
  evenray::check(
      negatives == -1 || (negatives >= 0 && negatives < 1),
      Exit::config,
      "detect.negatives must be from 0 to below 1, or -1 for the share among the images");
  evenray::check(repeat_threshold > 0 && repeat_threshold <= 1,
                 Exit::config,
                 "detect.repeat_threshold must be above 0 and at most 1");
  evenray::check(lr >= 0 && weight_decay >= 0 && ema_half_life_steps >= 0 && resident_gb >= 0,
                 Exit::config,
                 "detect.lr, weight_decay, ema_half_life_steps and resident_gb must not be "
                 "negative");
  evenray::check(
      warmup_share >= 0 && warmup_share < 1, Exit::config, "detect.warmup_share must be in [0, 1)");
  evenray::check(rotate_deg >= 0 && scale >= 0 && scale < 1 && shift >= 0 && shift < 1 &&
                     intensity >= 0 && intensity < 1,
                 Exit::config,
                 "detect.rotate_deg must not be negative, and detect.scale, shift and intensity "
                 "must be in [0, 1)");
  if (policy != "none") {
    try {
      find_policy(policy);
    } catch (const Error& error) {
      throw Error(Exit::config, cat("detect.policy: ", error.what(), "; none: no policy"));
    }
  }
  evenray::check(
      mosaic >= 0 && mosaic <= 1 && copy_paste >= 0 && copy_paste <= 1 && multi_scale >= 0 &&
          multi_scale < 1 && plain_share >= 0 && plain_share <= 1,
      Exit::config,
      "detect.mosaic, copy_paste and plain_share must be from 0 to 1, and detect.multi_scale in "
      "[0, 1)");
  evenray::check(
      anchor_px >= 1 && anchor_px <= 1024, Exit::config, "detect.anchor_px must be from 1 to 1024");
  evenray::check(crop_px >= 0, Exit::config, "detect.crop_px must not be negative");
  evenray::check(least_score >= 0 && least_score < 1 && nms > 0 && nms <= 1,
                 Exit::config,
                 "detect.least_score must be in [0, 1), and detect.nms above 0 and at most 1");
  evenray::check(most_boxes >= 1, Exit::config, "detect.most_boxes must be 1 or more");
  evenray::check(eval_every >= 0 && bootstrap >= 0,
                 Exit::config,
                 "detect.eval_every and bootstrap must not be negative");
}

}  // namespace evenray
