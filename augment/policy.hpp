// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "augment/magnitudes.hpp"
#include "augment/mixture.hpp"
#include "augment/operation.hpp"
#include "core/json.hpp"

namespace evenray {

/// One operation of a sub-policy. AutoAugment's policies give a bin, which binned_operation()
/// converts to a value; the sign is drawn with equal probability if the operation has one. The
/// other policies give a range.
struct PolicySlot {
  Op op;
  double probability;        ///< that the operation is applied; Target::each_box: see draw_areas()
  int bin = -1;              ///< 0..9, of detection policies 0..10; -1: the operation takes none
  double low = 0, high = 0;  ///< range of the value, uniform; of shifts: as a fraction of the side
  Target target = Target::image;
};

/// Operations that are drawn uniformly and independently, each with a uniform bin and sign:
/// RandAugment (one bin only), TrivialAugment and AugMix.
struct OpSpace {
  Magnitudes magnitudes;
  std::vector<std::optional<Op>> ops;  ///< nullopt: Identity, which changes nothing
  int first_bin, last_bin;             ///< bins that are drawn
  int least_ops, most_ops;             ///< number of operations in turn, uniform
  int chains = 0;  ///< AugMix: so many chains are mixed, with weights from Dirichlet(1, ..., 1),
                   ///< and with the image by Beta(1, 1); 0: the operations are applied to the image
};

/// How images are changed at random. A policy with sub-policies draws one of them uniformly for
/// each image; each of its operations is then applied independently with its probability. The other
/// policies draw from a space.
struct Policy {
  std::string name, about;
  bool binned;  ///< slots have bins, not ranges
  Sampling sampling;
  std::vector<std::vector<PolicySlot>> sub_policies;
  std::optional<OpSpace> space{};                    ///< if set, there are no sub-policies
  Magnitudes magnitudes = Magnitudes::auto_augment;  ///< of the bins of sub-policies
};

/// Returns the names of all policies.
/// - "imagenet", "cifar10", "svhn": Cubuk et al. 2019 (AutoAugment), tables 7 to 9 in torchvision's
///   version;
/// - "randaugment" (Cubuk et al. 2020): 2 operations at magnitude 9 of 0 to 30; "randaugment=N:M":
///   N operations at magnitude M;
/// - "trivialaugment" (Müller and Hutter 2021): one operation at any magnitude of the wide space;
/// - "augmix" (Hendrycks et al. 2020): 3 chains of 1 to 3 operations at severity 3, mixed. The nine
///   operations of the paper; torchvision's `all_ops` adds four;
/// - "xray": mild changes that keep a radiograph plausible; "xray-noflip": the same without
///   mirroring, for images in which left and right matter.
/// - "det_v0" to "det_v3": policies for object detection (Zoph et al. 2020; v0 is the paper's, the
///   others are in the published code), which also change the inside of boxes. Contrast,
///   AutoContrast and Sharpness are Pillow's: the published Contrast takes a 256th of the number of
///   pixels for the mean, and the others round down.
/// xray and xray-noflip sample as Sampling::radiograph, det_v0 to det_v3 as Sampling::detection,
/// the others as Sampling::torchvision (torchvision's own AugMix is bilinear).
/// RandAugment, TrivialAugment and AugMix are also there as "randaugment-radiograph" and so on,
/// with the same operations and Sampling::radiograph; so are det_v0 to det_v3, there with lengths
/// as a share of the side (Magnitudes::detection_share).
std::vector<std::string> policy_names();
/// Returns the policy with this name, or the one that is written out as written_policy() takes it;
/// throws 2 with the known names, or for parameters out of range.
Policy find_policy(std::string_view name);

/// The random choices for one image.
struct PolicyDraw {
  int sub_policy = -1;                ///< index, from 0; -1: the policy has none
  std::vector<Operation> operations;  ///< the operations that are applied
  std::optional<Mixture> mixture;     ///< AugMix: what is applied in their place
};
/// Draws a sub-policy, then the operations and values for an image of this size. `boxes` of the
/// image: detection policies change the inside of boxes.
PolicyDraw draw_operations(const Policy& policy,
                           cv::Size size,
                           Rng rng,
                           const std::vector<Box>& boxes = {});

/// Returns the text of `augment policies [NAME]`; an empty name gives a summary of all policies.
/// Includes the number of slots that change nothing on grey images.
std::string policies_text(std::string_view name);
/// Returns the same as JSON, always with all slots.
Json policies_json(std::string_view name);

}  // namespace evenray
