// SPDX-License-Identifier: Apache-2.0
#include "dataset/dicom/dicom.hpp"

#include <array>
#include <cassert>

#include "core/error.hpp"
#include "core/text.hpp"
#include "dataset/dicom/grey.hpp"
#include "dataset/image/codecs.hpp"

namespace evenray {
namespace {

constexpr std::array kVois = {Voi::automatic, Voi::file, Voi::minmax, Voi::percentile, Voi::none};

}  // namespace

const std::vector<std::string>& voi_names() {
  static const std::vector<std::string> names = {"auto", "file", "minmax", "percentile", "none"};
  return names;
}

Voi parse_voi(const std::string& name) {
  for (size_t i = 0; i < kVois.size(); ++i) {
    if (voi_names()[i] == name) return kVois[i];
  }
  throw Error(Exit::config, "--voi: " + unknown_name("value", name, voi_names()));
}

DecodedImage decode_dicom(std::string_view bytes, const DicomOptions& options) {
  assert(options.bits == 0 || options.bits == 8 || options.bits == 16);
  DecodedImage image;
  const auto fail = [&](const std::string& fault) {
    image.fault = fault;
    return image;
  };
  const DicomElements elements = read_dicom_elements(bytes);
  if (!elements.fault.empty()) return fail(elements.fault);
  if (!elements.pixels_reached) return fail("a DICOM file without pixels");
  const DicomLayout layout = dicom_layout(elements);
  if (!layout.fault.empty()) return fail(layout.fault);
  image.pictures = layout.frames;
  if (options.frame >= layout.frames) return fail(missing_frame(layout, options.frame));
  image.width = layout.columns;
  image.height = layout.rows;
  // Cells of 16 bits, what is shown of them, and what a codec keeps meanwhile.
  claim_memory(image, 8 * layout.samples);
  const DicomCells cells = dicom_cells(elements, layout, options.frame);
  if (!cells.fault.empty()) return fail(cells.fault);
  image.truncated = cells.truncated;
  if (layout.samples == 3) {
    const bool wide = options.bits == 16 || options.voi == Voi::none;
    image.pixels =
        wide && options.voi != Voi::none ? with_bits(cells.pixels, 16, 65535) : cells.pixels;
    if (options.voi == Voi::none) cells.pixels.convertTo(image.pixels, CV_16U);
    return image;
  }
  const GreyRules rules = grey_rules(elements, layout);
  image.pixels = displayed_grey(cells.pixels, rules, options, image.fault);
  if (const float share = beyond_bits(cells.pixels, rules); share > 0)
    image.losses.emplace_back("beyond_bits_stored",
                              cat(share_text(share),
                                  " of the pixels have bits beyond BitsStored (",
                                  layout.bits_stored,
                                  "); these bits are ignored"));
  return image;
}

}  // namespace evenray
