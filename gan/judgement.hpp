// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <vector>

#include "gan/gan.hpp"

namespace evenray {

/// Writes a PNG with the first 32 images.
void write_sample_sheet(const Path& path, const std::vector<cv::Mat>& images);

/// Evaluates the best checkpoint once, at the end of a training. Writes `run`/judgement.json: the
/// result of evaluate_gan() for images that this checkpoint drew, the measures in which the
/// augmentation shows, and the power spectra of both sets. Also writes samples/real.png, a sheet of
/// 32 real images in the format of the trainer's sheets, and samples/nearest.png, the 32 drawn
/// images with the highest correlation to a real image, each with that image to its right and their
/// correlation below. The files are a function of images and seed. Throws like evaluate_gan().
void write_judgement(const Path& run,
                     const std::vector<cv::Mat>& drawn,
                     const RealImages& real,
                     const std::vector<std::string>& leaks,
                     uint64_t seed);

}  // namespace evenray
