// SPDX-License-Identifier: Apache-2.0
// RandAugment, TrivialAugment and AugMix: what they draw from, and how.
#include <catch2/catch.hpp>
#include <map>

#include "augment/pipeline.hpp"
#include "tests/augment/little_balance.hpp"
#include "tests/augment/pictures.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

namespace {

std::vector<PolicyDraw> many_draws(const Policy& policy, int count) {
  std::vector<PolicyDraw> draws;
  for (int i = 0; i < count; ++i)
    draws.push_back(
        draw_operations(policy, {64, 80}, Rng(7).fork("draw", static_cast<uint64_t>(i))));
  return draws;
}

std::string refusal(const std::string& name) {
  const Error error = error_of([&] { find_policy(name); });
  CHECK(error.code() == Exit::usage);
  return error.what();
}

}  // namespace

TEST_CASE("values and pictures of all operations and bins are torchvision's") {
  const Json golden = golden_json("augment/spaces.json");
  const cv::Mat limb = golden_picture(golden_json("augment/operations.json"), "limb");
  std::map<std::string, size_t> next;
  int values = 0, pictures = 0;
  for (const Json& entry : golden["cases"]) {
    const std::string name = entry["policy"];
    const Policy policy = find_policy(name);
    const OpSpace& space = *policy.space;
    const std::optional<Op> op = space.ops.at(next[name]++ % space.ops.size());
    const std::string op_name = entry["op"];
    INFO(name << " " << op_name);
    REQUIRE((op ? std::string(operation_info(*op).name) : "Identity") == op_name);
    const auto operation = [&](int bin, bool positive) {
      return binned_operation(
          space.magnitudes, *op, bin, positive, {entry["width"], entry["height"]});
    };
    for (const bool positive : {true, false}) {
      const Json& expected = entry[positive ? "positive" : "negative"];
      if (expected.is_null()) continue;
      REQUIRE(int(expected.size()) == magnitude_bins(space.magnitudes));
      for (int bin = 0; bin < int(expected.size()); ++bin, ++values)
        CHECK(operation(bin, positive).value == double(expected[size_t(bin)]));
    }
    for (const Json& picture : entry["pictures"]) {
      std::vector<Operation> operations;
      if (op) operations.push_back(operation(picture["bin"], picture["positive"]));
      const cv::Mat out = apply_operations(limb, {}, operations, policy.sampling, Rng(1)).image;
      const std::string bytes(reinterpret_cast<const char*>(out.data), out.total());
      INFO(picture["bin"] << " " << picture["positive"]);
      CHECK(sha256_hex(bytes) == std::string(picture["sha256"]));
      ++pictures;
    }
  }
  CHECK(values > 2400);
  CHECK(pictures == 2 * 92 + 42);
}

TEST_CASE("RandAugment draws N operations at one magnitude") {
  const Policy policy = find_policy("randaugment");
  std::map<std::string, int> drawn;
  constexpr int kDraws = 14000;
  for (const PolicyDraw& draw : many_draws(policy, kDraws)) {
    CHECK(draw.sub_policy == -1);
    drawn["Identity"] += 2 - int(draw.operations.size());
    for (const Operation& operation : draw.operations) {
      ++drawn[std::string(operation_info(operation.op).name)];
      if (operation.op == Op::rotate) {
        CHECK(std::abs(operation.value) == Approx(9));
        drawn["left"] += operation.value > 0;
      }
      if (operation.op == Op::posterize) CHECK(operation.value == 7);
      if (operation.op == Op::translate_y)
        CHECK(std::abs(operation.value) == Approx(80 * 150. / 331 * 9 / 30));
    }
  }
  CHECK(drawn["left"] == Approx(1000).margin(120));
  drawn.erase("left");
  CHECK(drawn.size() == 14);
  for (const auto& [name, n] : drawn) {
    INFO(name);
    CHECK(n == Approx(2000).margin(170));
  }
}

