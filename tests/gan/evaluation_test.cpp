// SPDX-License-Identifier: Apache-2.0
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

std::vector<cv::Mat> evaluation_pictures(uint64_t first, uint64_t count, int bits = 8) {
  std::vector<cv::Mat> out;
  for (uint64_t i = first; i < first + count; ++i) out.push_back(tiny_picture(i, 32, 32, bits));
  return out;
}

/// Pictures whose features are their own: shade and slope, drawn at random beside 20 + `first`.
std::vector<cv::Mat> shades(uint64_t first, uint64_t count) {
  std::vector<cv::Mat> out;
  for (uint64_t i = first; i < first + count; ++i) {
    Rng rng = Rng(3).fork("shade", i);
    cv::Mat image = tiny_picture(i, 16, 16) * .1;
    image += cv::Scalar(static_cast<double>(first) / 2 + rng.uniform(20, 60));
    out.push_back(image);
  }
  return out;
}

struct Shades final : Features {
  std::string name() const override { return "shades"; }
  std::string digest() const override { return "0"; }
  torch::Tensor of(const std::vector<cv::Mat>& images) const override {
    std::vector<torch::Tensor> rows;
    for (const auto& image : images) {
      cv::Scalar mean, deviation;
      cv::meanStdDev(image, mean, deviation);
      rows.push_back(torch::tensor({mean[0], deviation[0]}, torch::kFloat));
    }
    return torch::stack(rows);
  }
};

std::vector<std::string> keys_of(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

}  // namespace

TEST_CASE("an evaluation has the promised keys") {
  const Json json = evaluate_gan(evaluation_pictures(0, 10), {evaluation_pictures(50, 21)}, {}, 1);
  CHECK(keys_of(json) ==
        std::vector<std::string>{"schema", "n_fake", "n_real", "swd", "msssim", "memorisation"});
  CHECK(json["schema"] == "evenray-gan-eval-1");
  CHECK(json["n_fake"] == 10);
  CHECK(json["n_real"] == 21);
  CHECK(keys_of(json["swd"]) == std::vector<std::string>{"levels", "mean", "n", "floor", "noise"});
  CHECK(keys_of(json["swd"]["levels"]) == std::vector<std::string>{"32", "16"});
  CHECK(json["swd"]["n"] == 10);
  CHECK(json["swd"]["floor"]["n"] == 10);
  CHECK(json["swd"]["floor"]["mean"] > 0);
  CHECK(json["swd"]["mean"].get<double>() == Approx((json["swd"]["levels"]["32"].get<double>() +
                                                     json["swd"]["levels"]["16"].get<double>()) /
                                                    2));
  CHECK(keys_of(json["msssim"]) == std::vector<std::string>{"fake", "real"});
  CHECK(keys_of(json["memorisation"]) == std::vector<std::string>{"nearest_ratio",
                                                                  "nearest_ratio_real",
                                                                  "flagged",
                                                                  "authentic",
                                                                  "authentic_real",
                                                                  "share",
                                                                  "bound",
                                                                  "threshold",
                                                                  "threshold_of",
                                                                  "drops",
                                                                  "nearest"});
  CHECK(json["memorisation"]["threshold_of"] == "train");
}

TEST_CASE("an evaluation is a function of its seed, and of the metrics that are asked for") {
  const auto fake = evaluation_pictures(0, 8), real = evaluation_pictures(50, 8);
  const auto evaluating = [&](uint64_t seed) {
    return evaluate_gan(fake, {real}, parse_gan_metrics("swd,memorisation"), seed);
  };
  const Json first = evaluating(1);
  CHECK(keys_of(first) ==
        std::vector<std::string>{"schema", "n_fake", "n_real", "swd", "memorisation"});
  CHECK(evaluating(1) == first);
  CHECK(evaluating(2)["swd"] != first["swd"]);
}

