// SPDX-License-Identifier: Apache-2.0
#pragma once
// The gan room trains generative adversarial networks on one class of a store, draws images from
// them and judges these. train_gan() writes a run folder; Generator draws from its checkpoint;
// source_kinds() offers it to `balance`, memorised_gate() keeps out what it knows by heart;
// evaluate_gan() compares drawn with real images by SWD, MS-SSIM and nearest neighbours, none of
// which needs foreign weights, and by the features of a network; gan_report_html() makes a page of
// a run.

#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "augment/balance.hpp"
#include "augment/sources.hpp"
#include "core/run_folder.hpp"
#include "dataset/store/store.hpp"
#include "gan/options.hpp"
#include "nn/compute.hpp"
#include "nn/features.hpp"

namespace evenray {

/// What presets plan by.
struct GanSituation {
  int64_t images = 0;         ///< real training images of the class, and of gan.where
  int64_t largest_other = 0;  ///< those of the largest other class; 0 where none is larger
  bool gpu = false;
  int short_side = 64;  ///< of the store's images, px
};
/// Throws 65 for a class or column that the store lacks.
GanSituation gan_situation(const Store& store,
                           const std::string& class_name,
                           const GanOptions& options,
                           const Runtime& runtime);
/// Whether a preset goes by the situation: `auto`, and pggan's `small`.
bool goes_by_situation(const GanOptions& options);
/// What such a preset makes of `given`. pggan's `small`: stages that are longer the more images
/// there are, and the more of them the sides need. `auto`: `small` likewise, of either family, a
/// pggan with more channels on a GPU and for sides above 128 px; below 300 images begun with the
/// networks of the largest class, if that has 300; augmentation adaptive from 5,000 on, none from
/// 30,000 on.
GanOptions plan_gan_options(const GanOptions& given, const GanSituation& situation);

/// Throws what train_gan() would of class, images, options and size, before anything is trained.
void check_gan_training(const Store& store,
                        const std::string& class_name,
                        const GanOptions& options);
/// Trains on the real train rows of `class_name` (empty: of all classes) and of gan.where. The
/// checkpoint kept as best is that of the lowest SWD to real images: from 300 of the class in val
/// on to those; else to training images, and those that draw training images again come last. Ends
/// early where the training has collapsed (gan.early_stop, see examiner.hpp). A training that
/// diverges goes back to its last evaluation with fresh draws and half the learning rates, three
/// times. Files: checkpoints/, samples/ (sheets), events.jsonl, metrics.json, judgement.json, DONE,
/// and parent/, a run of its own, where gan.transfer.from is majority or all. The weights are a
/// function of store, options, seed and what make_compute() says; where that is the same again to
/// the last bit, a stopped run goes on bit for bit. Throws 65 for an unknown class, fewer than 50
/// images (unless allow_few) or values that do not use the full range, 78 for a size that the
/// family cannot draw, networks to begin with that do not fit, or a run of another class, store,
/// device, precision or thread count, 1 where it diverges a fourth time, 75 after a stop signal.
void train_gan(const Store& store,
               const std::string& class_name,
               const GanOptions& options,
               const Runtime& runtime,
               RunFolder& run);

/// How images are drawn.
struct Drawing {
  uint64_t seed = 1;
  /// Of a generator with labels: the class; empty: its classes take turns.
  std::string class_name;
  /// The classes do not take turns: each comes as often as among the training images, as it must
  /// where drawn images are compared with these.
  bool in_proportion = false;
  /// Latent values beyond it are drawn again (Brock et al. 2019, the truncation trick): below about
  /// 1 images of a dcgan get more typical and less diverse; 0: none.
  double truncation = 0;

  bool operator==(const Drawing&) const = default;
};

/// A trained generator. Image number i is a function of (checkpoint, drawing, i) on one machine
/// with one number of threads and device (see make_compute()). Not for two threads at once.
class Generator {
 public:
  /// path: a checkpoint or a run folder. Throws 66, 65.
  Generator(const Path& path, const Compute& compute);
  ~Generator();
  Generator(Generator&&) noexcept;

  int height() const;
  int width() const;
  int value_max() const;
  const std::string& class_name() const;  ///< empty: trained on all classes
  /// Those of its labels; empty where it has none.
  const std::vector<std::string>& classes() const;
  /// Whether its images have a class: labels of a training that has not reached their use have not.
  bool labelled() const;
  /// Whether images of a class can be asked for.
  bool draws(const std::string& class_name) const;
  const std::string& digest() const;  ///< of its tensors
  const Json& facts() const;          ///< store, images, kimg, best_swd, seed and so on

  /// Where it was trained on another store, images of this one's val and test may have been among
  /// its training images, and what it draws may give them away.
  void warn_of_another(const Store& store) const;

