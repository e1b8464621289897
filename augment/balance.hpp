// SPDX-License-Identifier: Apache-2.0
#pragma once
// The augment room makes new training rows. It applies operations (operation.hpp) and AutoAugment
// policies (policy.hpp, pipeline.hpp) to images, and it balances stores: a plan says how many rows
// each class gets (plan.hpp), sources draw them (sources.hpp), gates reject bad ones (gates.hpp),
// and run_balance() writes the new store. Read operation.hpp, policy.hpp and pipeline.hpp, then
// plan.hpp, this header, sources.hpp and gates.hpp. thumbnails.hpp compares images; the
// other headers are internal.
#include <memory>
#include <optional>

#include "augment/plan.hpp"
#include "core/json.hpp"
#include "core/rng.hpp"
#include "dataset/store/store.hpp"

namespace evenray {

/// An image that a source made, of the store's size and depth, and how it was made.
struct Drawn {
  cv::Mat image;  ///< u8 or u16
  /// parent: row of the input's train part. A synthetic image with a parent is that row with
  /// something drawn into it.
  Provenance provenance;
  std::vector<Box>
      boxes{};  ///< the parent's boxes after the operations, and those that were drawn into it
  bool boxes_known = false;  ///< the parent was annotated with boxes
  int boxes_dropped = 0;     ///< boxes of the parent that are now outside the image
  /// Why the source could not make the image, one of a few fixed reasons, which are counted; then
  /// there is no image, and another number takes its place. Empty: it was made.
  std::string failed{};
};

/// Draws images of a class. Implemented by sources.hpp for copies and policies, and by the gan room
/// for generators.
class Source {
 public:
  virtual ~Source() = default;
  /// Returns "copy", "augment:xray" or "gan:CLASS@DIGEST": what the source is, not its path.
  /// run_balance() derives its random streams from this name.
  virtual std::string name() const = 0;
  /// Returns the origin of all its images.
  virtual Origin origin() const = 0;
  /// Returns why its images should not be trusted: the verdict on a generator that is not usable.
  /// Empty: nothing is known against them.
  virtual std::string caution() const { return ""; }
  /// Returns true if it can draw images of the class. If not, the other sources get its share.
  virtual bool serves(int) const { return true; }
  /// Makes the first images of a class from these training rows, in this order, instead of choosing
  /// rows itself. Only for sources whose images have parents; others ignore it.
  virtual void use_parents(int /*class_index*/, const std::vector<int64_t>& /*rows*/) {}
  /// Returns the training row that image `number` of the class is made from; -1: none.
  virtual int64_t parent(int /*class_index*/, int64_t /*number*/, const Rng&) { return -1; }
  /// Returns images first .. first+count-1 of the class. Image i depends only on the source, the
  /// class, `rng`'s key and i, not on how the numbers are divided into calls. Throws 65 if the
  /// source has nothing of that class.
  virtual std::vector<Drawn> draw(int class_index,
                                  int64_t first,
                                  int64_t count,
                                  const Rng& rng) = 0;
};

/// Accepts an image, or rejects it with a reason.
class Gate {
 public:
  virtual ~Gate() = default;
  /// Returns the name used in reports, "near-duplicate".
  virtual std::string name() const = 0;
  /// Returns true if the gate checks images of this origin; others pass unchecked.
  virtual bool applies(Origin origin) const = 0;
  /// Called with the images that reject() will get next, in that order (except those that another
  /// gate rejects). Work that is cheaper for many images at once is done here.
  virtual void prepare(const std::vector<Drawn>&) {}
  /// Returns nullopt if the image is accepted, else one of a few fixed reasons, which are counted.
  /// Called in row order, never from two threads at once.
  virtual std::optional<std::string> reject(const Drawn& drawn, int class_index) = 0;
  /// Called for every image that all gates accepted, before the next reject().
  virtual void accepted(const Drawn&, int) {}
};

/// A source and its share of the added rows, in [0, 1]. The shares of one request sum to 1.
struct SourceShare {
  std::shared_ptr<Source> source;
  double share = 1;
};

/// Some of the images that the gates rejected for one reason, or accepted, chosen at random.
struct GateExamples {
  std::string gate, reason;    ///< empty: accepted by all gates
  std::string origin;          ///< of accepted images: "augmented", "synthetic"
  int64_t images = 0;          ///< number of all such images
  std::vector<cv::Mat> shown;  ///< at most 8 of them, in small; u8 or u16
};

struct BalanceReport {
  Json json;  ///< as `balance --json` prints it, see docs/commands.md
  std::string content_digest;
  std::vector<GateExamples> examples;  ///< accepted ones first
};

/// The input of run_balance(). The store must outlive it.
struct BalanceRequest {
  const Store& in;                           ///< store to read
  Plan plan;                                 ///< rows to add per class
  std::vector<SourceShare> sources;          ///< draw these rows
  std::vector<std::shared_ptr<Gate>> gates;  ///< reject some of the drawn images
  BalanceOptions options;                    ///< only max_factor and max_synthetic are used
  uint64_t seed = 1;                         ///< of all random choices
  int threads = 1;                           ///< do not change the result
  std::string settings;                      ///< TOML, written into the store
  /// Not empty: kept training rows are shrunk to this size and enlarged again, as the images of a
  /// generator of this size are enlarged.
  cv::Size resample{};
  Path out;  ///< store to write
};

/// Copies `request.in` without changing val and test, then adds plan.added rows per class to train,
/// after the copied rows. The rows are drawn from the sources according to their shares, checked by
/// the gates, and written with their provenance. If max_synthetic allows fewer synthetic rows than
/// planned, the other sources (or copies, if there is no other source) draw the rest; rows that
/// max_factor does not allow are reported as missing. Rows that the plan replaces are chosen by
/// seed and omitted; synthetic rows of their class take their place. In a multi-label store a
/// copied or augmented row has all labels of its parent; a synthetic row has only the label of its
/// class, the others are unknown. A synthetic row with a parent also has the parent's labels that
/// are 0. There the rows per class and their parents are chosen as
/// label_plan.hpp says: by ml_ros() or lp_ros() if the plan says so (throws 2 with a synthetic
/// source, and 65 for exclusive classes), else by parents_for_targets(). Throws 65 if a class
/// cannot be filled (the gates reject or the source fails to make too many images, or it has
/// neither real rows nor a synthetic source) or has fewer real rows than the plan replaces, 2 for
/// rows to replace without a synthetic source, 74 on a full disk, 75 after a stop signal. The
/// content depends only on the inputs and the seed, not on the threads, except for what a source
/// itself depends on (a generator: see gan/gan.hpp).
BalanceReport run_balance(const BalanceRequest& request);

/// Returns what run_balance() would do if its gates rejected nothing and no source failed, as
/// `balance --dry-run --json` prints it. Draws and writes nothing; `gates` are not used. Throws as
/// run_balance() before its first image.
Json balance_forecast(const BalanceRequest& request);

/// Returns the number of training rows with label 1 of each class: the counts for make_plan().
std::vector<int64_t> class_counts(const Store& store);

/// Returns the rows of a part whose origin is real and that have label 1 of the class; all real
/// rows if `class_name` is empty. Throws 65 for an unknown class.
std::vector<int64_t> real_rows(const Store& store,
                               const std::string& part,
                               const std::string& class_name);

}  // namespace evenray
