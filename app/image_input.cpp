// SPDX-License-Identifier: Apache-2.0
#include "app/image_input.hpp"

#include <algorithm>

#include "app/command.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/files/image_file.hpp"
#include "dataset/files/image_folder.hpp"
#include "dataset/store/store.hpp"

namespace evenray {
namespace {

std::vector<Path> listed_files(const std::vector<std::string>& arguments) {
  std::vector<Path> files;
  for (const auto& argument : arguments) {
    if (!std::filesystem::is_directory(argument)) {
      files.emplace_back(argument);
      continue;
    }
    const auto found = image_files(argument);
    check(
        !found.empty(), Exit::bad_data, cat(argument, " holds no PNG, JPEG, TIFF or DICOM files"));
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

NamedImages read_files(const std::vector<std::string>& arguments, const InputForm& form) {
  const Fit fit = parse_fit(form.fit);
  NamedImages out;
  unsigned brightest = 0;
  for (const auto& file : listed_files(arguments)) {
    const cv::Mat pixels = read_whole_image(file, 2 * std::max(form.height, form.width));
    double largest = 0;
    cv::minMaxLoc(pixels, nullptr, &largest);
    if (pixels.depth() == CV_16U) brightest = std::max(brightest, static_cast<unsigned>(largest));
    const cv::Size whole = upright_size(file).value_or(pixels.size());
    Placement& place = out.placements.emplace_back();
    out.images.push_back(fit_image(pixels, form.height, form.width, fit, place));
    // A JPEG may have been decoded smaller than it is.
    place.scale_x *= static_cast<float>(pixels.cols) / static_cast<float>(whole.width);
    place.scale_y *= static_cast<float>(pixels.rows) / static_cast<float>(whole.height);
    out.sizes.push_back(whole);
    out.names.push_back(file.string());
  }
  for (cv::Mat& image : out.images) image = with_bits(image, form.bits, white_of(brightest));
  return out;
}

NamedImages read_part(const std::string& path, const std::string& part) {
  const Store store(path);
  const StorePart& rows = store.part(part);
  NamedImages out;
  out.names = rows.ids;
  check(
      !out.names.empty(), Exit::bad_data, cat(store.path().string(), ": part ", part, " is empty"));
  for (size_t i = 0; i < out.names.size(); ++i) {
    out.images.push_back(store.image(part, static_cast<int64_t>(i)));
    out.sizes.push_back(out.images.back().size());
    out.placements.emplace_back();
  }
  return out;
}

}  // namespace

NamedImages read_images(const std::vector<std::string>& arguments,
                        const std::string& part,
                        const InputForm& form) {
  if (!is_store(arguments.at(0))) return read_files(arguments, form);
  check(arguments.size() == 1, Exit::usage, "give one store, or image files");
  return read_part(arguments[0], part);
}

std::string fit_of(const Store& store) {
  try {
    Config config;
    read_config_text(
        [&](Fields& f) { config.fields(f); }, store.info().config, store.path().string());
    return config.data.pack.fit;
  } catch (const Error&) {
    return "";  // written by another program
  }
}

}  // namespace evenray
