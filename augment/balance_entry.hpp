// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "augment/balance.hpp"
#include "augment/balance_report.hpp"

namespace evenray {

/// Checks drawn images before they are added to a store: size and depth first, then all gates.
/// Internal to run_balance().
class Entry {
 public:
  /// `examples`: chooses the examples.
  Entry(const StoreInfo& info, const std::vector<std::shared_ptr<Gate>>& gates, const Rng& examples)
      : info_(info), gates_(gates), choice_(examples) {}

  /// Announces the images of the following passes() calls, in this order. Throws 65 if one has a
  /// size or depth other than the store's.
  void prepare(const Source& source, const std::vector<Drawn>& batch);
  /// Returns whether all gates accept the image, and notifies the gates of it if they do. Counts
  /// rejections.
  bool passes(const Drawn& drawn, int class_index);
  /// Counts an image that its source failed to make, as rejected by the gate "source".
  void failed(const std::string& reason) { ++rejected_["source"][reason]; }
  /// Returns gate -> reason -> number of images rejected since the last call.
  std::map<std::string, std::map<std::string, int64_t>> take_rejected();
  /// Returns examples of all images so far that a gate checked, accepted ones first.
  std::vector<GateExamples> examples() const;
  /// Throws 65: too few images passed. The message contains the rejections since take_rejected().
  [[noreturn]] void throw_too_few(const BalanceTally::Drawing& drawing) const;

 private:
  void add_example(const std::string& gate,
                   const std::string& reason,
                   const std::string& origin,
                   const cv::Mat& image);

  const StoreInfo& info_;
  const std::vector<std::shared_ptr<Gate>>& gates_;
  std::map<std::string, std::map<std::string, int64_t>> rejected_;
  Rng choice_;
  std::map<std::array<std::string, 3>, GateExamples> examples_;
};

}  // namespace evenray
