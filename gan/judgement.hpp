// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <opencv2/core.hpp>
#include <vector>

#include "gan/gan.hpp"

namespace evenray {

/// A PNG of the first 32 images.
void write_sample_sheet(const Path& path, const std::vector<cv::Mat>& images);

/// The last word on a training, once at its end: what evaluate_gan() says of images that the best
/// checkpoint drew, the measures in which augmentation shows, and the power spectra of both sets,
/// into `run`/judgement.json; samples/real.png, a sheet of 32 real images as the trainer's sheets
/// are; samples/nearest.png, the 32 drawn images most like a real one, each with it to its right
/// and their correlation below. A function of images and seed. Throws what evaluate_gan() does.
void write_judgement(const Path& run,
                     const std::vector<cv::Mat>& drawn,
                     const RealImages& real,
                     const std::vector<std::string>& leaks,
                     uint64_t seed);

}  // namespace evenray