TEST_CASE("SWD and its floor are of equally many images") {
  const auto counts = [](uint64_t fake, uint64_t real) {
    const Json swd = evaluate_gan(evaluation_pictures(0, fake),
                                  {evaluation_pictures(50, real)},
                                  parse_gan_metrics("swd"),
                                  1)["swd"];
    CHECK(swd["n"] == swd["floor"]["n"]);
    return swd["n"].get<int>();
  };
  CHECK(counts(10, 9) == 4);
  CHECK(counts(3, 9) == 3);
}

TEST_CASE("16-bit pictures are judged as their 8-bit selves would be") {
  const auto swd = [](int bits) {
    return evaluate_gan(evaluation_pictures(0, 8, bits),
                        {evaluation_pictures(50, 8, bits)},
                        parse_gan_metrics("swd"),
                        1)
        .at("swd")
        .at("mean")
        .get<double>();
  };
  CHECK(swd(16) == Approx(swd(8)).epsilon(.05));
}

TEST_CASE("copies of training images and a collapsed generator are seen as such") {
  const auto real = evaluation_pictures(50, 12);
  const Json copied =
      evaluate_gan(evaluation_pictures(50, 6), {real}, parse_gan_metrics("memorisation"), 1);
  CHECK(copied["memorisation"]["flagged"] == 6);
  CHECK(copied["memorisation"]["authentic"] == 0.);
  const Json collapsed = evaluate_gan(
      std::vector<cv::Mat>(8, tiny_picture(7, 32, 32)), {real}, parse_gan_metrics("msssim"), 1);
  CHECK(collapsed["msssim"]["fake"].get<double>() == Approx(1));
  CHECK(collapsed["msssim"]["real"] < .95);
}

TEST_CASE("sets that cannot be compared are refused") {
  const auto evaluating = [](const std::vector<cv::Mat>& fake, const std::vector<cv::Mat>& real) {
    return error_of([&] { evaluate_gan(fake, {real}, parse_gan_metrics("swd,memorisation"), 1); });
  };
  CHECK(evaluating(evaluation_pictures(0, 2), evaluation_pictures(50, 4)).code() == Exit::done);
  CHECK(evaluating(evaluation_pictures(0, 1), evaluation_pictures(50, 4)).code() == Exit::bad_data);
  CHECK(evaluating(evaluation_pictures(0, 2), evaluation_pictures(50, 3)).code() == Exit::bad_data);
  CHECK(evaluating(evaluation_pictures(0, 2, 16), evaluation_pictures(50, 4)).code() ==
        Exit::bad_data);
  const std::vector<cv::Mat> taller(3, tiny_picture(1, 48, 32));
  CHECK(contains(
      evaluating(taller, evaluation_pictures(50, 4)).what(),
      "a drawn image is 48x32 px of 8 bits, but the first real image is 32x32 px of 8 bits"));
  auto mixed = evaluation_pictures(50, 5);
  mixed.back() = taller[0];
  for (const char* metrics : {"swd", "msssim", "memorisation"}) {
    const Error error = error_of(
        [&] { evaluate_gan(evaluation_pictures(0, 2), {mixed}, parse_gan_metrics(metrics), 1); });
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), "a real image is 48x32"));
  }
}

TEST_CASE("features are compared at one n with their floor") {
  const Shades features;
  const RealImages real{shades(0, 40)};
  const Json json =
      evaluate_gan(shades(100, 30), real, parse_gan_metrics("kid,fid,prdc"), 1, &features);
  CHECK(keys_of(json) == std::vector<std::string>{"schema",
                                                  "n_fake",
                                                  "n_real",
                                                  "extractor",
                                                  "kid",
                                                  "fid",
                                                  "precision",
                                                  "recall",
                                                  "density",
                                                  "coverage",
                                                  "floor"});
  CHECK(json["extractor"] == Json{{"name", "shades"}, {"digest", "0"}, {"dimension", 2}});
  CHECK(json["floor"]["n"] == 20);
  // Drawn images of other shades are far off, real ones of the other half are not.
  CHECK(json["fid"] > 10 * json["floor"]["fid"].get<double>());
  CHECK(json["precision"] == 0.);
  CHECK(json["floor"]["precision"] > .5);
  const Json alike = evaluate_gan(shades(0, 40), real, parse_gan_metrics("fid"), 1, &features);
  CHECK(alike["fid"] < .1 * json["fid"].get<double>());
  CHECK_FALSE(alike.contains("kid"));
  CHECK_FALSE(alike["floor"].contains("precision"));
  CHECK(error_of([&] {
          evaluate_gan(shades(0, 5), real, parse_gan_metrics("prdc"), 1, &features);
        }).code() == Exit::bad_data);
}

