// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "augment/balance.hpp"
#include "augment/balance_report.hpp"

namespace evenray {

/// What drawn images must pass on their way into a store: its form, then all gates.
class Entry {
 public:
  Entry(const StoreInfo& info, const std::vector<std::shared_ptr<Gate>>& gates)
      : info_(info), gates_(gates) {}

  /// For the images that passes() will be asked about next, in that order. Throws 65 for one of
  /// another size or depth than the store's.
  void prepare(const Source& source, const std::vector<Drawn>& batch);
  /// Counts what it rejects; tells the gates of what passes.
  bool passes(const Drawn& drawn, int class_index);
  /// gate -> reason -> images, since the last call.
  std::map<std::string, std::map<std::string, int64_t>> take_rejected();
  /// Throws 65 with what was rejected since take_rejected().
  [[noreturn]] void give_up(const BalanceTally::Drawing& drawing) const;

 private:
  const StoreInfo& info_;
  const std::vector<std::shared_ptr<Gate>>& gates_;
  std::map<std::string, std::map<std::string, int64_t>> rejected_;
};

}  // namespace evenray
