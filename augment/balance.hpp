// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>

#include "augment/plan.hpp"
#include "core/json.hpp"
#include "core/rng.hpp"
#include "dataset/store.hpp"

namespace evenray {

/// What a source gave: an image of the store's size and depth and how it was made.
struct Drawn {
  cv::Mat image;
  Provenance provenance;
  std::vector<Box> boxes;  ///< of a copy or a moved original
  bool boxes_known = false;
};

/// Draws images of a class. Implemented here by copies and policies, by the gan room for generators.
class Source {
 public:
  virtual ~Source() = default;
  /// As the user names it: "copy", "augment:xray", "gan:DIR".
  virtual std::string name() const = 0;
  virtual Origin origin() const = 0;
  /// Whether it can draw images of the class.
  virtual bool serves(int class_index) const { return true; }
  /// Images number first .. first+count-1 of the class; a function of `rng`'s key and the number alone. `parents`: the train rows
  /// of the class to start from (number i uses parents[i % size] after a seeded shuffle of each round).
  virtual std::vector<Drawn> draw(int class_index, int64_t first, int64_t count, const Rng& rng) = 0;
};

/// Accepts an image or says why not.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual std::string name() const = 0;
  /// Which origins pass through it.
  virtual bool applies(Origin origin) const = 0;
  /// nullopt: accepted. Called in row order, never at once from two threads.
  virtual std::optional<std::string> reject(const Drawn& drawn, int class_index) = 0;
  /// Told of every row that all gates accepted.
  virtual void accepted(const Drawn& drawn, int class_index) {}
};

/// A share of what is added, in [0, 1]; the shares of one balance sum to 1.
struct SourceShare {
  std::shared_ptr<Source> source;
  double share = 1;
};

struct BalanceReport {
  Json json;  ///< `balance --json` of cli.md
  std::string content_digest;
};

/// Copies `in` with its val and test untouched and its train rows first, then adds plan.added rows a class to train, drawn from
/// the sources by share, through the gates, with provenance. Where a class gets more synthetic rows than max_synthetic allows, the
/// rest goes to the other sources, or to copies where there are none. Throws 65 where the gates reject so much that a class
/// cannot be filled, 74 on a full disk. The content is a function of its inputs and seed alone.
BalanceReport balance(const Store& in,
                      const Plan& plan,
                      const std::vector<SourceShare>& sources,
                      const std::vector<std::shared_ptr<Gate>>& gates,
                      const BalanceOptions& options,
                      uint64_t seed,
                      int threads,
                      const std::string& config_text,
                      const Path& out);

}  // namespace evenray