TEST_CASE("N and M of RandAugment are in its name") {
  const Policy strong = find_policy("randaugment=3:30");
  CHECK(strong.name == "randaugment=3:30");
  size_t most = 0;
  for (const PolicyDraw& draw : many_draws(strong, 200)) {
    most = std::max(most, draw.operations.size());
    for (const Operation& operation : draw.operations)
      if (operation.op == Op::rotate) CHECK(std::abs(operation.value) == 30);
  }
  CHECK(most == 3);
  CHECK(find_policy("randaugment-radiograph=1:5").sampling == Sampling::radiograph);
  const cv::Mat limb = golden_picture(golden_json("augment/operations.json"), "limb");
  CHECK(apply_policy(strong, limb, {}, Rng(1)).recipe.starts_with("randaugment=3:30 "));

  CHECK(contains(refusal("randaugment=2:31"), "magnitude M from 0 to 30"));
  for (const char* wrong : {"", "2", "0:9", "21:9", "2:-1", "2:9:1", "a:b", "2:9.5"})
    CHECK(contains(refusal(std::string("randaugment=") + wrong), "give N:M"));
  CHECK(contains(refusal("trivialaugment=2:9"), "takes no '=2:9'"));
  CHECK(contains(refusal("xray=1"), "randaugment=N:M"));
  CHECK(contains(refusal("randaugmnt=2:9"), "did you mean 'randaugment'"));
}

TEST_CASE("TrivialAugment draws one operation with any strength") {
  std::map<double, int> angles;
  int none = 0, rotated = 0;
  constexpr int kDraws = 28000;
  for (const PolicyDraw& draw : many_draws(find_policy("trivialaugment"), kDraws)) {
    REQUIRE(draw.operations.size() <= 1);
    none += draw.operations.empty();
    for (const Operation& operation : draw.operations) {
      if (operation.op != Op::rotate) continue;
      ++rotated;
      ++angles[operation.value];
    }
  }
  CHECK(none == Approx(2000).margin(170));
  CHECK(rotated == Approx(2000).margin(170));
  // 0, and 4.5 to 135 degrees in both directions.
  CHECK(angles.size() == 61);
  CHECK(angles.begin()->first == -135);
  CHECK(angles.rbegin()->first == 135);
}

TEST_CASE("AugMix draws chains and weights") {
  double image = 0, squares = 0, first = 0;
  std::map<size_t, int> depths;
  constexpr int kDraws = 6000;
  for (const PolicyDraw& draw : many_draws(find_policy("augmix"), kDraws)) {
    REQUIRE(draw.mixture);
    const Mixture& mixture = *draw.mixture;
    REQUIRE(mixture.chains.size() == 3);
    double sum = mixture.weight;
    for (const auto& [weight, operations] : mixture.chains) {
      CHECK(weight >= 0);
      sum += weight;
      ++depths[operations.size()];
      for (const Operation& operation : operations) {
        CHECK(operation.op != Op::color);
        if (operation.op == Op::rotate) CHECK(std::abs(operation.value) < 6.7);
      }
    }
    CHECK(sum == Approx(1));
    image += mixture.weight;
    squares += mixture.weight * mixture.weight;
    if (mixture.weight < 1) first += mixture.chains[0].weight / (1 - mixture.weight);
  }
  // A uniform number, and a third of the rest for each chain.
  CHECK(image / kDraws == Approx(.5).margin(.02));
  CHECK(squares / kDraws == Approx(1. / 3).margin(.02));
  CHECK(first / kDraws == Approx(1. / 3).margin(.02));
  for (const size_t depth : {1, 2, 3}) CHECK(depths[depth] == Approx(kDraws).margin(300));
}

TEST_CASE("radiograph variants differ in the sampling only") {
  const cv::Mat limb = golden_picture(golden_json("augment/operations.json"), "limb");
  for (const std::string name : {"randaugment", "trivialaugment", "augmix"}) {
    const Policy plain = find_policy(name), smooth = find_policy(name + "-radiograph");
    CHECK(smooth.sampling == Sampling::radiograph);
    int changed = 0;
    for (uint64_t i = 0; i < 40; ++i) {
      const PolicyResult one = apply_policy(plain, limb, {}, Rng(i)),
                         other = apply_policy(smooth, limb, {}, Rng(i));
      CHECK(one.recipe.substr(one.recipe.find(' ')) == other.recipe.substr(other.recipe.find(' ')));
      changed += differing_pixels(one.augmented.image, other.augmented.image) > 0;
    }
    CHECK(changed > 5);
  }
}

