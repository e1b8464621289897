// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// One tensor of each type that the file stores, a scalar and an empty one.
TensorFile every_type() {
  TensorFile file;
  file.metadata = {{"kind", "golden"}, {"facts", R"({"class": "Fractured"})"}};
  file.tensors = {{"cube", torch::arange(24, torch::kFloat).view({2, 3, 4}) / 8 - 1},
                  {"scalar", torch::tensor(.1f)},
                  {"double", torch::tensor({1. / 3}, torch::kDouble)},
                  {"half", torch::tensor({1.5, -2.}, torch::kHalf)},
                  {"long", torch::tensor({-(int64_t{1} << 40), int64_t{3}})},
                  {"int", torch::tensor({-7, 8}, torch::kInt)},
                  {"byte", torch::tensor({0, 200}, torch::kByte)},
                  {"empty", torch::zeros({0, 2})}};
  return file;
}

std::string file_bytes(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i) & 255);
  return bytes + header + data;
}

Error reading(const std::string& bytes) {
  const ScratchFolder scratch;
  write_atomic(scratch / "f.safetensors", bytes);
  return error_of([&] { read_safetensors(scratch / "f.safetensors"); });
}

}  // namespace

TEST_CASE("a safetensors file comes back as it was written") {
  const ScratchFolder scratch;
  TensorFile file = every_type();
  file.tensors["bf16"] = torch::tensor({3.25, -1e30}, torch::kBFloat16);
  file.tensors["turned"] = torch::arange(6, torch::kFloat).view({2, 3}).t();
  file.tensors["leaf"] = torch::ones({2}).requires_grad_(true);
  write_safetensors(scratch / "a/b/f.safetensors", file);
  const TensorFile back = read_safetensors(scratch / "a/b/f.safetensors");
  REQUIRE(back.tensors.size() == file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    INFO(name);
    CHECK(same(back.tensors.at(name), tensor));
    CHECK(back.tensors.at(name).is_contiguous());
    CHECK_FALSE(back.tensors.at(name).requires_grad());
  }
  CHECK(back.metadata.at("kind") == "golden");
  CHECK(back.metadata.at("facts") == R"({"class": "Fractured"})");
  CHECK(back.metadata.at("tensor_digest") == tensor_digest(file.tensors));
}

TEST_CASE("our safetensors file is the one that Python's library was seen to open") {
  const ScratchFolder scratch;
  write_safetensors(scratch / "ours.safetensors", every_type());
  const std::string bytes = read_file(scratch / "ours.safetensors");
  CHECK(bytes == golden_bytes("nn/ours.safetensors", bytes));
  CHECK(static_cast<unsigned char>(bytes[0]) % 8 == 0);
}

TEST_CASE("a file of Python's safetensors library is read") {
  const TensorFile file = read_safetensors(golden_path("nn/python.safetensors"));
  CHECK(file.metadata == std::map<std::string, std::string>{{"made by", "safetensors"}});
  CHECK(file.tensors.size() == 8);
  CHECK(same(file.tensors.at("scalar"), torch::tensor(2.5f)));
  CHECK(same(file.tensors.at("matrix"), torch::arange(6, torch::kFloat).view({2, 3}) - 2.25));
  CHECK(same(file.tensors.at("double"), torch::tensor({1e-300, -1. / 3}, torch::kDouble)));
  CHECK(same(file.tensors.at("half"), torch::tensor({1.5, -.25}, torch::kHalf)));
  CHECK(
      same(file.tensors.at("long"), torch::tensor({-(int64_t{1} << 40), int64_t{7}}).view({2, 1})));
  CHECK(same(file.tensors.at("int"), torch::tensor({-5, 6}, torch::kInt)));
  CHECK(same(file.tensors.at("byte"), torch::tensor({0, 127, 255}, torch::kByte)));
  CHECK(same(file.tensors.at("empty"), torch::zeros({0, 4})));
}

TEST_CASE("a safetensors file cut short anywhere is refused") {
  const ScratchFolder scratch;
  const Path path = scratch / "f.safetensors";
  const std::string whole = read_file(golden_path("nn/ours.safetensors"));
  CHECK(reading(whole).code() == Exit::done);
  CHECK(reading(whole + '\0').code() == Exit::bad_data);
  write_atomic(path, whole);
  for (size_t length = whole.size(); length-- > 0;) {
    INFO(length);
    std::filesystem::resize_file(path, length);
    const Error error = error_of([&] { read_safetensors(path); });
    REQUIRE(error.code() == Exit::bad_data);
    REQUIRE(contains(error.what(), "f.safetensors: not a complete safetensors file"));
  }
}

TEST_CASE("no flipped bit of a safetensors file changes what is read") {
  const ScratchFolder scratch;
  const Path path = scratch / "f.safetensors";
  const std::string whole = read_file(golden_path("nn/ours.safetensors"));
  const TensorFile file = read_safetensors(golden_path("nn/ours.safetensors"));
  write_atomic(path, whole);
  std::fstream bytes(path, std::ios::binary | std::ios::in | std::ios::out);
  const auto put = [&](size_t at, char byte) {
    bytes.seekp(static_cast<std::streamoff>(at));
    bytes.put(byte).flush();
  };
  int accepted = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    INFO(at);
    put(at, static_cast<char>(whole[at] ^ (1 << at % 7)));
    TensorFile found;
    const Error error = error_of([&] { found = read_safetensors(path); });
    put(at, whole[at]);
    if (error.code() == Exit::bad_data) continue;
    // Where the name of a digest itself was hit, the file has none of that name; its content is
    // whole.
    REQUIRE(error.code() == Exit::done);
    ++accepted;
    REQUIRE(tensor_digest(found.tensors) == tensor_digest(file.tensors));
    REQUIRE(found.metadata["kind"] == file.metadata.at("kind"));
    REQUIRE(found.metadata["facts"] == file.metadata.at("facts"));
  }
  CHECK(accepted < 40);
}

