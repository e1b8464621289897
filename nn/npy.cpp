// SPDX-License-Identifier: Apache-2.0
#include "nn/npy.hpp"

#include <torch/types.h>

#include <cstring>

#include "core/error.hpp"
#include "core/npy.hpp"
#include "core/text.hpp"

namespace evenray {

torch::Tensor read_npy_matrix(const Path& path) {
  const std::string bytes = read_file(path);
  check(bytes.starts_with("\x93NUMPY") && bytes.size() >= 64,
        Exit::bad_data,
        cat(path.string(), ": not a .npy file"));
  const auto header = read_npy_header(bytes);
  check(header && header->shape.size() == 2 && (header->type == "<f4" || header->type == "<f8"),
        Exit::bad_data,
        cat(path.string(),
            ": not a matrix of little-endian f4 or f8 in C order; save it with "
            "np.save(FILE, np.ascontiguousarray(x, 'f8')), where x has the shape [images, "
            "features]"));
  const uint64_t rows = header->shape[0], columns = header->shape[1];
  const size_t data_bytes = bytes.size() - header->data_start;
  check(
      rows > 0 && columns > 0 && header->data_bytes() == data_bytes,
      Exit::bad_data,
      cat(path.string(), ": the file size does not match ", rows, " rows of ", columns, " values"));
  auto out = torch::empty({static_cast<int64_t>(rows), static_cast<int64_t>(columns)},
                          header->type == "<f8" ? torch::kDouble : torch::kFloat);
  std::memcpy(out.data_ptr(), bytes.data() + header->data_start, data_bytes);
  out = out.to(torch::kDouble);
  check(out.isfinite().all().item<bool>(),
        Exit::bad_data,
        cat(path.string(), ": some values are not finite"));
  return out;
}

}  // namespace evenray
