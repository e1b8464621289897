// SPDX-License-Identifier: Apache-2.0
#include "gan/verdict.hpp"

#include <limits>

#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

/// The best generator that docs/results.md lists in "Verdicts of generators".
JudgedFigures best_figures() {
  return {.swd = 45.3,
          .floor = 38.8,
          .noise = 271.8,
          .swd_n = 143,
          .msssim = .196,
          .msssim_real = .185,
          .memorised = .038,
          .memorised_bound = .12};
}

JudgedFigures fractured(double swd, double msssim) {
  JudgedFigures out = best_figures();
  out.swd = swd;
  out.msssim = msssim;
  return out;
}

std::string word(const JudgedFigures& figures) { return judge(figures, {}).word; }

}  // namespace

TEST_CASE("the verdict on generators of one class, from noise to the best") {
  CHECK(word(fractured(335.5, .096)) == kNotUsableYet);  // noise
  CHECK(word(fractured(314.3, .660)) == kNotUsableYet);  // untrained
  CHECK(word(fractured(311.2, .842)) == kNotUsableYet);  // 1 kimg
  CHECK(word(fractured(142.0, .221)) == kNotUsableYet);  // 6 kimg
  CHECK(word(fractured(74.4, .230)) == kNotUsableYet);   // 12 kimg
  CHECK(word(fractured(56.2, .215)) == kWeak);           // 18 kimg
  CHECK(word(best_figures()) == kUsable);
}

TEST_CASE("the DCGAN of 60 kimg is weak, the recipe of 122 kimg usable") {
  JudgedFigures figures{.swd = 35 + 16.8,
                        .floor = 35,
                        .noise = 284.5,
                        .swd_n = 142,
                        .msssim = .197,
                        .msssim_real = .199,
                        .memorised = .010,
                        .memorised_bound = .12};
  CHECK(judge(figures, {}).excess == Approx(.0673).margin(1e-4));
  CHECK(word(figures) == kWeak);
  figures.swd = 35 + 4.8;
  CHECK(word(figures) == kUsable);
}

TEST_CASE("each figure alone can lower the verdict, and says so") {
  JudgedFigures figures = best_figures();
  figures.msssim = .43;
  Verdict verdict = judge(figures, {});
  CHECK(verdict.text() ==
        "weak: MS-SSIM 0.430 is 30.1 % of the way from real images 0.185 to copies of one picture "
        "(usable up to 20 %, weak up to 40 %)");
  figures.msssim = 1;
  CHECK(word(figures) == kNotUsableYet);

  figures = best_figures();
  figures.memorised = .13;
  CHECK(contains(judge(figures, {}).text(), "weak: 13.0 % of the images are nearer to training"));
  figures.memorised = .5;
  CHECK(word(figures) == kNotUsableYet);

  figures = best_figures();
  figures.swd_n = 31;
  CHECK(judge(figures, {}).text() ==
        "weak: SWD is from only 31 images on each side (usable from 32)");
  figures.msssim = 1;
  CHECK(judge(figures, {}).reasons.size() == 2);
}

TEST_CASE("the bounds of a verdict are settings") {
  VerdictOptions bounds;
  bounds.usable_excess = .01;
  CHECK(judge(best_figures(), bounds).word == kWeak);
  bounds.weak_excess = .02;
  CHECK(judge(best_figures(), bounds).word == kNotUsableYet);
  GanOptions options;
  options.verdict.usable_similarity = .5;
  const Error error = error_of([&] { options.check(); });
  CHECK(error.code() == Exit::config);
  CHECK(contains(error.what(), "gan.verdict.usable_similarity must be at least 0 and at most"));
}

TEST_CASE("figures that are not finite, and real images like noise, give no good verdict") {
  for (double JudgedFigures::*figure :
       {&JudgedFigures::swd, &JudgedFigures::msssim, &JudgedFigures::memorised}) {
    JudgedFigures figures = best_figures();
    figures.*figure = std::numeric_limits<double>::quiet_NaN();
    CHECK(word(figures) == kNotUsableYet);
  }
  JudgedFigures figures = best_figures();
  figures.noise = figures.floor;
  CHECK(word(figures) == kNotUsableYet);
  figures.swd = figures.floor;
  CHECK(word(figures) == kUsable);
}

TEST_CASE("measured on drawn pictures: unseen ones are usable, noise and one picture are not") {
  const auto pictures = [](uint64_t first, uint64_t count) {
    std::vector<cv::Mat> out;
    for (uint64_t i = first; i < first + count; ++i) out.push_back(tiny_picture(i, 32, 32));
    return out;
  };
  const RealImages real{pictures(100, 80)};
  const auto measured = [&](const std::vector<cv::Mat>& drawn) {
    Json json = evaluate_gan(drawn, real, {}, 1);
    CHECK_FALSE(verdict_in(json, "it"));
    add_verdict(json, {});
    return verdict_in(json, "it")->word;
  };
  CHECK(measured(pictures(0, 40)) == kUsable);
  CHECK(measured(std::vector<cv::Mat>(40, tiny_picture(1, 32, 32))) == kNotUsableYet);
  std::vector<cv::Mat> noise(40);
  Rng rng(3);
  for (auto& image : noise) {
    image.create(32, 32, CV_8UC1);
    for (int i = 0; i < 1024; ++i) image.data[i] = static_cast<uint8_t>(rng.uniform(0, 255));
  }
  CHECK(measured(noise) == kNotUsableYet);
  Json part = evaluate_gan(noise, real, parse_gan_metrics("swd"), 1);
  add_verdict(part, {});
  CHECK_FALSE(part.contains("verdict"));
}

TEST_CASE("a run keeps the verdict on its best checkpoint only") {
  const TinyRun& tiny = TinyRun::get();
  const std::string digest = digest_in(tiny.run / "checkpoints" / "best.safetensors");
  const auto verdict = stored_verdict(tiny.run, digest);
  REQUIRE(verdict);
  CHECK(verdict->word == kNotUsableYet);
  CHECK(verdict->text() ==
        stored_verdict(tiny.run / "checkpoints" / "best.safetensors", digest)->text());
  CHECK_FALSE(stored_verdict(tiny.run, "another"));
  CHECK_FALSE(stored_verdict(tiny.run / "checkpoints", digest));
}

TEST_CASE("a run is judged again as at the end of its training") {
  const TinyRun& tiny = TinyRun::get();
  const ScratchFolder scratch;
  const Path run = scratch / "run";
  std::filesystem::copy(tiny.run, run, std::filesystem::copy_options::recursive);
  const std::string before = read_file(run / "judgement.json");
  std::filesystem::remove(run / "judgement.json");
  judge_run(run, Store(tiny.store), {}, Compute{});
  CHECK(read_file(run / "judgement.json") == before);

  write_tiny_store(scratch / "other.h5", {24, 16, 8, 60, 8});
  const Error error = error_of([&] { judge_run(run, Store(scratch / "other.h5"), {}, Compute{}); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "was not trained on"));
}

TEST_CASE("a damaged verdict is told with its file") {
  const ScratchFolder scratch;
  for (const Json& verdict : {Json("usable"), Json{{"word", "fine"}, {"reasons", Json::array()}}}) {
    write_json(scratch / "judgement.json", {{"generator", "a"}, {"verdict", verdict}});
    const Error error = error_of([&] { stored_verdict(scratch.path(), "a"); });
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), "judgement.json"));
  }
}
