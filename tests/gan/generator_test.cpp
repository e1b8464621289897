// SPDX-License-Identifier: Apache-2.0
#include "gan/networks.hpp"
#include "nn/checkpoint.hpp"
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

Path best() { return TinyRun::get().run / "checkpoints" / "best.safetensors"; }

Error opening(const Path& path) {
  return error_of([&] { Generator(path, Compute{}); });
}

}  // namespace

TEST_CASE("a generator knows what it draws") {
  const Generator generator(TinyRun::get().run, Compute{});
  CHECK(generator.height() == 24);
  CHECK(generator.width() == 16);
  CHECK(generator.value_max() == 255);
  CHECK(generator.class_name() == "Rare");
  CHECK(generator.digest() == digest_in(best()));
  CHECK(generator.facts()["images"] == 54);
  CHECK(generator.facts()["store"] == Store(TinyRun::get().store).content_digest());
}

TEST_CASE("image i does not depend on how many are asked for at once") {
  const Generator generator(best(), Compute{});
  const auto ten = generator.sample(0, 10, drawing(3));
  REQUIRE(ten.size() == 10);
  CHECK(ten[0].size() == cv::Size(16, 24));
  CHECK(ten[0].type() == CV_8UC1);
  CHECK(same_pixels(generator.sample(5, 1, drawing(3))[0], ten[5]));
  const auto many = generator.sample(0, 140, drawing(3));
  const auto across = generator.sample(60, 70, drawing(3));
  REQUIRE(across.size() == 70);
  for (size_t i = 0; i < across.size(); ++i) REQUIRE(same_pixels(across[i], many[60 + i]));
  CHECK(generator.sample(7, 0, drawing(3)).empty());
}

TEST_CASE("images differ from each other and between seeds, and come again with their seed") {
  const Generator generator(best(), Compute{}), again(best(), Compute{});
  const auto images = generator.sample(0, 3, drawing(3));
  CHECK_FALSE(same_pixels(images[0], images[1]));
  CHECK_FALSE(same_pixels(generator.sample(0, 1, drawing(4))[0], images[0]));
  CHECK(same_pixels(again.sample(0, 1, drawing(3))[0], images[0]));
}

TEST_CASE("a 16-bit store gives a generator of 16 bits") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "deep.h5", {24, 16, 16, 54, 0});
  train_tiny(scratch / "run", scratch / "deep.h5");
  const Generator generator(scratch / "run", Compute{});
  CHECK(generator.value_max() == 65535);
  const cv::Mat image = generator.sample(0, 1, drawing(1))[0];
  CHECK(image.type() == CV_16UC1);
  double low = 0, high = 0;
  cv::minMaxLoc(image, &low, &high);
  CHECK(high > 255);
}

TEST_CASE("a generator with a flipped byte is refused, wherever it lies") {
  const ScratchFolder scratch;
  const std::string whole = read_file(best());
  const size_t metadata =
      whole.find("\"Rare\\\"") == std::string::npos ? whole.find("Rare") : whole.find("Rare\\\"");
  REQUIRE(metadata != std::string::npos);
  std::vector<size_t> places{0, 9, metadata, whole.size() - 1};
  for (size_t at = 20; at < whole.size(); at += whole.size() / 40) places.push_back(at);
  for (const size_t at : places) {
    INFO(at);
    std::string bytes = whole;
    bytes[at] ^= 1;
    write_atomic(scratch / "g.safetensors", bytes);
    CHECK(opening(scratch / "g.safetensors").code() == Exit::bad_data);
  }
  write_atomic(scratch / "g.safetensors", whole.substr(0, whole.size() - 1));
  CHECK(opening(scratch / "g.safetensors").code() == Exit::bad_data);
  write_atomic(scratch / "g.safetensors", whole);
  CHECK(opening(scratch / "g.safetensors").code() == Exit::done);
}

