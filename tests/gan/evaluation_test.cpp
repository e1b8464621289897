// SPDX-License-Identifier: Apache-2.0
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

std::vector<cv::Mat> pictures(uint64_t first, uint64_t count, int bits = 8) {
  std::vector<cv::Mat> out;
  for (uint64_t i = first; i < first + count; ++i) out.push_back(tiny_picture(i, 32, 32, bits));
  return out;
}

std::vector<std::string> keys_of(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

}  // namespace

TEST_CASE("an evaluation has the promised keys") {
  const Json json = evaluate_gan(pictures(0, 10), pictures(50, 21), {}, 1);
  CHECK(keys_of(json) ==
        std::vector<std::string>{"schema", "n_fake", "n_real", "swd", "msssim", "memorisation"});
  CHECK(json["schema"] == "evenray-gan-eval-1");
  CHECK(json["n_fake"] == 10);
  CHECK(json["n_real"] == 21);
  CHECK(keys_of(json["swd"]) == std::vector<std::string>{"levels", "mean", "n", "floor"});
  CHECK(keys_of(json["swd"]["levels"]) == std::vector<std::string>{"32", "16"});
  CHECK(json["swd"]["n"] == 10);
  CHECK(json["swd"]["floor"]["n"] == 10);
  CHECK(json["swd"]["floor"]["mean"] > 0);
  CHECK(json["swd"]["mean"].get<double>() == Approx((json["swd"]["levels"]["32"].get<double>() +
                                                     json["swd"]["levels"]["16"].get<double>()) /
                                                    2));
  CHECK(keys_of(json["msssim"]) == std::vector<std::string>{"fake", "real"});
  CHECK(keys_of(json["memorisation"]) ==
        std::vector<std::string>{"nearest_ratio", "authentic", "flagged"});
}

TEST_CASE("an evaluation is a function of its seed, and of the metrics that are asked for") {
  const auto fake = pictures(0, 8), real = pictures(50, 8);
  const auto evaluating = [&](uint64_t seed) {
    return evaluate_gan(fake, real, parse_gan_metrics("swd,memorisation"), seed);
  };
  const Json first = evaluating(1);
  CHECK(keys_of(first) ==
        std::vector<std::string>{"schema", "n_fake", "n_real", "swd", "memorisation"});
  CHECK(evaluating(1) == first);
  CHECK(evaluating(2)["swd"] != first["swd"]);
}

TEST_CASE("SWD and its floor are of equally many images") {
  const auto counts = [](uint64_t fake, uint64_t real) {
    const Json swd =
        evaluate_gan(pictures(0, fake), pictures(50, real), parse_gan_metrics("swd"), 1)["swd"];
    CHECK(swd["n"] == swd["floor"]["n"]);
    return swd["n"].get<int>();
  };
  CHECK(counts(10, 9) == 4);
  CHECK(counts(3, 9) == 3);
}

TEST_CASE("16-bit pictures are judged as their 8-bit selves would be") {
  const auto swd = [](int bits) {
    return evaluate_gan(pictures(0, 8, bits), pictures(50, 8, bits), parse_gan_metrics("swd"), 1)
        .at("swd")
        .at("mean")
        .get<double>();
  };
  CHECK(swd(16) == Approx(swd(8)).epsilon(.05));
}

TEST_CASE("copies of training images and a collapsed generator are seen as such") {
  const auto real = pictures(50, 12);
  const Json copied = evaluate_gan(pictures(50, 6), real, parse_gan_metrics("memorisation"), 1);
  CHECK(copied["memorisation"]["flagged"] == 6);
  CHECK(copied["memorisation"]["authentic"] == 0.);
  const Json collapsed = evaluate_gan(
      std::vector<cv::Mat>(8, tiny_picture(7, 32, 32)), real, parse_gan_metrics("msssim"), 1);
  CHECK(collapsed["msssim"]["fake"].get<double>() == Approx(1));
  CHECK(collapsed["msssim"]["real"] < .95);
}

TEST_CASE("sets that cannot be compared are refused") {
  const auto evaluating = [](const std::vector<cv::Mat>& fake, const std::vector<cv::Mat>& real) {
    return error_of([&] { evaluate_gan(fake, real, parse_gan_metrics("swd,memorisation"), 1); });
  };
  CHECK(evaluating(pictures(0, 2), pictures(50, 4)).code() == Exit::done);
  CHECK(evaluating(pictures(0, 1), pictures(50, 4)).code() == Exit::bad_data);
  CHECK(evaluating(pictures(0, 2), pictures(50, 3)).code() == Exit::bad_data);
  CHECK(evaluating(pictures(0, 2, 16), pictures(50, 4)).code() == Exit::bad_data);
  const std::vector<cv::Mat> taller(3, tiny_picture(1, 48, 32));
  CHECK(contains(evaluating(taller, pictures(50, 4)).what(),
                 "a drawn image is 48x32 px of 8 bits, the first real one 32x32 px of 8 bits"));
  auto mixed = pictures(50, 5);
  mixed.back() = taller[0];
  for (const char* metrics : {"swd", "msssim", "memorisation"}) {
    const Error error =
        error_of([&] { evaluate_gan(pictures(0, 2), mixed, parse_gan_metrics(metrics), 1); });
    CHECK(error.code() == Exit::bad_data);
    CHECK(contains(error.what(), "a real image is 48x32"));
  }
}

TEST_CASE("metrics by name") {
  const GanMetrics two = parse_gan_metrics("swd, memorisation");
  CHECK(two.swd);
  CHECK(two.memorisation);
  CHECK_FALSE(two.msssim);
  const Error error = error_of([] { parse_gan_metrics("swd,fid"); });
  CHECK(error.code() == Exit::usage);
  CHECK(contains(error.what(), "unknown metric 'fid' (known: swd, msssim, memorisation)"));
}
