// SPDX-License-Identifier: Apache-2.0
#pragma once
// The detector room finds objects in images: it trains detectors on the boxes in the
// train part of a store, selects the checkpoint with the best AP50 on its val part, and finds boxes
// in other images. train_detector() writes a run folder; Detector finds boxes with its best
// checkpoint; metrics/detection/panel.hpp computes the metrics. This header and options.hpp are all
// that other rooms need. The headers inside, in reading order: box_model.hpp (one-stage or
// two-stage: see the rcnn room; unet.hpp), start_weights.hpp and detector_file.hpp, points.hpp
// (where a one-stage detector predicts), network.hpp, assign.hpp and loss.hpp (what it learns),
// examples.hpp (from which images), finding.hpp (boxes in stores).

#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/run_folder.hpp"
#include "dataset/store/store.hpp"
#include "detector/options.hpp"
#include "metrics/detection/coco_files.hpp"
#include "nn/compute.hpp"
#include "nn/precision.hpp"
#include "nn/task.hpp"

namespace evenray {

/// Throws 66 or 65 if options.weights cannot be read, or are of another architecture
/// or size.
void check_weights(const DetectOptions& options);

/// Trains on the annotated images of `train`. Files: checkpoints/ (the best has the highest AP50 on
/// validation; if no image of val has boxes it is the last one), events.jsonl, metrics.json
/// (validation), DONE. A stopped run resumes bit for bit with the same thread count. Throws 65 for
/// a store without boxes in train or with images that are too small, 78 for options out of range or
/// a run with other settings, 1 if the training diverges, 75 after a stop signal.
void train_detector(const Store& store,
                    const DetectOptions& options,
                    const Runtime& runtime,
                    RunFolder& run);

/// Writes one file with all that finding boxes needs: the averaged weights of the best checkpoint,
/// and in the metadata the facts of the training, `fit` (how images were fitted into their size;
/// "": unknown) and Detector::shown_score(), measured on the val part. `store`: that of the
/// training. Throws 65 for another store, else like Detector().
void pack_detector(const Path& run,
                   const Store& store,
                   const std::string& fit,
                   const Compute& compute,
                   const Path& out);

/// A trained detector.
class Detector {
 public:
  /// `path`: a checkpoint, a run folder or a packed model. Computes in the precision of its
  /// training if that of `compute` was `auto`. `least_score`: boxes with a lower score are not
  /// found (default: detect.least_score of its training). Throws 66 if it does not exist, 65 if it
  /// is damaged or not a detector.
  Detector(const Path& path, const Compute& compute, const std::optional<double>& least_score = {});
  ~Detector();
  Detector(Detector&&) noexcept;

  const std::vector<std::string>& class_names() const;
  int height() const;
  int width() const;
  int bits() const;
  const std::string& arch() const;
  const std::string& digest() const;  ///< of its tensors
  /// Returns the fit of pack_detector(); empty if the model was not packed.
  const std::string& fit() const;
  /// Returns the highest, over the classes that have boxes in val, of the scores from which at most
  /// one wrong box of that class per image of val is shown on average (a wrong one has its centre
  /// in no true box of the class); nullopt if the model was not packed or if val has no boxes. It
  /// is not that of boxes that are fused.
  std::optional<double> shown_score() const;
  /// Returns model_card() of its training, of a packed model, with "tested": {"images","classes",
  /// "values","ci","cautions"} of detection_metrics() on the test part, if images of it are
  /// annotated; null for another model.
  const Json& card() const;

  /// Also seeks boxes in the mirror image, which takes twice as long, and fuses those of both by
  /// weighted boxes fusion (fusion.hpp).
  void use_mirror_images();
  /// From now on a network that outlines objects gives their masks, and true boxes have masks too.
  /// There are no masks with mirror images, with several detectors, or if the network does not
  /// outline objects. Returns whether there will be masks.
  bool use_masks();
  /// Also finds boxes with another detector, for example that of another fold, and fuses those of
  /// all by weighted boxes fusion. Fused boxes with less than the least score of this one are left
  /// out. Throws 65 if its classes, or the size, depth, white or known fit of its images differ.
  void add(Detector other);

  /// Returns the annotated images of a part of a store with their true boxes and those that it
  /// finds, in the pixels of the store. Throws 65 if no image is annotated, or if its size, depth,
  /// white or classes differ from the training store's.
  CocoBoxes find(const Store& store, const std::string& part) const;
  /// Returns the boxes in each image, the highest score first. The images must have the network's
  /// size and depth. Throws 65 if there are no images or if their sizes or depths differ.
  std::vector<std::vector<FoundBox>> find(const std::vector<cv::Mat>& images) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Returns Detector::shown_score() of a file, without building its network. Throws as Detector().
std::optional<double> shown_score(const Path& model);

/// Returns the task of a study, which compares the boxes of the rare class. A tested cell holds
/// gt.json and detections.json in COCO's form, and metrics.json.
std::unique_ptr<Task> detect_task(const DetectOptions& options, const std::string& rare_class);

/// Returns the network that train_detector() would train, for timing.
TimedNetwork timed_detector(const DetectOptions& options, int height, int width);

}  // namespace evenray
