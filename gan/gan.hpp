// SPDX-License-Identifier: Apache-2.0
#pragma once
// The gan room trains generative adversarial networks on one class of a store, draws images from
// them and evaluates these images. train_gan() writes a run folder; Generator draws from its
// checkpoint; source_kinds() offers it to `balance`; memorised_gate() rejects images that reproduce
// training images; judge() gives a verdict (verdict.hpp, included here); evaluate_gan() compares
// drawn with real images by SWD, MS-SSIM and nearest neighbours, which need no pretrained weights,
// and by the features of a network; gan_report_html() writes a page about a run. This header and
// options.hpp are all that other rooms need. The headers inside, in reading order: networks.hpp
// with growth.hpp and pggan_blocks.hpp (the networks), training_set.hpp, augmentation.hpp with
// ada.hpp and diffaugment.hpp, losses.hpp, players.hpp and transfer.hpp (training), examiner.hpp
// with quality.hpp, halves.hpp and memorisation.hpp (evaluations during a training), judgement.hpp
// with leak.hpp and spectrum.hpp (the evaluation at its end), feature_metrics.hpp, and
// run_record.hpp with report_figures.hpp (the report).

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
#include "gan/verdict.hpp"
#include "nn/compute.hpp"
#include "nn/features.hpp"
#include "nn/precision.hpp"

namespace evenray {

/// The facts about data and device that presets plan from.
struct GanSituation {
  int64_t images = 0;         ///< real training images of the class that match gan.where
  int64_t largest_other = 0;  ///< images of the largest other class; 0: no other class is larger
  bool gpu = false;           ///< whether the training runs on a GPU
  int short_side = 64;        ///< of the store's images, px
};
/// Returns the situation of a training. Throws 65 for an unknown class or column.
GanSituation gan_situation(const Store& store,
                           const std::string& class_name,
                           const GanOptions& options,
                           const Runtime& runtime);
/// Whether the preset depends on the situation: `auto`, and `small` of pggan.
bool depends_on_store(const GanOptions& options);
/// Returns the options that such a preset plans from `given`. `small` of pggan: the training is
/// longer with more images and with more stages, whose number follows from the image size. `auto`:
/// the preset `small` of the given family, its length planned in the same way on a CPU; on a GPU
/// the training is longer and the minibatch is 32. A pggan has more channels on a GPU and for sides
/// above 128 px. Below 300 images the training starts from the networks of the largest class, if
/// that class has at least 300, with half the length and two frozen layers of the discriminator.
/// The augmentation is adaptive from 5,000 images on and off from 30,000 on.
GanOptions plan_gan_options(const GanOptions& given, const GanSituation& situation);

/// Throws the errors that train_gan() would throw for class, images, options and size, before
/// anything is trained.
void check_gan_training(const Store& store,
                        const std::string& class_name,
                        const GanOptions& options);
/// Trains on the real rows of `train` that are of class `class_name` (empty: of all classes) and
/// match gan.where. The best checkpoint is the one with the lowest SWD to real images: to the
/// class's validation images if there are at least 300; otherwise to training images, and
/// checkpoints that reproduce training images rank last. Ends early if the training has collapsed
/// (gan.early_stop, see examiner.hpp). A training that diverges returns to its last evaluation,
/// with new random draws and half the learning rates, up to three times. Files: checkpoints/,
/// samples/ (sheets), events.jsonl, metrics.json, judgement.json, DONE, and, if gan.transfer.from
/// is majority or all, parent/, which is a run folder too. The weights are a function of store,
/// options, seed and what make_compute() lists; where repeated runs are bit-identical, a stopped
/// run resumes bit for bit. Throws 65 for an unknown class, fewer than 50 images (unless allow_few)
/// or values that do not use the full range; 78 for a size that the family cannot draw, initial
/// networks that do not match, or a run of another class, store, device, precision or thread count;
/// 1 if it diverges a fourth time; 75 after a stop signal. `parent`: the run folder of a finished
/// training with parent_options() and the same seed, used instead of training one in parent/;
/// ignored if gan.transfer.from is neither majority nor all.
void train_gan(const Store& store,
               const std::string& class_name,
               const GanOptions& options,
               const Runtime& runtime,
               RunFolder& run,
               const Path& parent = {});

/// Returns the class with the most real images in `train`, the first of equals: the one that
/// gan.transfer.from "majority" trains the parent on.
std::string largest_class(const Store& store);
/// Returns the options that the parent of a run with `options` is trained with.
GanOptions parent_options(GanOptions options);

/// How images are drawn.
struct Drawing {
  uint64_t seed = 1;  ///< of the latent vectors
  /// The class to draw, if the generator has labels; empty: the classes alternate.
  std::string class_name;
  /// Instead of alternating, each class has the same share as among the training images. Required
  /// if drawn images are compared with training images.
  bool in_proportion = false;
  /// Latent values with a larger absolute value are drawn again (the truncation trick, Brock et al.
  /// 2019). Below about 1, images of a dcgan become more typical and less diverse. 0: off.
  double truncation = 0;

