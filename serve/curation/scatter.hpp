// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace evenray {

/// A place of each row in a plane.
using Places = std::vector<std::array<float, 2>>;

/// Returns the two principal components of the rows (CV_32F), scaled so that both have a largest
/// absolute value of 1. Rows of equal vectors lie in one place.
Places principal_places(const cv::Mat& rows);

/// Returns a map by t-SNE (van der Maaten and Hinton, JMLR 9, 2008), scaled as above: exact
/// gradients, early exaggeration of 12 for the first 250 of `steps` steps, momentum .5, then .8,
/// and the paper's adaptive gains. Begins at the principal components, so that equal rows give an
/// equal map. `perplexity`: about how many neighbours a row has, at most a third of the rows. The
/// time grows with the square of the rows: 1,000 take some seconds. Throws 75 when stopped.
Places tsne_places(const cv::Mat& rows, double perplexity, int steps, int threads);

}  // namespace evenray
