// SPDX-License-Identifier: Apache-2.0
#pragma once
// The fusion room makes one list of boxes of an image from the lists of several models, of one
// model on several versions of the image, or of several readers. It needs no network. Read this
// header first, then coco_fusion.hpp (COCO's files) and image_filter.hpp (a classifier that removes
// boxes of healthy images).
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/detection/boxes.hpp"

namespace evenray {

/// Width and height in pixels, finite and above 0.
struct ImageSize {
  double width = 0, height = 0;
};

/// How boxes of one class that overlap become one, or lose their score. Boxes of other classes do
/// not matter to one another.
///
/// - nms: greedy non-maximum suppression. The box with the highest score removes those whose IoU
///   with it is above `iou_thr`, then the next one does.
/// - soft_nms_linear, soft_nms_gaussian (Bodla et al. 2017): it lowers their scores instead: times
///   1 - IoU if IoU is above `iou_thr`, or times exp(-IoU^2 / sigma). Boxes whose score ends above
///   `thresh` stay.
/// - nmw (Zhou et al. 2017): a box joins the box that began a cluster, if their IoU is above
///   `iou_thr`; of several, that with the highest. A cluster becomes the mean of its boxes,
///   weighted by score times IoU with the first one, and has the score of the first one.
/// - wbf (weighted boxes fusion, Solovyev et al. 2021): as nmw, but a box is compared with the mean
///   of a cluster so far, which is weighted by score; the score is as `conf_type` says.
enum class FusionMethod { nms, soft_nms_linear, soft_nms_gaussian, nmw, wbf };
/// Returns the names of the enumerators: "nms", "softnms-linear", "softnms" (Gaussian), "nmw",
/// "wbf".
std::vector<std::string> fusion_method_names();
/// Throws 78 for an unknown name.
FusionMethod parse_fusion_method(const std::string& name);

/// The score of a fused box of WBF. n: boxes in the cluster; M: models, also those without boxes;
/// W: sum of the weights of all models. Scores are those times the weights of the models.
///
/// - avg: their mean times min(n, M) / W; with `allows_overflow` times n / W.
/// - max: the highest, divided by the highest weight.
/// - box_and_model_avg: their sum, divided by the sum of the weights of the boxes, times the sum of
///   the weights of the models in the cluster / W.
/// - absent_model_aware_avg: their sum, divided by the sum of the weights of the boxes and of the
///   models that have no box in the cluster.
/// - score_sum: their sum, divided by the highest weight, at most 1. Many models that agree make a
///   box certain, as many readers do (winners of the VinBigData challenge, 2021).
enum class ConfType { avg, max, box_and_model_avg, absent_model_aware_avg, score_sum };
/// Returns the names of the enumerators as they are written here.
std::vector<std::string> conf_type_names();
/// Throws 78 for an unknown name.
ConfType parse_conf_type(const std::string& name);

/// Options have the names that the Python package ensemble-boxes gives them.
struct FusionOptions {
  FusionMethod method = FusionMethod::wbf;
  /// One for each model, 0 or more, not all 0. Empty: 1 each. nms and soft_nms multiply scores by
  /// weight / sum of weights if there are weights, nmw by weight / highest weight.
  std::vector<double> weights{};
  double iou_thr = .55;                ///< 0 to 1; the package's NMS has .5
  double skip_box_thr = 0;             ///< boxes with a lower score (before weights) are left out
  ConfType conf_type = ConfType::avg;  ///< of wbf
  bool allows_overflow = false;        ///< of wbf with avg
  double sigma = .5;                   ///< of soft_nms_gaussian, above 0
  double thresh = .001;                ///< of soft_nms, 0 or more
  /// soft_nms returns the lowered scores, as the paper does. False: the scores before, as
  /// ensemble-boxes does; the lowered ones then only decide which boxes stay, and their order.
  bool lowered_scores = true;

  /// Throws 78 for a value that is out of range or a wrong number of weights.
  void check(size_t models) const;
};

/// The place of a box in the input.
struct BoxPlace {
  size_t model, box;
};

/// A box of the result, and the boxes that it stands for, the highest score first: one after nms
/// and soft_nms.
struct FusedBox {
  FoundBox found;
  std::vector<BoxPlace> members;
};

/// Fuses the boxes of one image. `models`: one list of boxes for each model. Any number of lists
/// may be empty. Boxes need finite corners and areas, and finite scores of 0 or more; a side below
/// 0 means that the corners are swapped, which is corrected.
///
/// With `image`, boxes are clipped to it, and boxes without area are left out. Without, nothing is
/// clipped; boxes without area are left out too.
///
/// The result is that of ensemble-boxes 1.0.9, whose coordinates are shares of the image: with
/// `image`, corners are divided by its sides before they are compared and multiplied afterwards,
/// and means of NMW and WBF are summed in single precision, as the package does. They are then
/// exact to about 1e-7 of the image's side. Without `image`, all is computed in pixels and in
/// double precision. A box that has no partner is returned as it was, except by nmw.
///
/// Order: nms and soft_nms return the classes by index, in each the boxes as they were chosen. nmw
/// and wbf return the highest score first. Of equal scores the later box (models one after another)
/// is first; in soft_nms the earlier. The package leaves this order to numpy, which keeps it for 16
/// boxes or fewer on machines without AVX2.
///
/// It differs from the package's in these cases: boxes that overlap and all have the score 0 become
/// the first of them (there, no number); soft_nms lowers the scores that it returns, unless
/// `lowered_scores` is false; `score_sum` is not known there.
///
/// Takes milliseconds for 10,000 boxes that are spread out; at worst, and with soft_nms always,
/// time in proportion to the square of the number of boxes of a class. Throws 78 as
/// FusionOptions::check(), 1 for boxes or an image that are not as required.
std::vector<FusedBox> fuse_boxes(const std::vector<std::vector<FoundBox>>& models,
                                 const std::optional<ImageSize>& image,
                                 const FusionOptions& options = {});

}  // namespace evenray
