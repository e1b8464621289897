// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <vector>

#include "gan/gan.hpp"

namespace evenray {

/// Writes a PNG with the first 32 images.
void write_sample_sheet(const Path& path, const std::vector<cv::Mat>& images);

struct JudgementOptions {
  uint64_t seed = 1;                 ///< of all random choices
  std::vector<std::string> leaks{};  ///< measures in which the augmentation shows
  std::string generator{};           ///< digest of the generator that drew the images
  VerdictOptions bounds{};           ///< of the verdict
};

/// Writes `run`/judgement.json: the result of evaluate_gan() for images that the best checkpoint
/// drew, the verdict, and the power spectra of both sets. Also writes samples/real.png, a sheet of
/// 32 real images in the format of the trainer's sheets, and samples/nearest.png, the 32 drawn
/// images with the highest correlation to a real image, each with that image to its right and their
/// correlation below. The files are a function of images and options. Throws like evaluate_gan().
void write_judgement(const Path& run,
                     const std::vector<cv::Mat>& drawn,
                     const RealImages& real,
                     const JudgementOptions& options);

/// Returns why these images are too few for a judgement; nullopt if they are not.
std::optional<std::string> too_few_to_judge(const RealImages& real);

/// Draws at most `count` images, no more than there are real ones, and writes their judgement. The
/// images are new ones, which did not select the checkpoint, so their figures are not biased.
void judge_checkpoint(const Path& run,
                      const Generator& generator,
                      const RealImages& real,
                      int64_t count,
                      const VerdictOptions& bounds);

}  // namespace evenray
