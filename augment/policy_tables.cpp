// SPDX-License-Identifier: Apache-2.0
#include "augment/policy_tables.hpp"

#include "core/text.hpp"

namespace evenray {
namespace {

using SubPolicies = std::vector<std::vector<PolicySlot>>;

const SubPolicies kImageNet = {
    {{Op::posterize, .4, 8}, {Op::rotate, .6, 9}}, {{Op::solarize, .6, 5}, {Op::auto_contrast, .6}},
    {{Op::equalize, .8}, {Op::equalize, .6}},      {{Op::posterize, .6, 7}, {Op::posterize, .6, 6}},
    {{Op::equalize, .4}, {Op::solarize, .2, 4}},   {{Op::equalize, .4}, {Op::rotate, .8, 8}},
    {{Op::solarize, .6, 3}, {Op::equalize, .6}},   {{Op::posterize, .8, 5}, {Op::equalize, 1}},
    {{Op::rotate, .2, 3}, {Op::solarize, .6, 8}},  {{Op::equalize, .6}, {Op::posterize, .4, 6}},
    {{Op::rotate, .8, 8}, {Op::color, .4, 0}},     {{Op::rotate, .4, 9}, {Op::equalize, .6}},
    {{Op::equalize, 0}, {Op::equalize, .8}},       {{Op::invert, .6}, {Op::equalize, 1}},
    {{Op::color, .6, 4}, {Op::contrast, 1, 8}},    {{Op::rotate, .8, 8}, {Op::color, 1, 2}},
    {{Op::color, .8, 8}, {Op::solarize, .8, 7}},   {{Op::sharpness, .4, 7}, {Op::invert, .6}},
    {{Op::shear_x, .6, 5}, {Op::equalize, 1}},     {{Op::color, .4, 0}, {Op::equalize, .6}},
    {{Op::equalize, .4}, {Op::solarize, .2, 4}},   {{Op::solarize, .6, 5}, {Op::auto_contrast, .6}},
    {{Op::invert, .6}, {Op::equalize, 1}},         {{Op::color, .6, 4}, {Op::contrast, 1, 8}},
    {{Op::equalize, .8}, {Op::equalize, .6}},
};

const SubPolicies kCifar10 = {
    {{Op::invert, .1}, {Op::contrast, .2, 6}},
    {{Op::rotate, .7, 2}, {Op::translate_x, .3, 9}},
    {{Op::sharpness, .8, 1}, {Op::sharpness, .9, 3}},
    {{Op::shear_y, .5, 8}, {Op::translate_y, .7, 9}},
    {{Op::auto_contrast, .5}, {Op::equalize, .9}},
    {{Op::shear_y, .2, 7}, {Op::posterize, .3, 7}},
    {{Op::color, .4, 3}, {Op::brightness, .6, 7}},
    {{Op::sharpness, .3, 9}, {Op::brightness, .7, 9}},
    {{Op::equalize, .6}, {Op::equalize, .5}},
    {{Op::contrast, .6, 7}, {Op::sharpness, .6, 5}},
    {{Op::color, .7, 7}, {Op::translate_x, .5, 8}},
    {{Op::equalize, .3}, {Op::auto_contrast, .4}},
    {{Op::translate_y, .4, 3}, {Op::sharpness, .2, 6}},
    {{Op::brightness, .9, 6}, {Op::color, .2, 8}},
    {{Op::solarize, .5, 2}, {Op::invert, 0}},
    {{Op::equalize, .2}, {Op::auto_contrast, .6}},
    {{Op::equalize, .2}, {Op::equalize, .6}},
    {{Op::color, .9, 9}, {Op::equalize, .6}},
    {{Op::auto_contrast, .8}, {Op::solarize, .2, 8}},
    {{Op::brightness, .1, 3}, {Op::color, .7, 0}},
    {{Op::solarize, .4, 5}, {Op::auto_contrast, .9}},
    {{Op::translate_y, .9, 9}, {Op::translate_y, .7, 9}},
    {{Op::auto_contrast, .9}, {Op::solarize, .8, 3}},
    {{Op::equalize, .8}, {Op::invert, .1}},
    {{Op::translate_y, .7, 9}, {Op::auto_contrast, .9}},
};

const SubPolicies kSvhn = {
    {{Op::shear_x, .9, 4}, {Op::invert, .2}},
    {{Op::shear_y, .9, 8}, {Op::invert, .7}},
    {{Op::equalize, .6}, {Op::solarize, .6, 6}},
    {{Op::invert, .9}, {Op::equalize, .6}},
    {{Op::equalize, .6}, {Op::rotate, .9, 3}},
    {{Op::shear_x, .9, 4}, {Op::auto_contrast, .8}},
    {{Op::shear_y, .9, 8}, {Op::invert, .4}},
    {{Op::shear_y, .9, 5}, {Op::solarize, .2, 6}},
    {{Op::invert, .9}, {Op::auto_contrast, .8}},
    {{Op::equalize, .6}, {Op::rotate, .9, 3}},
    {{Op::shear_x, .9, 4}, {Op::solarize, .3, 3}},
    {{Op::shear_y, .8, 8}, {Op::invert, .7}},
    {{Op::equalize, .9}, {Op::translate_y, .6, 6}},
    {{Op::invert, .9}, {Op::equalize, .6}},
    {{Op::contrast, .3, 3}, {Op::rotate, .8, 4}},
    {{Op::invert, .8}, {Op::translate_y, 0, 2}},
    {{Op::shear_y, .7, 6}, {Op::solarize, .4, 8}},
    {{Op::invert, .6}, {Op::rotate, .8, 4}},
    {{Op::shear_y, .3, 7}, {Op::translate_x, .9, 3}},
    {{Op::shear_x, .1, 6}, {Op::invert, .6}},
    {{Op::solarize, .7, 2}, {Op::translate_y, .6, 7}},
    {{Op::shear_y, .8, 4}, {Op::invert, .8}},
    {{Op::shear_x, .7, 9}, {Op::translate_y, .8, 3}},
    {{Op::shear_y, .8, 5}, {Op::auto_contrast, .7}},
    {{Op::shear_x, .7, 2}, {Op::invert, .1}},
};

/// Every sub-policy has a geometric operation with probability 1, so that no row is a plain copy;
/// the other operations change the tone at most mildly. The ranges are from the low end of
/// published radiograph pipelines.
const SubPolicies kXray = {
    {{Op::rotate, 1, -1, -15, 15}, {Op::gamma, .6, -1, .8, 1.25}},
    {{Op::rotate, 1, -1, -10, 10}, {Op::scale, .8, -1, .9, 1.1}, {Op::contrast, .6, -1, .8, 1.25}},
    {{Op::shear_x, 1, -1, -.1, .1},
     {Op::rotate, .6, -1, -10, 10},
     {Op::brightness, .6, -1, .8, 1.25}},
    {{Op::shear_y, 1, -1, -.1, .1}, {Op::scale, .6, -1, .9, 1.1}, {Op::gamma, .6, -1, .8, 1.25}},
    {{Op::translate_x, 1, -1, -.1, .1},
     {Op::translate_y, .8, -1, -.1, .1},
     {Op::sharpness, .5, -1, .5, 1.5}},
    {{Op::rotate, 1, -1, -15, 15}, {Op::noise, .5, -1, 1, 4}},
    {{Op::scale, 1, -1, .9, 1.1}, {Op::rotate, .8, -1, -10, 10}, {Op::blur, .5, -1, .3, .8}},
    {{Op::translate_x, 1, -1, -.1, .1}, {Op::rotate, .8, -1, -10, 10}, {Op::auto_contrast, .5}},
    {{Op::translate_y, 1, -1, -.1, .1},
     {Op::shear_x, .6, -1, -.1, .1},
     {Op::gamma, .6, -1, .8, 1.25}},
    {{Op::scale, 1, -1, .9, 1.1},
     {Op::translate_x, .6, -1, -.1, .1},
     {Op::brightness, .6, -1, .8, 1.25},
     {Op::contrast, .6, -1, .8, 1.25}},
};

SubPolicies with_flip(SubPolicies sub_policies) {
  for (auto& slots : sub_policies) slots.insert(slots.begin(), PolicySlot{Op::hflip, .5});
  return sub_policies;
}

using Ops = std::vector<std::optional<Op>>;

/// Of RandAugment and TrivialAugment.
const Ops kAllOps = {
    std::nullopt,  // Identity
    Op::shear_x,
    Op::shear_y,
    Op::translate_x,
    Op::translate_y,
    Op::rotate,
    Op::brightness,
    Op::color,
    Op::contrast,
    Op::sharpness,
    Op::posterize,
    Op::solarize,
    Op::auto_contrast,
    Op::equalize,
};

const Ops kAugMixOps = {
    Op::shear_x,
    Op::shear_y,
    Op::translate_x,
    Op::translate_y,
    Op::rotate,
    Op::posterize,
    Op::solarize,
    Op::auto_contrast,
    Op::equalize,
};

const OpSpace kRandAugment = {Magnitudes::rand_augment, kAllOps, 9, 9, 2, 2};
const OpSpace kTrivialAugment = {Magnitudes::trivial_augment, kAllOps, 0, 30, 1, 1};
const OpSpace kAugMix = {Magnitudes::aug_mix, kAugMixOps, 0, 2, 1, 3, 3};

Policy of_space(std::string name,
                const std::string& title,
                const OpSpace& space,
                Sampling sampling) {
  const bool radiograph = sampling == Sampling::radiograph;
  return {std::move(name) + (radiograph ? "-radiograph" : ""),
          cat(title, ", torchvision's magnitudes", radiograph ? ", radiograph sampling:" : ":"),
          true,
          sampling,
          {},
          space};
}

std::vector<Policy> all_policies() {
  std::vector<Policy> policies = {
      {"imagenet",
       "AutoAugment for ImageNet, torchvision's magnitudes:",
       true,
       Sampling::torchvision,
       kImageNet},
      {"cifar10",
       "AutoAugment for CIFAR-10, torchvision's magnitudes:",
       true,
       Sampling::torchvision,
       kCifar10},
      {"svhn",
       "AutoAugment for SVHN, torchvision's magnitudes:",
       true,
       Sampling::torchvision,
       kSvhn},
      {"xray",
       "mild changes that keep a radiograph plausible, with left-right flips (limbs):",
       false,
       Sampling::radiograph,
       with_flip(kXray)},
      {"xray-noflip",
       "mild changes that keep a radiograph plausible, without flips (chests):",
       false,
       Sampling::radiograph,
       kXray},
  };
  for (const Sampling sampling : {Sampling::torchvision, Sampling::radiograph}) {
    policies.push_back(of_space("randaugment", "RandAugment", kRandAugment, sampling));
    policies.push_back(
        of_space("trivialaugment", "TrivialAugment Wide", kTrivialAugment, sampling));
    policies.push_back(of_space("augmix", "AugMix", kAugMix, sampling));
  }
  for (const Sampling sampling : {Sampling::detection, Sampling::radiograph})
    for (Policy& policy : detection_policies(sampling)) policies.push_back(std::move(policy));
  return policies;
}

}  // namespace

const std::vector<Policy>& policy_tables() {
  static const std::vector<Policy> tables = all_policies();
  return tables;
}

}  // namespace evenray