TEST_CASE("foreign and malformed safetensors headers are refused") {
  const auto entry = [](const std::string& dtype, const std::string& shape, const std::string& at) {
    return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + at + "}";
  };
  const std::string eight(8, '\1');
  const std::string good = entry("F32", "[2]", "[0,8]");
  REQUIRE(reading(file_bytes("{\"a\":" + good + "}", eight)).code() == Exit::done);
  const std::vector<std::pair<std::string, std::string>> bad{
      {"", ""},
      {"[]", ""},
      {"null", ""},
      {"3", ""},
      {"{", ""},
      {"{\"a\":7}", eight},
      {"{\"a\":{}}", eight},
      {"{\"__metadata__\":{\"a\":1}}", ""},
      {"{\"__metadata__\":\"a\"}", ""},
      {"{\"a\":" + good + "}", eight + "\1"},
      {"{\"a\":" + good + "}", eight.substr(1)},
      {"{\"a\":" + entry("F32", "[3]", "[0,8]") + "}", eight},
      {"{\"a\":" + entry("C64", "[1]", "[0,8]") + "}", eight},
      {"{\"a\":" + entry("F32", "[-2]", "[0,8]") + "}", eight},
      {"{\"a\":" + entry("F32", "[2.0]", "[0,8]") + "}", eight},
      {"{\"a\":" + entry("F32", "\"2\"", "[0,8]") + "}", eight},
      {"{\"a\":" + entry("F32", "[2]", "[8,0]") + "}", eight},
      {"{\"a\":" + entry("F32", "[2]", "[0,8,8]") + "}", eight},
      {"{\"a\":" + entry("F32", "[2]", "[8,16]") + "}", eight},
      {"{\"a\":" + entry("F32", "[2]", "[-8,0]") + "}", eight},
      {"{\"a\":" + entry("F32", "[4611686018427387904,4]", "[0,0]") + "}", ""},
      {"{\"a\":" + entry("F32", "[0,4611686018427387904,8]", "[0,0]") + "}", ""},
      // Two tensors on the same bytes, and bytes that no tensor has.
      {"{\"a\":" + entry("F32", "[1]", "[0,4]") + ",\"b\":" + entry("F32", "[1]", "[0,4]") + "}",
       eight},
      {"{\"a\":" + entry("F32", "[1]", "[0,4]") + ",\"b\":" + entry("F32", "[1]", "[5,9]") + "}",
       eight + "\1"},
  };
  for (const auto& [header, data] : bad) {
    INFO(header);
    CHECK(reading(file_bytes(header, data)).code() == Exit::bad_data);
  }
  CHECK(reading("\xff\xd8\xff\xe0 a picture, not a network").code() == Exit::bad_data);
  CHECK(reading(std::string(8, '\xff') + "{}").code() == Exit::bad_data);
  CHECK(error_of([] { read_safetensors("/nonexistent/f.safetensors"); }).code() ==
        Exit::missing_input);
}

TEST_CASE("a tensor that is not finite is refused and the old file stays") {
  const ScratchFolder scratch;
  const Path path = scratch / "f.safetensors";
  write_safetensors(path, every_type());
  const std::string before = read_file(path);
  for (const double value : {double{NAN}, double{INFINITY}}) {
    TensorFile diverged = every_type();
    diverged.tensors["weight"] = torch::full({3}, value);
    const Error error = error_of([&] { write_safetensors(path, diverged); });
    CHECK(error.code() == Exit::failed);
    CHECK(contains(error.what(), "'weight' is not finite"));
  }
  CHECK(read_file(path) == before);
  // A file of another program, with a NaN of float32.
  const Error error =
      reading(file_bytes(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                         std::string("\x00\x00\xC0\x7F", 4)));
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "tensor 'w' holds values that are not finite"));
  TensorFile logical;
  logical.tensors["mask"] = torch::ones({2}, torch::kBool);
  CHECK(error_of([&] { write_safetensors(path, logical); }).code() == Exit::failed);
}

TEST_CASE("the digest tells names, types, shapes and values apart, but no memory layout") {
  const auto digest = [](const std::string& name, const torch::Tensor& tensor) {
    return tensor_digest({{name, tensor}});
  };
  const auto image = wave(2 * 3 * 4 * 5, 0).view({2, 3, 4, 5});
  CHECK(digest("a", image) == digest("a", image.contiguous(at::MemoryFormat::ChannelsLast)));
  CHECK(digest("a", image) != digest("b", image));
  CHECK(digest("a", image) != digest("a", image.view({2, 3, 5, 4})));
  CHECK(digest("a", image) != digest("a", image + 1));
  CHECK(digest("a", torch::zeros({2}, torch::kInt)) != digest("a", torch::zeros({2})));
}