TEST_CASE("no group lies on both sides of a floor, nor in a pair of the real diversity") {
  // Pairs of equal images, each a group: split within groups, the floor would be near 0.
  RealImages twins;
  for (uint64_t i = 0; i < 24; ++i) {
    twins.images.push_back(tiny_picture(i / 2, 32, 32));
    twins.groups.push_back(cat("p", i / 2));
  }
  const auto floor = [](const RealImages& real) {
    return evaluate_gan(evaluation_pictures(50, 12),
                        real,
                        parse_gan_metrics("swd"),
                        1)["swd"]["floor"]["mean"]
        .get<double>();
  };
  const double apart = floor(twins);
  twins.groups.clear();
  CHECK(apart > 1.1 * floor(twins));
  twins.groups.assign(24, "one");
  const Error error = error_of([&] { floor(twins); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "all real images are of group 'one'"));
}

TEST_CASE("copies in features are told by number") {
  const Shades features;
  auto fake = shades(0, 3);
  fake.push_back(shades(300, 1)[0]);
  const Json found = evaluate_gan(
      fake, {shades(0, 40)}, parse_gan_metrics("memorisation"), 1, &features)["memorisation"];
  CHECK(found["features"]["drops"] == Json{0, 1, 2});
  CHECK(found["features"]["share"] == .75);
  CHECK(keys_of(found["features"]) == std::vector<std::string>{"authentic",
                                                               "authentic_real",
                                                               "share",
                                                               "bound",
                                                               "threshold",
                                                               "threshold_of",
                                                               "drops",
                                                               "nearest"});
  REQUIRE(found["nearest"].size() == 4);  // in pixels
  REQUIRE(found["features"]["nearest"].size() == 4);
  for (int i = 0; i < 3; ++i) {
    CHECK(found["features"]["nearest"][i][0] == i);
    CHECK(found["features"]["nearest"][i][1] == 0);
  }
}

TEST_CASE("real images of a store: of the class, with groups and those of val") {
  const TinyRun& tiny = TinyRun::get();
  const Store store(tiny.store);
  const RealImages rare = real_images(store, "Rare");
  CHECK(rare.images.size() == 54);
  CHECK(rare.groups.size() == 54);
  CHECK(rare.groups[0] == store.part("train").groups[0]);
  CHECK(rare.ids[53] == store.part("train").ids[53]);
  CHECK(rare.held_out.size() == 1);
  CHECK(real_images(store, "").images.size() == 62);
  CHECK(real_images(store, "Common").held_out.empty());
  CHECK(error_of([&] { real_images(store, "None"); }).code() == Exit::bad_data);
}

TEST_CASE("metrics by name") {
  const GanMetrics two = parse_gan_metrics("swd, memorisation");
  CHECK(two.swd);
  CHECK(two.memorisation);
  CHECK_FALSE(two.msssim);
  CHECK_FALSE(two.needs_features());
  CHECK(parse_gan_metrics("prdc").needs_features());
  const Error error = error_of([] { parse_gan_metrics("swd,lpips"); });
  CHECK(error.code() == Exit::usage);
  CHECK(contains(error.what(),
                 "unknown metric 'lpips' (known: swd, msssim, kid, fid, prdc, memorisation)"));
}