TEST_CASE("what is no generator is refused with its name") {
  const ScratchFolder scratch;
  const Path path = scratch / "g.safetensors";
  const TensorFile good = read_safetensors(best());
  const auto changed = [&](const std::function<void(TensorFile&)>& change) {
    TensorFile file = good;
    change(file);
    write_safetensors(path, file);
    const Error error = opening(path);
    CHECK(contains(error.what(), "g.safetensors"));
    return error;
  };
  const auto facts = [&](const std::string& key, const Json& value) {
    return changed([&](TensorFile& f) {
      Json json = Json::parse(f.metadata.at("facts"));
      json[key] = value;
      f.metadata["facts"] = json.dump();
    });
  };
  CHECK(contains(changed([](TensorFile& f) { f.metadata["kind"] = "classifier"; }).what(),
                 "is not a generator"));
  for (const std::string key : {"kind", "config", "facts"}) {
    INFO(key);
    const Error error = changed([&](TensorFile& f) { f.metadata.erase(key); });
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), "not made by evenray"));
  }
  for (const std::string text : {"{", "[]", "{}", "7"}) {
    INFO(text);
    CHECK(changed([&](TensorFile& f) { f.metadata["facts"] = text; }).code() == Exit::bad_data);
  }
  CHECK(facts("size_px", {24}).code() == Exit::bad_data);
  CHECK(facts("size_px", {23, 16}).code() == Exit::bad_data);
  CHECK(facts("size_px", {32, 16}).code() == Exit::bad_data);
  // Nothing of this size is built.
  CHECK(facts("size_px", {4096, 4096}).code() == Exit::bad_data);
  CHECK(facts("size_px", {16, 1 << 30}).code() == Exit::bad_data);
  CHECK(changed([](TensorFile& f) {
          f.metadata["config"] = "[gan]\nlatent = 1\nngf = 4096\n";
        }).code() == Exit::bad_data);
  CHECK(facts("class", 3).code() == Exit::bad_data);
  CHECK(facts("where", 3).code() == Exit::bad_data);
  CHECK(facts("class_counts", {5}).code() == Exit::bad_data);
  for (const int level : {-1, 3, 1 << 20}) CHECK(facts("level", level).code() == Exit::bad_data);
  for (const double alpha : {-.1, 1.1}) CHECK(facts("alpha", alpha).code() == Exit::bad_data);
  CHECK(facts("value_max", 0).code() == Exit::bad_data);
  for (const std::string text : {"[gan]\nlatent = 0\n", "[gan]\nlatant = 6\n", "[gan", ""}) {
    INFO(text);
    CHECK(changed([&](TensorFile& f) { f.metadata["config"] = text; }).code() == Exit::bad_data);
  }
  CHECK(changed([](TensorFile& f) { f.tensors.erase("ema.body.0.weight"); }).code() ==
        Exit::bad_data);
}

TEST_CASE("a generator that is not there") {
  const ScratchFolder scratch;
  CHECK(opening(scratch / "g.safetensors").code() == Exit::missing_input);
  CHECK(opening(scratch.path()).code() == Exit::missing_input);
}

TEST_CASE("truncated latents stay within their limit, and change the images") {
  const auto narrow = latents(Rng(4), 0, 300, 20, .5);
  CHECK(narrow.abs().max().item<double>() <= .5);
  CHECK(narrow.abs().max().item<double>() > .49);
  const Generator generator(best(), Compute{});
  Drawing truncated = drawing(3);
  truncated.truncation = .5;
  CHECK_FALSE(
      same_pixels(generator.sample(0, 1, truncated)[0], generator.sample(0, 1, drawing(3))[0]));
  truncated.truncation = .01;
  CHECK(error_of([&] { generator.sample(0, 1, truncated); }).code() == Exit::usage);
}

TEST_CASE("an interpolation begins and ends with images that are drawn") {
  const Generator generator(best(), Compute{});
  const auto sheet = generator.interpolate(2, 5, drawing(3));
  const auto drawn = generator.sample(0, 4, drawing(3));
  REQUIRE(sheet.size() == 10);
  const auto differ = [](const cv::Mat& a, const cv::Mat& b) {
    return cv::norm(a, b, cv::NORM_INF);
  };
  CHECK(differ(sheet[0], drawn[0]) <= 1);
  CHECK(differ(sheet[4], drawn[1]) <= 1);
  CHECK(differ(sheet[5], drawn[2]) <= 1);
  CHECK(differ(sheet[9], drawn[3]) <= 1);
  CHECK(differ(sheet[2], sheet[0]) > 1);
}