  /// Throws 65 for a class that it does not draw, 2 for a truncation below 0 or between 0 and .05,
  /// or of a pggan, which brings its latents to one length.
  void check_drawing(const Drawing& drawing) const;
  /// Images first .. first + count - 1, of height() x width() in u8 or u16. Throws as
  /// check_drawing().
  std::vector<cv::Mat> sample(int64_t first, int64_t count, const Drawing& drawing) const;
  /// `rows` times `steps` images: each row goes from one latent vector to another one on the great
  /// circle between them.
  std::vector<cv::Mat> interpolate(int64_t rows, int64_t steps, const Drawing& drawing) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Every kind of source that `balance` and a study know: those of augment/sources.hpp and
/// "gan:PATH", a run folder or checkpoint. Making one of these throws 65 where the store lacks its
/// one class or has another range of values or size (unless allow_resize: then images are resized,
/// which a classifier may learn to see).
SourceKinds source_kinds(const Compute& compute = {});

/// Every gate that the options ask for: those of augment/gates.hpp, then memorised_gate().
std::vector<std::shared_ptr<Gate>> all_gates(const Store& store,
                                             const BalanceOptions& options,
                                             int threads);

struct GanMetrics {
  bool swd = true, msssim = true, memorisation = true;
  bool kid = false, fid = false, prdc = false;
  bool needs_features() const { return kid || fid || prdc; }
};
/// "swd,msssim,kid,fid,prdc,memorisation" or some of them; throws 2 for an unknown name.
GanMetrics parse_gan_metrics(const std::string& names);

/// What a generator learnt from, and others of that kind.
struct RealImages {
  std::vector<cv::Mat> images;
  std::vector<std::string> groups{};           ///< one an image, "": its own; empty: each its own
  std::vector<cv::Mat> held_out{};             ///< of patients whom it never saw
  std::vector<std::string> held_out_groups{};  ///< likewise
  std::vector<std::string> ids{};              ///< of `images`; empty: their numbers
};
/// The real rows of train with their groups, and those of val, of a class or (empty) of all, and of
/// those that `where` names (see dataset/where.hpp). Throws 65 where train has none.
RealImages real_images(const Store& store,
                       const std::string& class_name,
                       const std::string& where = "");

/// `gan eval --json` of cli.md, of images of one size and depth. All but MS-SSIM and memorisation
/// are taken between equally many fake and real images, at most half of these, and beside them
/// stands the floor: between as many real ones and as many other real ones, of other groups.
/// `features`: for kid, fid and prdc; memorisation looks there too. "drops" are numbers of fake
/// images, "nearest" has the id and the distance of each one's nearest training image. Throws 65
/// for mixed sizes, for sides below 7 px, for fewer than 2 fake or 4 real images, for real ones of
/// one group alone.
Json evaluate_gan(const std::vector<cv::Mat>& fake,
                  const RealImages& real,
                  const GanMetrics& metrics,
                  uint64_t seed,
                  const Features* features = nullptr);

/// "memorised": rejects synthetic images that are nearer to a real training image of their class
/// than 95 % of held-out ones are (see memorisation.hpp). The store must outlive it.
std::shared_ptr<Gate> memorised_gate(const Store& store);

/// The page of one training, finished or not: self-contained HTML from what its run folder holds.
/// Throws 66 where that is none, 65 where it is no generator's or has damaged files.
std::string gan_report_html(const Path& run);

struct FeatureMetricOptions {
  int64_t neighbours = 5;  ///< of precision, recall, density and coverage
  int64_t subsets = 0;     ///< KID as the mean over so many pairs of subsets; 0: over all rows
  uint64_t seed = 1;       ///< of the subsets
};
/// `gan metrics --json` of cli.md: FID, KID, precision, recall, density and coverage of two
/// matrices of features, a row an image, as .npy files. Throws 66 where one is missing, 65 where it
/// is no such matrix, has no more rows than `neighbours` or other columns.
Json feature_metrics(const Path& real, const Path& fake, const FeatureMetricOptions& options = {});

/// Index of the most correlated image of `among` for each of `images`, with the correlation, one of
/// the two mirrored where that is higher. Throws 65 for an empty set or mixed sizes.
struct Neighbour {
  size_t index;
  double correlation;
};
std::vector<Neighbour> nearest_images(const std::vector<cv::Mat>& images,
                                      const std::vector<cv::Mat>& among);
/// The `count` of `images` that are most like one of `among`, those first that are so most: whoever
/// looks for copies finds them there. Throws as nearest_images().
struct Likeness {
  size_t image;
  Neighbour nearest;
};
std::vector<Likeness> most_alike(const std::vector<cv::Mat>& images,
                                 const std::vector<cv::Mat>& among,
                                 size_t count);

/// Seconds per minibatch step on random images, forward, backward and update, after a warm-up (for
/// bench); steps with R1 or R2 count by their share. `level`: of a family that grows, stabilised
/// there; -1: the last one.
double gan_step_seconds(const GanOptions& options,
                        int height,
                        int width,
                        const Compute& compute,
                        int steps,
                        int level = -1);
/// Seconds that SWD takes between two sets of as many random images (for bench).
double swd_seconds(int64_t images, int height, int width);
/// What a run would do: {"kimg","stages":[{"size_px","fades","kimg","minibatch"}],"parent",
/// "estimate_s"}: `parent`, likewise, where gan.transfer.from has one trained; the estimate, with
/// the parent's but without evaluations, from a few steps at each level, only where there is a
/// `compute`.
Json gan_plan(const GanOptions& options, int height, int width, const Compute* compute);

}  // namespace evenray
