// SPDX-License-Identifier: Apache-2.0
#include "augment/policy_tables.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

using DetectionSlots = std::vector<std::vector<PolicySlot>>;

PolicySlot in_boxes(Op op, double probability, int bin = -1) {
  return {op, probability, bin, 0, 0, Target::each_box};
}

PolicySlot in_a_box(double probability, int bin) {
  return {Op::cutout, probability, bin, 0, 0, Target::one_box};
}

// Operations without a value have a magnitude in the published tables, too, which does nothing.

const DetectionSlots kDetV0 = {
    {{Op::translate_x, .6, 4}, {Op::equalize, .8}},
    {in_boxes(Op::translate_y, .2, 2), {Op::cutout, .8, 8}},
    {{Op::sharpness, 0, 8}, {Op::shear_x, .4, 0}},
    {{Op::shear_y, 1, 2}, in_boxes(Op::translate_y, .6, 6)},
    {{Op::rotate, .6, 10}, {Op::color, 1, 6}},
};

const DetectionSlots kMoreOfDetV1 = {
    {{Op::color, 0, 0}, in_boxes(Op::shear_x, .8, 4)},
    {in_boxes(Op::shear_y, .8, 2), in_boxes(Op::hflip, 0)},
    {{Op::equalize, .6}, {Op::translate_x, .2, 2}},
    {{Op::color, 1, 10}, in_boxes(Op::translate_y, .4, 6)},
    {{Op::rotate, .8, 10}, {Op::contrast, 0, 10}},
    {{Op::cutout, .2, 2}, {Op::brightness, .8, 10}},
    {{Op::color, 1, 6}, {Op::equalize, 1}},
    {in_boxes(Op::cutout, .4, 6), in_boxes(Op::translate_y, .8, 2)},
    {{Op::color, .2, 8}, {Op::rotate, .8, 10}},
    {{Op::sharpness, .4, 4}, in_boxes(Op::translate_y, 0, 4)},
    {{Op::sharpness, 1, 4}, {Op::solarize_add, .4, 4}},
    {{Op::rotate, 1, 8}, {Op::sharpness, .2, 8}},
    {{Op::shear_y, .6, 10}, in_boxes(Op::equalize, .6)},
    {{Op::shear_x, .2, 6}, in_boxes(Op::translate_y, .2, 10)},
    {{Op::solarize_add, .6, 8}, {Op::brightness, .8, 10}},
};

const DetectionSlots kDetV2 = {
    {{Op::color, 0, 6}, {Op::cutout, .6, 8}, {Op::sharpness, .4, 8}},
    {{Op::rotate, .4, 8}, {Op::sharpness, .4, 2}, {Op::rotate, .8, 10}},
    {{Op::translate_y, 1, 8}, {Op::auto_contrast, .8}},
    {{Op::auto_contrast, .4}, {Op::shear_x, .8, 8}, {Op::brightness, 0, 10}},
    {{Op::solarize_add, .2, 6}, {Op::contrast, 0, 10}, {Op::auto_contrast, .6}},
    {{Op::cutout, .2, 0}, {Op::solarize, .8, 8}, {Op::color, 1, 4}},
    {{Op::translate_y, 0, 4}, {Op::equalize, .6}, {Op::solarize, 0, 10}},
    {{Op::translate_y, .2, 2}, {Op::shear_y, .8, 8}, {Op::rotate, .8, 8}},
    {{Op::cutout, .8, 8}, {Op::brightness, .8, 8}, {Op::cutout, .2, 2}},
    {{Op::color, .8, 4}, {Op::translate_y, 1, 6}, {Op::rotate, .6, 6}},
    {{Op::rotate, .6, 10}, in_a_box(1, 4), {Op::cutout, .2, 8}},
    {{Op::rotate, 0, 0}, {Op::equalize, .6}, {Op::shear_y, .6, 8}},
    {{Op::brightness, .8, 8}, {Op::auto_contrast, .4}, {Op::brightness, .2, 2}},
    {{Op::translate_y, .4, 8}, {Op::solarize, .4, 6}, {Op::solarize_add, .2, 10}},
    {{Op::contrast, 1, 10}, {Op::solarize_add, .2, 8}, {Op::equalize, .2}},
};

const DetectionSlots kDetV3 = {
    {{Op::posterize, .8, 2}, {Op::translate_x, 1, 8}},
    {in_a_box(.2, 10), {Op::sharpness, 1, 8}},
    {{Op::rotate, .6, 8}, {Op::rotate, .8, 10}},
    {{Op::equalize, .8}, {Op::auto_contrast, .2}},
    {{Op::solarize_add, .2, 2}, {Op::translate_y, .2, 8}},
    {{Op::sharpness, 0, 2}, {Op::color, .4, 8}},
    {{Op::equalize, 1}, {Op::translate_y, 1, 8}},
    {{Op::posterize, .6, 2}, {Op::rotate, 0, 10}},
    {{Op::auto_contrast, .6}, {Op::rotate, 1, 6}},
    {{Op::equalize, 0}, {Op::cutout, .8, 10}},
    {{Op::brightness, 1, 2}, {Op::translate_y, 1, 6}},
    {{Op::contrast, 0, 2}, {Op::shear_y, .8, 0}},
    {{Op::auto_contrast, .8}, {Op::contrast, .2, 10}},
    {{Op::rotate, 1, 10}, {Op::cutout, 1, 10}},
    {{Op::solarize_add, .8, 6}, {Op::equalize, .8}},
};

DetectionSlots det_v1() {
  DetectionSlots slots = kDetV0;
  slots.insert(slots.end(), kMoreOfDetV1.begin(), kMoreOfDetV1.end());
  return slots;
}

}  // namespace

std::vector<Policy> detection_policies(Sampling sampling) {
  const bool radiograph = sampling == Sampling::radiograph;
  std::vector<Policy> policies;
  int version = 0;
  for (const DetectionSlots& slots : {kDetV0, det_v1(), kDetV2, kDetV3}) {
    policies.push_back(
        {cat("det_v", version, radiograph ? "-radiograph" : ""),
         cat("AutoAugment for detection, ",
             version == 0 ? "the paper's policy" : cat("policy v", version, " of its code"),
             radiograph ? ", lengths by the image's side, radiograph sampling:"
                        : ", published magnitudes:"),
         true,
         sampling,
         slots,
         std::nullopt,
         radiograph ? Magnitudes::detection_share : Magnitudes::detection});
    ++version;
  }
  return policies;
}

}  // namespace evenray
