// SPDX-License-Identifier: Apache-2.0
#include "gan/examiner.hpp"

#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

RealImages examiner_pictures(uint64_t first, uint64_t count) {
  RealImages out;
  for (uint64_t i = first; i < first + count; ++i) {
    out.images.push_back(tiny_picture(i, 32, 32));
    out.groups.push_back(cat("patient", i / 2));
  }
  return out;
}

Examination found(double msssim, double share) {
  Examination out;
  out.msssim = msssim;
  out.msssim_real = .2;
  out.closeness.share = share;
  out.closeness.bound = .1;
  return out;
}

}  // namespace

TEST_CASE("an examiner judges by halves of the training images, no group in both") {
  const Examiner examiner(examiner_pictures(0, 60), {}, 512, Rng(1));
  CHECK(examiner.images() == 30);
  CHECK_FALSE(examiner.by_validation());
  const Examination like = examiner.examine(examiner_pictures(500, 30).images);
  CHECK(like.swd == Approx(like.floor).epsilon(.35));
  CHECK(like.msssim == Approx(like.msssim_real).margin(.1));
  CHECK(like.closeness.share < .3);
  const Examination copied = examiner.examine(examiner_pictures(0, 30).images);
  CHECK(copied.closeness.share == 1);
  CHECK_FALSE(copied.original);
  const Examination collapsed =
      examiner.examine(std::vector<cv::Mat>(30, tiny_picture(700, 32, 32)));
  CHECK(collapsed.msssim == Approx(1));
  CHECK(collapsed.swd > 2 * like.swd);
  CHECK(Examiner(examiner_pictures(0, 60), {}, 16, Rng(1)).images() == 16);
}

TEST_CASE("halves of fewer than 8 images tell of nothing: all are compared, without a floor") {
  const auto mostly_of_one = [](size_t others) {
    auto real = examiner_pictures(0, 60);
    for (size_t i = 0; i < real.groups.size(); ++i)
      real.groups[i] = i < others ? cat("patient", i) : "one patient";
    return real;
  };
  const Examiner few(mostly_of_one(7), {}, 512, Rng(1));
  CHECK(few.images() == 60);
  CHECK(std::isnan(few.examine(examiner_pictures(500, 60).images).floor));
  const Examiner enough(mostly_of_one(20), {}, 512, Rng(1));
  CHECK(enough.images() >= 8);
  CHECK(enough.images() <= 20);
  const auto drawn = examiner_pictures(500, static_cast<uint64_t>(enough.images())).images;
  CHECK(std::isfinite(enough.examine(drawn).floor));
}

TEST_CASE("300 validation images are judged by, and memorisation then decides nothing") {
  const Examiner examiner(examiner_pictures(0, 60), examiner_pictures(1000, 300), 512, Rng(1));
  CHECK(examiner.by_validation());
  CHECK(examiner.images() == 150);
  auto known = examiner_pictures(0, 60).images;
  for (int i = 0; i < 90; ++i) known.push_back(known[static_cast<size_t>(i % 60)]);
  CHECK(examiner.examine(known).closeness.share == 1);
  CHECK(examiner.examine(known).original);
  CHECK(Examiner(examiner_pictures(0, 60), examiner_pictures(1000, 299), 512, Rng(1)).images() ==
        30);
}

TEST_CASE("three evaluations in a row with one and the same fault end a training") {
  CollapseWatch watch;
  CHECK_FALSE(watch.see(found(.31, .05), .9));
  CHECK_FALSE(watch.see(found(.31, .05), .9));
  CHECK_FALSE(watch.see(found(.29, .05), .9));  // within .1 of the real ones
  CHECK_FALSE(watch.see(found(.31, .05), .9));
  CHECK_FALSE(watch.see(found(.31, .05), .995));
  CHECK(watch.counts == std::array<int64_t, 3>{2, 1, 0});
  CHECK(contains(watch.see(found(.31, .05), .9).value(), "less diverse"));
  CollapseWatch saturated, memorised;
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(saturated.see(found(.2, .05), .995));
    CHECK_FALSE(memorised.see(found(.2, .11), .9));
  }
  CHECK(contains(saturated.see(found(.2, .05), .995).value(), "saturated"));
  CHECK(contains(memorised.see(found(.2, .11), .9).value(), "drawn again"));
}

TEST_CASE("labels come first, then the full size, then originality, the lower SWD last") {
  // From the best to the worst; from the third on a lower SWD does not make up for the rest.
  const std::vector<Candidate> ranked{{1, true, true, true, 60, {}},
                                      {2, true, true, true, 70, {}},
                                      {3, true, true, false, 50, {}},
                                      {4, true, false, true, 40, {}},
                                      {5, false, true, true, 30, {}},
                                      {}};
  for (size_t better = 0; better < ranked.size(); ++better)
    for (size_t worse = 0; worse < ranked.size(); ++worse) {
      CAPTURE(better, worse);
      CHECK(ranked[better].better_than(ranked[worse]) == (better < worse));
    }
}

TEST_CASE("the lowest SWD of all evaluations is kept, of the first half of the run, too") {
  const ScratchFolder scratch;
  write_tiny_store(scratch / "set.h5");
  GanOptions options = tiny_options();
  options.total_kimg = .16;
  options.eval_every_kimg = .008;
  options.early_stop = false;
  options.lr_g = options.lr_d = .5;  // it soon gets worse
  train_tiny(scratch / "run", scratch / "set.h5", "Rare", options);
  double lowest = INFINITY, lowest_at = 0;
  for (const auto& text : split_text(read_file(scratch / "run/events.jsonl"), '\n')) {
    if (!contains(text, "\"swd\"")) continue;
    const Json line = Json::parse(text);
    CHECK(line["kept"] == (line["swd"] < lowest));
    if (line["kept"]) lowest_at = line["kimg"];
    lowest = std::min(lowest, line["swd"].get<double>());
  }
  CHECK(lowest_at < .08);
  CHECK(read_json(scratch / "run/metrics.json")["best_kimg"] == lowest_at);
}
