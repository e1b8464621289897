// SPDX-License-Identifier: Apache-2.0
#include "core/npy.hpp"

#include <catch2/catch.hpp>

#include "core/text.hpp"

using namespace evenray;

namespace {

std::string npy(const std::string& type, const std::string& order, const std::string& shape) {
  std::string header =
      cat("{'descr': '", type, "', 'fortran_order': ", order, ", 'shape': ", shape, ", }");
  header.resize(117, ' ');
  return std::string("\x93NUMPY\x01\x00", 8) + char(118) + '\0' + header + '\n';
}

}  // namespace

TEST_CASE("headers of arrays") {
  const auto bytes = read_npy_header(npy("|u1", "False", "(3, 28, 28)"));
  REQUIRE(bytes);
  CHECK(bytes->data_start == 128);
  CHECK(bytes->type == "|u1");
  CHECK(bytes->shape == std::vector<uint64_t>{3, 28, 28});
  CHECK(bytes->data_bytes() == 3 * 28 * 28);
  CHECK(read_npy_header(npy("<f8", "False", "(7,)"))->data_bytes() == 56);
  CHECK(read_npy_header(npy("<i4", "False", "()"))->data_bytes() == 4);
  CHECK(read_npy_header(npy("<i4", "False", "(0, 5)"))->data_bytes() == 0);
  const auto huge = read_npy_header(npy("<i4", "False", "(999999999999, 999999999999)"));
  REQUIRE(huge);
  CHECK_FALSE(huge->data_bytes());
}

TEST_CASE("what is no header of plain numbers in C order") {
  const std::string good = npy("|u1", "False", "(3, 2)");
  for (const size_t length : {0, 6, 11, 60, 127})
    CHECK_FALSE(read_npy_header(good.substr(0, length)));
  CHECK_FALSE(read_npy_header("PK" + good));
  CHECK_FALSE(read_npy_header(npy("|u1", "True", "(3, 2)")));
  CHECK_FALSE(read_npy_header(npy(">f8", "False", "(3, 2)")));
  CHECK_FALSE(read_npy_header(npy("|O", "False", "(3, 2)")));
  CHECK_FALSE(read_npy_header(npy("|u1", "False", "(99999999999999999999, 2)")));
  CHECK_FALSE(read_npy_header(npy("|u1", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1)")));
  std::string version = good;
  version[6] = 9;
  CHECK_FALSE(read_npy_header(version));
}
