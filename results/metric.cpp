// SPDX-License-Identifier: Apache-2.0
#include "results/metric.hpp"

#include <algorithm>
#include <array>

namespace evenray {
namespace {

struct MetricWords {
  const char *key, *title;
};
constexpr std::array<MetricWords, 9> kMetrics{{{"auroc", "AUROC"},
                                               {"auprc", "AUPRC"},
                                               {"sensitivity", "Sensitivity"},
                                               {"specificity", "Specificity"},
                                               {"balanced_accuracy", "Balanced accuracy"},
                                               {"ap50", "AP50"},
                                               {"ap", "AP"},
                                               {"froc", "FROC"},
                                               {"image_auroc", "Image AUROC"}}};

}  // namespace

std::string metric_title(const std::string& key) {
  const auto found = std::find_if(
      kMetrics.begin(), kMetrics.end(), [&](const MetricWords& words) { return words.key == key; });
  return found == kMetrics.end() ? key : found->title;
}

bool is_contrasted(const std::string& key) { return key != "sensitivity" && key != "specificity"; }

bool is_image_auroc(const std::string& key) { return key == "auroc" || key == "image_auroc"; }

}  // namespace evenray
