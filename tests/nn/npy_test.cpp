// SPDX-License-Identifier: Apache-2.0
#include "nn/npy.hpp"

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// As numpy.save writes it.
std::string npy(std::string header, const std::string& data, char version = 1) {
  header.resize(117, ' ');
  header += '\n';
  std::string out = std::string("\x93NUMPY") + version + '\0';
  out += static_cast<char>(header.size());
  out.append(version == 1 ? 1 : 3, '\0');
  return out + header + data;
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

constexpr const char* kF8 = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";
constexpr const char* kF4 = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";

}  // namespace

TEST_CASE("matrices of NumPy are read, in f4 and f8") {
  const ScratchFolder scratch;
  const auto expected = torch::tensor({1., 2.5, -3., 4., 5., 6.}, torch::kDouble).view({2, 3});
  const std::string f8 = bytes_of<double>({1, 2.5, -3, 4, 5, 6});
  for (const char version : {1, 2, 3}) {
    write_atomic(scratch / "a.npy", npy(kF8, f8, version));
    CHECK(same(read_npy_matrix(scratch / "a.npy"), expected));
  }
  write_atomic(scratch / "b.npy", npy(kF4, bytes_of<float>({1, 2.5, -3, 4, 5, 6})));
  CHECK(same(read_npy_matrix(scratch / "b.npy"), expected));
}

TEST_CASE("whatever is no such matrix is refused") {
  const ScratchFolder scratch;
  const std::string data = bytes_of<double>({1, 2, 3, 4, 5, 6});
  const auto refused = [&](const std::string& bytes, const std::string& why) {
    INFO(why);
    write_atomic(scratch / "x.npy", bytes);
    const Error error = error_of([&] { read_npy_matrix(scratch / "x.npy"); });
    CHECK(error.code() == Exit::bad_data);
    CHECK_THAT(error.what(), Catch::Contains(why));
  };
  const std::string good = npy(kF8, data);
  for (const size_t length : {0, 5, 8, 11, 60}) refused(good.substr(0, length), "not a .npy file");
  refused("PK" + good, "not a .npy file");
  refused(npy(kF8, data, 9), "not a matrix");
  refused(good.substr(0, good.size() - 1), "the file size does not match 2 rows of 3 values");
  refused(good + "x", "the file size does not match 2 rows of 3 values");
  const auto header =
      [&](const std::string& descr, const std::string& order, const std::string& shape) {
        return npy(
            cat("{'descr': '", descr, "', 'fortran_order': ", order, ", 'shape': ", shape, ", }"),
            data);
      };
  refused(header("<f8", "True", "(2, 3)"), "not a matrix of little-endian f4 or f8");
  refused(header(">f8", "False", "(2, 3)"), "not a matrix");
  refused(header("|O", "False", "(2, 3)"), "not a matrix");
  refused(header("<f8", "False", "(6,)"), "not a matrix");
  refused(header("<f8", "False", "(1, 2, 3)"), "not a matrix");
  refused(header("<f8", "False", "(0, 3)"), "the file size does not match");
  refused(header("<f8", "False", "(999999999999, 999999999999)"), "the file size does not match");
  refused(npy(kF8, bytes_of<double>({1, 2, NAN, 4, 5, 6})), "some values are not finite");
  CHECK(error_of([&] { read_npy_matrix(scratch / "none.npy"); }).code() == Exit::missing_input);
}
