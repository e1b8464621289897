// SPDX-License-Identifier: Apache-2.0
#include "core/npy.hpp"

#include <regex>

#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::string_view kMark = "\x93NUMPY";
constexpr size_t kMostDimensions = 8;
constexpr uint64_t kMostBytes = uint64_t{1} << 62;

/// Returns the begin and end of the header text; equal if there is no valid header.
std::pair<size_t, size_t> text_range(std::string_view bytes) {
  if (bytes.size() < 12 || !bytes.starts_with(kMark)) return {};
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<uint8_t>(bytes[at])); };
  const size_t version = byte(6);
  if (version < 1 || version > 3) return {};
  const size_t fixed = version == 1 ? 10 : 12;
  size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length + 12 > kMostNpyHeader || fixed + length > bytes.size()) return {};
  return {fixed, fixed + length};
}

}  // namespace

size_t NpyHeader::value_bytes() const { return static_cast<size_t>(type[2] - '0'); }

std::optional<uint64_t> NpyHeader::data_bytes() const {
  uint64_t bytes = value_bytes();
  for (const uint64_t side : shape) {
    if (side > 0 && bytes > kMostBytes / side) return std::nullopt;
    bytes *= side;
  }
  return bytes;
}

std::optional<NpyHeader> read_npy_header(std::string_view head) {
  const auto [begin, end] = text_range(head);
  if (begin == end) return std::nullopt;
  const std::string text(head.substr(begin, end - begin));
  static const std::regex form(
      R"('descr': '([<|][fiub][1248])', 'fortran_order': False, 'shape': \(([\d, ]*)\))");
  std::smatch found;
  if (!std::regex_search(text, found, form)) return std::nullopt;
  NpyHeader header{end, found[1], {}};
  for (const auto& side : split_text(found[2].str(), ',')) {
    int64_t number = 0;
    if (trim(side).empty()) continue;
    if (!parse_int(trim(side), number)) return std::nullopt;
    header.shape.push_back(static_cast<uint64_t>(number));
  }
  if (header.shape.size() > kMostDimensions) return std::nullopt;
  return header;
}

}  // namespace evenray
