// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "gan/gan.hpp"
#include "gan/memorisation.hpp"

namespace evenray {
namespace {

class MemorisedGate final : public Gate {
 public:
  explicit MemorisedGate(const Store& store) : store_(store) {}
  std::string name() const override { return "memorised"; }
  bool applies(Origin origin) const override { return origin == Origin::synthetic; }

  std::optional<std::string> reject(const Drawn& drawn, int class_index) override {
    if (drawn.provenance.parent >= 0) return std::nullopt;
    const MemorisationGauge& gauge = gauge_of(class_index);
    if (gauge.distances({drawn.image})[0] >= gauge.threshold()) return std::nullopt;
    return "nearer to a training image than held-out ones are";
  }

 private:
  /// Returns the gauge of a class; makes it for the first image of the class.
  const MemorisationGauge& gauge_of(int class_index) {
    const auto known = gauges_.find(class_index);
    if (known != gauges_.end()) return known->second;
    const std::string& name = store_.info().class_names.at(static_cast<size_t>(class_index));
    return gauges_.emplace(class_index, MemorisationGauge(real_images(store_, name))).first->second;
  }

  const Store& store_;
  std::map<int, MemorisationGauge> gauges_;
};

}  // namespace

std::shared_ptr<Gate> memorised_gate(const Store& store) {
  return std::make_shared<MemorisedGate>(store);
}

}  // namespace evenray
