// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text.hpp"
#include "dataset/dicom/pixels.hpp"

namespace evenray {
namespace {

namespace tag = dicom_tag;
using Fragment = DicomElements::Fragment;

/// Returns where the frames begin by the basic table of offsets, else by the extended one; empty if
/// neither is complete. The items of encapsulated data are always little endian.
std::vector<uint64_t> offset_table(const DicomElements& elements, size_t frames) {
  const auto read = [&](std::string_view bytes, size_t width) {
    std::vector<uint64_t> out;
    if (bytes.size() / width < frames) return out;
    for (size_t i = 0; i < frames; ++i) {
      uint64_t offset = 0;
      for (size_t k = width; k-- > 0;)
        offset = offset << 8 | static_cast<unsigned char>(bytes[i * width + k]);
      out.push_back(offset);
    }
    return out;
  };
  auto out = read(elements.offsets, 4);
  const auto extended = elements.elements.find(tag::extended_offsets);
  if (out.empty() && extended != elements.elements.end()) out = read(extended->second.value, 8);
  return out;
}

/// Whether a fragment begins a JPEG, JPEG-LS or JPEG 2000 stream.
bool begins_stream(const Fragment& fragment) {
  return fragment.bytes.starts_with("\xFF\xD8") || fragment.bytes.starts_with("\xFF\x4F");
}

/// Returns the index of the first fragment of each frame; empty if the frames cannot be told apart.
std::vector<size_t> first_fragments(const DicomElements& elements, size_t frames) {
  const auto& fragments = elements.fragments;
  std::vector<size_t> firsts;
  if (const auto offsets = offset_table(elements, frames); !offsets.empty()) {
    for (const uint64_t offset : offsets) {
      const auto found = std::lower_bound(
          fragments.begin(), fragments.end(), offset, [](const Fragment& f, uint64_t at) {
            return f.offset < at;
          });
      firsts.push_back(static_cast<size_t>(found - fragments.begin()));
    }
    if (std::is_sorted(firsts.begin(), firsts.end())) return firsts;
    firsts.clear();
  }
  for (size_t i = 0; i < fragments.size(); ++i)
    if (fragments.size() == frames || begins_stream(fragments[i])) firsts.push_back(i);
  if (firsts.size() != frames) firsts.clear();
  return firsts;
}

}  // namespace

std::string coded_frame(const DicomElements& elements,
                        const DicomLayout& layout,
                        int frame,
                        std::string& fault) {
  size_t begin = 0, end = elements.fragments.size();
  if (layout.frames > 1) {
    const auto frames = static_cast<size_t>(layout.frames), at = static_cast<size_t>(frame);
    const auto firsts = first_fragments(elements, frames);
    if (firsts.empty()) {
      fault = cat(frames, " frames in ", end, " fragments cannot be told apart");
      return "";
    }
    begin = firsts[at];
    if (at + 1 < frames) end = firsts[at + 1];
    if (begin == end) fault = missing_frame(layout, frame);
  }
  std::string out;
  for (size_t i = begin; i < end; ++i) out.append(elements.fragments[i].bytes);
  return out;
}

std::string missing_frame(const DicomLayout& layout, int frame) {
  return cat("frame ", frame + 1, " of ", layout.frames, " is not in the file");
}

}  // namespace evenray
