// SPDX-License-Identifier: Apache-2.0
#include "gan/judgement.hpp"

#include "dataset/files/image_file.hpp"
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

std::vector<cv::Mat> judgement_pictures(uint64_t first, uint64_t count, int bits = 8) {
  std::vector<cv::Mat> out;
  for (uint64_t i = first; i < first + count; ++i) out.push_back(tiny_picture(i, 32, 24, bits));
  return out;
}

}  // namespace

TEST_CASE("a judgement leaves figures, spectra and two sheets") {
  const ScratchFolder scratch;
  const Path run = scratch.path();
  write_judgement(run, judgement_pictures(0, 40), {judgement_pictures(50, 44)}, {.seed = 3});
  const Json json = read_json(run / "judgement.json");
  CHECK(json["schema"] == "evenray-gan-judgement-1");
  CHECK(json["n_fake"] == 40);
  CHECK(json["n_real"] == 44);
  for (const char* key : {"swd", "msssim", "memorisation"}) CHECK(json.contains(key));
  CHECK(verdict_in(json, "it")->word == kWeak);  // 22 images on each side of SWD
  CHECK(json["spectrum"]["n"] == 40);
  for (const char* key : {"frequency", "fake", "real"}) CHECK(json["spectrum"][key].size() == 12);
  CHECK(json["spectrum"]["frequency"][11] == .5);
  // Images as alike as these have spectra as alike.
  for (size_t i = 0; i < 12; ++i)
    CHECK(json["spectrum"]["fake"][i].get<double>() ==
          Approx(json["spectrum"]["real"][i].get<double>()).margin(.2));

  // 8 x 4 images of 96 x 128 px, and 4 pairs a row with a line of text below each.
  const cv::Mat real = read_whole_image(run / "samples" / "real.png"),
                nearest = read_whole_image(run / "samples" / "nearest.png");
  CHECK(real.size() == cv::Size(8 * 102 + 6, 4 * 134 + 6));
  CHECK(nearest.size() == cv::Size(8 * 102 + 6, 8 * 148 + 6));
}

TEST_CASE("a judgement is a function of images and seed") {
  const ScratchFolder scratch;
  const auto judged = [&](const char* name, uint64_t seed) {
    write_judgement(scratch / name,
                    judgement_pictures(0, 9, 16),
                    {judgement_pictures(50, 40, 16)},
                    {.seed = seed});
    return read_file(scratch / name / "judgement.json") +
           read_file(scratch / name / "samples" / "real.png");
  };
  const std::string first = judged("a", 3);
  CHECK(judged("b", 3) == first);
  CHECK(judged("c", 4) != first);
}

TEST_CASE("the nearest pairs begin with the copies") {
  const ScratchFolder scratch;
  auto drawn = judgement_pictures(0, 6);
  const auto real = judgement_pictures(50, 8);
  drawn[4] = real[2];
  write_judgement(scratch.path(), drawn, {real}, {.seed = 1});
  const cv::Mat sheet = read_whole_image(scratch.path() / "samples" / "nearest.png");
  const auto cell = [&](int column) { return sheet(cv::Rect(6 + column * 102, 6, 96, 128)); };
  CHECK(cv::norm(cell(0), cell(1), cv::NORM_INF) == 0);
  CHECK(cv::norm(cell(2), cell(3), cv::NORM_INF) > 0);
  CHECK(read_json(scratch.path() / "judgement.json")["memorisation"]["flagged"] == 1);
}

TEST_CASE("too few images leave no judgement") {
  const ScratchFolder scratch;
  const Error error = error_of([&] {
    write_judgement(
        scratch.path(), judgement_pictures(0, 1), {judgement_pictures(50, 9)}, {.seed = 1});
  });
  CHECK(error.code() == Exit::bad_data);
  CHECK(std::filesystem::is_empty(scratch.path()));
}
