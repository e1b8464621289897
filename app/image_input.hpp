// SPDX-License-Identifier: Apache-2.0
#pragma once
// Image files, or a store, as the input of a trained network.
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "dataset/image/image.hpp"

namespace evenray {

class Store;

/// The images that a network takes.
struct InputForm {
  int height = 0, width = 0, bits = 8;
  std::string fit;  ///< how images of another size are fitted: pad, stretch or crop
};

/// Images in this form; one element per image in each vector.
struct NamedImages {
  std::vector<std::string> names;  ///< files, or ids of a store
  std::vector<cv::Mat> images;
  std::vector<cv::Size> sizes;        ///< of the file's image, or of the store's
  std::vector<Placement> placements;  ///< of that image in `images`
};

/// Reads PNG, JPEG, TIFF or DICOM files and folders of them as `data pack` does, with these files
/// as the whole set (the brightest 16-bit value of all of them decides which value is white), or a
/// part of one store. Throws 2 for a store beside other arguments, 65 for no images or damaged
/// ones, 66 for missing files.
NamedImages read_images(const std::vector<std::string>& arguments,
                        const std::string& part,
                        const InputForm& form);

/// Returns how the images of a store were fitted into their size; empty if it does not say.
std::string fit_of(const Store& store);

}  // namespace evenray
