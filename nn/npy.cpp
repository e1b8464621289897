// SPDX-License-Identifier: Apache-2.0
#include "nn/npy.hpp"

#include <torch/torch.h>

#include <cstring>
#include <regex>

#include "core/error.hpp"
#include "core/text.hpp"

namespace evenray {
namespace {

constexpr std::string_view kMark = "\x93NUMPY";
constexpr size_t kMostHeader = 4096;

/// Bytes before the data, from the length that stands behind mark and version; 0 where it is none.
size_t data_starts(std::string_view bytes) {
  if (bytes.size() < 12 || !bytes.starts_with(kMark)) return 0;
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<uint8_t>(bytes[at])); };
  const size_t version = byte(6);
  if (version < 1 || version > 3) return 0;
  const size_t fixed = version == 1 ? 10 : 12;
  size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  return length <= kMostHeader && fixed + length <= bytes.size() ? fixed + length : 0;
}

}  // namespace

torch::Tensor read_npy_matrix(const Path& path) {
  const std::string bytes = read_file(path);
  const size_t start = data_starts(bytes);
  check(start > 0, Exit::bad_data, cat(path.string(), ": not a .npy file"));
  const std::string header = bytes.substr(10, start - 10);
  static const std::regex form(
      R"('descr': '<f([48])', 'fortran_order': False, 'shape': \((\d{1,12}), (\d{1,12})\))");
  std::smatch found;
  check(std::regex_search(header, found, form),
        Exit::bad_data,
        cat(path.string(),
            ": no matrix of little-endian f4 or f8 in C order; save it by "
            "np.save(F, np.ascontiguousarray(x, 'f8')) with x of [images, features]"));
  const size_t each = found[1] == "8" ? 8 : 4;
  const auto rows = std::stoull(found[2]), columns = std::stoull(found[3]);
  const size_t values = (bytes.size() - start) / each;
  check(rows > 0 && columns > 0 && rows <= values && columns == values / rows &&
            rows * columns * each == bytes.size() - start,
        Exit::bad_data,
        cat(path.string(), ": its size is not that of ", rows, " rows of ", columns, " values"));
  auto out = torch::empty({static_cast<int64_t>(rows), static_cast<int64_t>(columns)},
                          each == 8 ? torch::kDouble : torch::kFloat);
  std::memcpy(out.data_ptr(), bytes.data() + start, bytes.size() - start);
  out = out.to(torch::kDouble);
  check(out.isfinite().all().item<bool>(),
        Exit::bad_data,
        cat(path.string(), ": some values are not finite"));
  return out;
}

}  // namespace evenray
