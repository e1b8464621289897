// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>

#include "augment/plan.hpp"
#include "core/json.hpp"
#include "core/rng.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

/// What a source gave: an image of the store's size and depth and how it was made.
struct Drawn {
  cv::Mat image;
  Provenance provenance;     ///< parent: row of the input's train part
  std::vector<Box> boxes{};  ///< of a copy or a moved original
  bool boxes_known = false;
  int boxes_dropped = 0;  ///< boxes of the parent that left the picture
};

/// Draws images of a class. Implemented here by copies and policies (sources.hpp), by the gan room
/// for generators.
class Source {
 public:
  virtual ~Source() = default;
  /// "copy", "augment:xray", "gan:CLASS@DIGEST": what it is, not where it lies. The draws of
  /// balance() are named by it.
  virtual std::string name() const = 0;
  virtual Origin origin() const = 0;
  /// Whether it can draw images of the class; shares of those that cannot fall to the others.
  virtual bool serves(int) const { return true; }
  /// Training row that image `number` is made from; -1: none.
  virtual int64_t parent(int /*class_index*/, int64_t /*number*/, const Rng&) { return -1; }
  /// Images number first .. first+count-1 of the class: image i is a function of the source, the
  /// class, `rng`'s key and i alone, however the numbers are cut into calls. Throws 65 where it has
  /// nothing of that class.
  virtual std::vector<Drawn> draw(int class_index,
                                  int64_t first,
                                  int64_t count,
                                  const Rng& rng) = 0;
};

/// Accepts an image or says why not.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual std::string name() const = 0;
  /// Which origins pass through it.
  virtual bool applies(Origin origin) const = 0;
  /// Told of the images that reject() will be asked about next, in that order (but for those that
  /// another gate rejects): work that is cheaper in one go is done here.
  virtual void prepare(const std::vector<Drawn>&) {}
  /// nullopt: accepted; else one of a few fixed reasons, which are counted. Called in row order,
  /// never at once from two threads.
  virtual std::optional<std::string> reject(const Drawn& drawn, int class_index) = 0;
  /// Told of every row that all gates accepted, before the next reject().
  virtual void accepted(const Drawn&, int) {}
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

/// What one balance reads, adds and writes. The store must outlive it.
struct BalanceRequest {
  const Store& in;
  Plan plan;                                 ///< rows to add per class
  std::vector<SourceShare> sources;          ///< who draws them
  std::vector<std::shared_ptr<Gate>> gates;  ///< what keeps some out
  BalanceOptions options;                    ///< max_factor and max_synthetic count here
  uint64_t seed = 1;
  int threads = 1;
  std::string settings;  ///< TOML, kept in the store
  Path out;
};

/// Copies `request.in` with its val and test untouched and its train rows first, then adds
/// plan.added rows a class to train, drawn from the sources by share, through the gates, with
/// provenance. Where a class gets more synthetic rows than max_synthetic allows, the rest goes to
/// the other sources, or to copies where there are none; what max_factor leaves unfilled is
/// reported as missing. Where the plan replaces rows, those are left out (by seed) and synthetic
/// ones of the class take their place. In a multi-label store a copied or augmented row has all
/// labels of its parent, a synthetic one only that of its class, the others unknown. Throws 65
/// where the gates reject so much that a class cannot be filled, 2 for rows to replace without a
/// synthetic source, 74 on a full disk. The content is a function of its inputs and seed, whatever
/// the threads, but for what its sources depend on beyond (a generator: see gan/gan.hpp).
BalanceReport run_balance(const BalanceRequest& request);

/// Training rows of each class with label 1: the counts for make_plan.
std::vector<int64_t> class_counts(const Store& store);

/// Rows of a part whose origin is real: of the class, or all of them where its name is empty.
/// Throws 65 for an unknown class.
std::vector<int64_t> real_rows(const Store& store,
                               const std::string& part,
                               const std::string& class_name);

}  // namespace evenray