  bool operator==(const Drawing&) const = default;
};

/// A trained generator. On one machine with one device and number of threads (see make_compute()),
/// image number i is a function of (checkpoint, drawing, i). Not thread-safe.
class Generator {
 public:
  /// `path`: a checkpoint or a run folder. Throws 66 if it does not exist, 65 if it is damaged or
  /// not a generator.
  Generator(const Path& path, const Compute& compute);
  ~Generator();
  Generator(Generator&&) noexcept;

  int height() const;
  int width() const;
  int value_max() const;
  const std::string& class_name() const;  ///< empty: trained on all classes
  /// The classes of its labels; empty if it has no labels.
  const std::vector<std::string>& classes() const;
  /// Whether its images have a known class. False if it has labels but its training has not
  /// reached the step from which labels count.
  bool labelled() const;
  /// Whether it can draw images of the given class.
  bool draws(const std::string& class_name) const;
  const std::string& digest() const;  ///< of its tensors
  const Json& facts() const;          ///< store, images, kimg, best_swd, seed and so on

  /// Logs a warning if it was trained on another store: images of this store's val and test may
  /// have been among its training images, and its images may reveal them.
  void warn_if_other_store(const Store& store) const;

  /// Throws 65 for a class that it does not draw; 2 for a truncation below 0 or between 0 and .05,
  /// or for any truncation of a pggan, which normalises the length of its latents.
  void check_drawing(const Drawing& drawing) const;
  /// Returns the images number `first` to first + count - 1, height() x width(), u8 or u16. Throws
  /// like check_drawing().
  std::vector<cv::Mat> sample(int64_t first, int64_t count, const Drawing& drawing) const;
  /// Returns `rows` times `steps` images, row by row. Each row goes from one latent vector to
  /// another along the great circle through both. Throws like check_drawing().
  std::vector<cv::Mat> interpolate(int64_t rows, int64_t steps, const Drawing& drawing) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Returns the verdict on a generator that is accepted without being usable; "" if it is usable, or
/// if the caller reports the verdicts itself. Throws 65 if it is not accepted. `path`: of the
/// generator, a run folder or checkpoint.
std::string accepted_caution(const Path& path, const Generator& generator, Generators accepted);

/// Returns kinds of sources that `balance` and a study accept: those of augment/sources.hpp and
/// "gan:PATH", where PATH is a run folder or checkpoint. Making a gan source throws 65 if the
/// generator's verdict does not satisfy SourceContext::generators, if the generator was trained on
/// all classes without labels, or if the store lacks the generator's only class, or has another
/// range of values, or another size (unless allow_resize is set: images are then resized, which a
/// classifier may learn to detect).
SourceKinds source_kinds(const Compute& compute = {});

/// Returns the gates that the options select: those of augment/gates.hpp, then memorised_gate().
std::vector<std::shared_ptr<Gate>> all_gates(const Store& store,
                                             const BalanceOptions& options,
                                             int threads);

/// The metrics that evaluate_gan() computes.
struct GanMetrics {
  bool swd = true, msssim = true, memorisation = true;
  bool kid = false, fid = false, prdc = false;
  bool needs_features() const { return kid || fid || prdc; }
};
/// Parses "swd,msssim,kid,fid,prdc,memorisation" or a part of this list. Throws 2 for an unknown
/// name.
GanMetrics parse_gan_metrics(const std::string& names);

/// The training images of a generator, and real images that it was not trained on.
struct RealImages {
  std::vector<cv::Mat> images;
  /// One per image; "": the image is a group of its own. Empty: each image is a group of its own.
  std::vector<std::string> groups{};
  std::vector<cv::Mat> held_out{};             ///< images of patients that training did not use
  std::vector<std::string> held_out_groups{};  ///< one per held-out image, as in `groups`
  std::vector<std::string> ids{};              ///< of `images`; empty: their numbers are used
};
/// Returns the real rows of train as `images` and those of val as `held_out`, with their groups,
/// of one class (empty: of all classes) and matching `where` (see dataset/where.hpp). Throws 65 if
/// train has no such row.
RealImages real_images(const Store& store,
                       const std::string& class_name,
                       const std::string& where = "");

/// Returns the JSON of `gan eval --json` (docs/commands.md). All images must have one size and
/// depth. All metrics except MS-SSIM and memorisation compare n fake with n real images, where n is
/// at most half of the real images; the floor is the same metric between these n real images and n
/// other real images of other groups. `features`: required for kid, fid and prdc; if given,
/// memorisation is computed in its feature space too. "drops" lists the indices of memorised fake
/// images; "nearest" has the id and distance of the nearest training image of each fake image.
/// Throws 65 for mixed sizes, sides below 7 px, fewer than 2 fake or 4 real images, or real images
/// that are all of one group.
Json evaluate_gan(const std::vector<cv::Mat>& fake,
                  const RealImages& real,
                  const GanMetrics& metrics,
                  uint64_t seed,
                  const Features* features = nullptr);

/// Evaluates the best checkpoint of a run again, as train_gan() does at its end, and writes
/// judgement.json with its verdict and sheets. Throws 66 if `run` has no checkpoint; 65 if it was
/// trained on another store, or if its class has fewer than 16 images or only one group.
void judge_run(const Path& run,
               const Store& store,
               const VerdictOptions& bounds,
               const Compute& compute);

/// The gate "memorised": rejects synthetic images that are nearer to a real training image of their
/// class than 95 % of held-out images are (see memorisation.hpp). Images with a parent pass. The
/// store must outlive it.
std::shared_ptr<Gate> memorised_gate(const Store& store);

/// Returns the report of one training, finished or not, as self-contained HTML from the files of
/// its run folder. Throws 66 if it is not a run folder, 65 if the run is not a generator's or has
/// damaged files.
std::string gan_report_html(const Path& run);

struct FeatureMetricOptions {
  int64_t neighbours = 5;  ///< k of precision, recall, density and coverage
  int64_t subsets = 0;     ///< KID is the mean over this many pairs of subsets; 0: over all rows
  uint64_t seed = 1;       ///< of the subsets
};
/// Returns the JSON of `gan metrics --json` (docs/commands.md): FID, KID, precision, recall,
/// density and coverage of two matrices of features, one row per image, in .npy files. Throws 66 if
/// a file is missing, 65 if it is not such a matrix, has at most `neighbours` rows (at most 1,000
/// with `subsets`) or values above 1e30, or if the matrices differ in columns.
Json feature_metrics(const Path& real, const Path& fake, const FeatureMetricOptions& options = {});

struct Neighbour {
  size_t index;        ///< into `among`
  double correlation;  ///< -1..1
};
/// Returns, for each of `images`, the image of `among` with the highest correlation. One of the two
/// is mirrored if that gives a higher one. Throws 65 for an empty set or mixed sizes.
std::vector<Neighbour> nearest_images(const std::vector<cv::Mat>& images,
                                      const std::vector<cv::Mat>& among);
struct SimilarImage {
  size_t image;       ///< index into `images`
  Neighbour nearest;  ///< its nearest image of `among`
};
/// Returns the `count` images with the highest correlation to any of `among`, descending: copies
/// come first. Throws like nearest_images().
std::vector<SimilarImage> most_similar(const std::vector<cv::Mat>& images,
                                       const std::vector<cv::Mat>& among,
                                       size_t count);

/// Returns the network that train_gan() would train, at its last level, for timing.
TimedNetwork timed_gan(const GanOptions& options, int height, int width);
/// Returns the seconds per training step on random images (forward, backward and update), the
/// median of `steps` warm steps; for bench. Steps with R1 or R2 are weighted by their share.
/// `level`: the level of a growing family, stabilised; -1: the last one.
double gan_step_seconds(const GanOptions& options,
                        int height,
                        int width,
                        const Compute& compute,
                        int steps,
                        int level = -1);
/// Returns the seconds that SWD takes between two sets of `images` random images each; for bench.
double swd_seconds(int64_t images, int height, int width);
/// Returns the plan of a run: {"kimg","stages":[{"size_px","fades","kimg","minibatch"}],"parent",
/// "estimate_s","range_s":[low,high]}. "parent" is the plan of the parent's training, if
/// gan.transfer.from requires one. "estimate_s" and "range_s" are present only if `compute` is
/// given: measured with several warm steps at each level, the parent included, evaluations not.
Json gan_plan(const GanOptions& options, int height, int width, const Compute* compute);

}  // namespace evenray
