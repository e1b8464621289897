// SPDX-License-Identifier: Apache-2.0
#include "rcnn/options.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

void check_key(bool ok, const std::string& key, const std::string& expected) {
  check(ok, Exit::config, cat("two-stage detector: ", key, " must be ", expected));
}

bool is_share(double value) { return value >= 0 && value <= 1; }

void check_sampling(const RcnnSampling& sampling, const std::string& key) {
  check_key(is_share(sampling.match) && is_share(sampling.no_match) &&
                sampling.no_match <= sampling.match,
            key + ".no_match",
            "from 0 to match, which is at most 1");
  check_key(sampling.count >= 1, key + ".count", "1 or more");
  check_key(is_share(sampling.objects), key + ".objects", "from 0 to 1");
}

}  // namespace

RcnnOptions vgg16_options() {
  RcnnOptions options;
  options.arch = "vgg16";
  options.pyramid = false;
  options.head_channels = 4096;
  return options;
}

void RcnnOptions::check() const {
  const auto names = rcnn_architectures();
  if (std::find(names.begin(), names.end(), arch) == names.end())
    throw Error(Exit::config, unknown_name("architecture", arch, names));
  check_key(trainable_layers >= 0, "trainable_layers", "0 or more");
  check_key(norm_epsilon >= 0 && norm_epsilon < 1, "norm_epsilon", "from 0 to less than 1");
  check_key(pyramid_channels >= 1, "pyramid_channels", "1 or more");
  check_key(head_channels >= 1, "head_channels", "1 or more");
  const auto positive = [](double value) { return value > 0 && value < 1e6; };
  check_key(std::all_of(deviation.begin(), deviation.end(), positive), "deviation", "above 0");
  for (const auto& [key, numbers] :
       {std::pair{"anchor_sizes", anchor_sizes}, std::pair{"anchor_ratios", anchor_ratios}})
    check_key(!numbers.empty() && std::all_of(numbers.begin(), numbers.end(), positive),
              key,
              "one number above 0, or several");
  check_sampling(anchors, "anchors");
  check_sampling(proposals, "proposals");
  for (const auto& [key, count] : {std::pair{"train_candidates", train_candidates},
                                   std::pair{"train_proposals", train_proposals},
                                   std::pair{"find_candidates", find_candidates},
                                   std::pair{"find_proposals", find_proposals},
                                   std::pair{"most_boxes", most_boxes}})
    check_key(count >= 1 && count <= 100000, key, "from 1 to 100000");
  for (const auto& [key, value] : {std::pair{"proposal_nms", proposal_nms},
                                   std::pair{"least_proposal_score", least_proposal_score},
                                   std::pair{"least_score", least_score},
                                   std::pair{"nms", nms}})
    check_key(is_share(value), key, "from 0 to 1");
}

}  // namespace evenray