TEST_CASE("as sources they fill a store, with recipes that make the same pictures") {
  ScratchFolder folder;
  const int bits = GENERATE(8, 16);
  write_little_store(folder / "set.h5", {{20, 6}, 4, bits, -1});
  const Store in(folder / "set.h5");
  const std::vector<std::string> sources = {
      "augment:randaugment=3:12@.4", "augment:trivialaugment@.3", "augment:augmix"};
  const auto one = balance_little(in, folder / "a.h5", sources, {}, 1);
  CHECK(one.content_digest == balance_little(in, folder / "b.h5", sources, {}, 3).content_digest);
  const Store out(folder / "a.h5");
  const StorePart& train = out.part("train");
  std::map<std::string, int> names;
  for (int64_t row = in.part("train").size(); row < train.size(); ++row) {
    const Provenance& made = train.provenance[static_cast<size_t>(row)];
    const size_t blank = made.recipe.find(' ');
    const std::string operations = made.recipe.substr(blank + 1);
    ++names[made.recipe.substr(0, blank)];
    INFO(made.recipe);
    const cv::Mat parent = in.image("train", made.parent);
    cv::Mat again = parent;
    if (is_mixture(operations)) {
      const Mixture mixture = parse_mixture(operations);
      again = apply_mixture(parent, {}, mixture, Sampling::torchvision, Rng(1)).image;
    } else if (operations != "-") {
      const auto list = parse_operations(operations);
      again = apply_operations(parent, {}, list, Sampling::torchvision, Rng(1)).image;
    }
    CHECK(differing_pixels(out.image("train", row), again) == 0);
  }
  CHECK(names ==
        std::map<std::string, int>{{"augmix", 4}, {"randaugment=3:12", 6}, {"trivialaugment", 4}});
}

TEST_CASE("listings of spaces have the values and what does nothing on grey images") {
  const std::string rand = policies_text("randaugment");
  CHECK(contains(rand, "2 of 14 operations, magnitude 9 of 0 to 30"));
  CHECK(contains(rand, "1 of 14 operations is Color and changes nothing on grey images"));
  CHECK(contains(rand, "ShearX (-0.09 or 0.09)"));
  CHECK(contains(rand, "TranslateX (-13.60 or 13.60 % of the side)"));
  CHECK(contains(rand, "Color (no effect on grey)"));
  CHECK(contains(policies_text("randaugment=1:30"), "1 of 14 operations, magnitude 30"));
  const std::string trivial = policies_text("trivialaugment");
  CHECK(contains(trivial, "1 of 14 operations, any magnitude of 0 to 30"));
  CHECK(contains(trivial, "Rotate (-135.00 to 135.00)"));
  CHECK(contains(trivial, "TranslateY (-32.00 to 32.00 px)"));
  CHECK(contains(trivial, "Posterize (2.00 to 8.00)"));
  const std::string mix = policies_text("augmix");
  CHECK(contains(mix, "3 chains of 1 to 3 of 9 operations, magnitude 0 to 2 of 0 to 9"));
  CHECK_FALSE(contains(mix, "Color"));
  for (const std::string name : {"randaugment", "augmix"})
    CHECK(contains(policies_text(""), name + "-radiograph  "));

  const Json json = policies_json("augmix")["policies"][0];
  CHECK(json["slots"] == 9);
  CHECK(json["slots_without_effect_on_grey"] == 0);
  CHECK(json["sub_policies"].empty());
  CHECK(json["space"]["chains"] == 3);
  CHECK(json["space"]["operations_in_turn"] == Json{1, 3});
  CHECK(json["space"]["operations"][5]["op"] == "Posterize");
  CHECK(policies_json("randaugment")["policies"][0]["slots_without_effect_on_grey"] == 1);
  CHECK(policies_json("imagenet")["policies"][0]["space"].is_null());
}
