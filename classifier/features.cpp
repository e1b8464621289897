// SPDX-License-Identifier: Apache-2.0
#include "classifier/classifier.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

class ClassifierFeatures final : public Features {
 public:
  ClassifierFeatures(const Path& path, const Compute& compute) : classifier_(path, compute) {}
  std::string name() const override { return cat("classifier ", classifier_.arch()); }
  std::string digest() const override { return classifier_.digest(); }
  std::string store() const override { return classifier_.store(); }
  torch::Tensor of(const std::vector<cv::Mat>& images) const override {
    return classifier_.features(images);
  }

 private:
  Classifier classifier_;
};

}  // namespace

std::shared_ptr<Features> classifier_features(const Path& path, const Compute& compute) {
  return std::make_shared<ClassifierFeatures>(path, compute);
}

}  // namespace evenray
