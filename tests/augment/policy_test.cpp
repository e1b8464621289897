// SPDX-License-Identifier: Apache-2.0
#include "augment/policy.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "augment/pipeline.hpp"
#include "tests/augment/pictures.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("tables, values and pictures of all 75 sub-policies are torchvision's") {
  const Json golden = golden_json("augment/policies.json");
  const cv::Mat limb = golden_picture(golden_json("augment/operations.json"), "limb");
  int cases = 0;
  for (const Json& entry : golden["cases"]) {
    const Policy policy = find_policy(std::string(entry["policy"]));
    REQUIRE(policy.sub_policies.size() == 25);
    const auto& slots = policy.sub_policies.at(entry["sub_policy"]);
    REQUIRE(slots.size() == entry["ops"].size());
    INFO(entry["policy"] << " " << entry["sub_policy"]);
    std::vector<Operation> operations;
    for (size_t i = 0; i < slots.size(); ++i) {
      const Json& op = entry["ops"][i];
      CHECK(operation_info(slots[i].op).name == std::string(op["op"]));
      CHECK(slots[i].probability == double(op["probability"]));
      CHECK(slots[i].bin == (op["bin"].is_null() ? -1 : int(op["bin"])));
      operations.push_back(binned_operation(Magnitudes::auto_augment,
                                            slots[i].op,
                                            std::max(slots[i].bin, 0),
                                            entry["positive"],
                                            limb.size()));
      if (!op["value"].is_null()) CHECK(operations.back().value == double(op["value"]));
    }
    const cv::Mat out = apply_operations(limb, {}, operations, policy.sampling, Rng(1)).image;
    const std::string bytes(reinterpret_cast<const char*>(out.data), out.total());
    CHECK(sha256_hex(bytes) == std::string(entry["sha256"]));
    ++cases;
  }
  CHECK(cases == 150);
}

TEST_CASE("an unknown policy is refused with the known names") {
  const Error error = error_of([] { find_policy("imagnet"); });
  CHECK(error.code() == Exit::usage);
  CHECK(contains(error.what(), "cifar10"));
  CHECK(contains(error.what(), "did you mean 'imagenet'"));
  CHECK(join(policy_names()) ==
        "imagenet, cifar10, svhn, xray, xray-noflip, randaugment, trivialaugment, augmix, "
        "randaugment-radiograph, trivialaugment-radiograph, augmix-radiograph, det_v0, det_v1, "
        "det_v2, det_v3, det_v0-radiograph, det_v1-radiograph, det_v2-radiograph, "
        "det_v3-radiograph");
}

TEST_CASE("sub-policies, probabilities and signs are drawn as the table says") {
  const Policy policy = find_policy("svhn");
  std::map<int, int> drawn;
  int sheared = 0, first = 0, left = 0;
  constexpr int kDraws = 20000;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const PolicyDraw draw = draw_operations(policy, {64, 80}, Rng(7).fork("draw", i));
    ++drawn[draw.sub_policy];
    if (draw.sub_policy != 0) continue;
    ++first;
    for (const Operation& operation : draw.operations) {
      if (operation.op != Op::shear_x) continue;
      ++sheared;
      left += operation.value < 0;
    }
  }
  CHECK(drawn.size() == 25);
  for (const auto& [sub_policy, n] : drawn) CHECK(n == Approx(kDraws / 25).margin(120));
  CHECK(double(sheared) / first == Approx(.9).margin(.04));
  CHECK(double(left) / sheared == Approx(.5).margin(.07));
}

TEST_CASE("a recipe says what was done, to the last bit") {
  const cv::Mat limb = golden_picture(golden_json("augment/operations.json"), "limb");
  for (const std::string& name : policy_names()) {
    const Policy policy = find_policy(name);
    for (uint64_t i = 0; i < 40; ++i) {
      const Rng rng = Rng(3).fork("image", i);
      const PolicyResult result = apply_policy(policy, limb, {}, rng);
      CHECK(differing_pixels(result.augmented.image,
                             apply_policy(policy, limb, {}, rng).augmented.image) == 0);
      const std::string operations = result.recipe.substr(result.recipe.find(' ') + 1);
      const Rng apply = rng.fork("apply");
      const auto list = [&] {
        return operations == "-" ? std::vector<Operation>{} : parse_operations(operations);
      };
      const cv::Mat replayed =
          is_mixture(operations)
              ? apply_mixture(limb, {}, parse_mixture(operations), policy.sampling, apply).image
              : apply_operations(limb, {}, list(), policy.sampling, apply).image;
      INFO(result.recipe);
      CHECK(differing_pixels(result.augmented.image, replayed) == 0);
    }
  }
}

TEST_CASE("the radiograph policies keep the picture a radiograph") {
  const cv::Mat limb = golden_picture(golden_json("augment/operations.json"), "limb");
  for (const char* name : {"xray", "xray-noflip"}) {
    int unchanged = 0, flipped = 0;
    for (uint64_t i = 0; i < 300; ++i) {
      const PolicyResult result =
          apply_policy(find_policy(name), limb, {}, Rng(5).fork("image", i));
      unchanged += differing_pixels(result.augmented.image, limb) == 0;
      flipped += contains(result.recipe, "HFlip");
      for (const char* harsh : {"Invert", "Solarize", "Posterize", "Color", "Equalize"})
        CHECK(!contains(result.recipe, harsh));
      CHECK(std::abs(cv::mean(result.augmented.image)[0] - cv::mean(limb)[0]) < 70);
    }
    CHECK(unchanged <= 10);
    CHECK(flipped == (std::string(name) == "xray" ? Approx(150).margin(35) : Approx(0)));
  }
}

TEST_CASE("listings say what does nothing on grey images") {
  CHECK(contains(policies_text(""), "6 of 50 slots are Color and change nothing on grey images"));
  CHECK(contains(policies_text("imagenet"), "Rotate p 0.6 (-30.00 or 30.00)"));
  CHECK(contains(policies_text("imagenet"), "no effect on grey"));
  CHECK(error_of([] { policies_text("nothing"); }).code() == Exit::usage);
  const Json json = policies_json("imagenet");
  CHECK(json["policies"].size() == 1);
  CHECK(json["policies"][0]["sub_policies"].size() == 25);
  CHECK(json["policies"][0]["slots_without_effect_on_grey"] == 6);
  CHECK(policies_json("")["policies"].size() == policy_names().size());
}

TEST_CASE("a preview starts with the image itself") {
  const cv::Mat limb = golden_picture(golden_json("augment/operations.json"), "limb");
  const auto items = preview_items(find_policy("xray"), limb, {Box{3, 3, 15, 15, 0, {}}}, 5, 1);
  REQUIRE(items.size() == 6);
  CHECK(items[0].caption == "original");
  CHECK(contains(items[1].caption, "xray#"));
}
