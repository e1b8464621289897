// SPDX-License-Identifier: Apache-2.0
#include "augment/written_policy.hpp"

#include <catch2/catch.hpp>

#include "augment/policy_tables.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("a policy that is written out draws as the same policy of the tables") {
  // The first two sub-policies of cifar10.
  const Policy written =
      find_policy("autoaugment=Invert:.1,Contrast:.2:6/Rotate:.7:2,TranslateX:.3:9");
  CHECK(written.name == "autoaugment=Invert:0.1,Contrast:0.2:6/Rotate:0.7:2,TranslateX:0.3:9");
  CHECK(written.sampling == Sampling::torchvision);
  Policy table = find_policy("cifar10");
  table.sub_policies.resize(2);
  const auto text = [](const Policy& policy, uint64_t number) {
    const PolicyDraw draw = draw_operations(policy, {64, 80}, Rng(3).fork("draw", number));
    return cat(draw.sub_policy, " ", operations_text(draw.operations));
  };
  for (uint64_t i = 0; i < 50; ++i) CHECK(text(written, i) == text(table, i));
  const std::string exact = "autoaugment=Color:0.12345678901:3";
  CHECK(find_policy(written.name).name == written.name);
  CHECK(find_policy(exact).name == exact);
  CHECK(find_policy("autoaugment-radiograph=Invert:1").sampling == Sampling::radiograph);
  CHECK(contains(policies_text(written.name), "Rotate p 0.7 (-6.67 or 6.67), then TranslateX"));
}

TEST_CASE("a policy that is written wrongly is refused with what to write") {
  const auto refusal = [](const std::string& name) {
    const Error error = error_of([&] { find_policy(name); });
    CHECK(error.code() == Exit::usage);
    return std::string(error.what());
  };
  CHECK(contains(refusal("autoaugment"), "such as autoaugment=ShearX:.9:4,Invert:.2"));
  CHECK(contains(refusal("autoaugment="), "unknown operation ''"));
  CHECK(contains(refusal("autoaugment=Rotate:.5:4/"), "unknown operation ''"));
  CHECK(contains(refusal("autoaugment=Blur:.5"), "unknown operation 'Blur'"));
  CHECK(contains(refusal("autoaugment=Rotate:.5"), "give Rotate:PROBABILITY:MAGNITUDE"));
  CHECK(contains(refusal("autoaugment=Rotate:.5:10"), "and a magnitude of 0 to 9"));
  CHECK(contains(refusal("autoaugment=Rotate:1.5:4"), "a probability of 0 to 1"));
  CHECK(contains(refusal("autoaugment=Invert:.5:4"), "give Invert:PROBABILITY,"));
  std::string many = "autoaugment=Invert:1";
  for (int i = 0; i < 50; ++i) many += "/Invert:1";
  CHECK(contains(refusal(many), "at most 50 sub-policies"));
}

TEST_CASE("the points of the space are policies") {
  const auto dimensions = policy_dimensions(2);
  CHECK(dimensions.size() == 2 * 2 * 3);
  CHECK(dimensions[3].starts_with("1.2.operation=ShearX|ShearY|"));
  CHECK(contains(dimensions[3], "|Invert"));
  CHECK_FALSE(contains(dimensions[3], "Color"));
  const std::vector<std::string> settings{"1.1.operation=ShearX",
                                          "1.1.tenths=9",
                                          "1.1.magnitude=4",
                                          "1.2.operation=Invert",
                                          "1.2.tenths=2",
                                          "1.2.magnitude=7",
                                          "2.1.operation=Rotate",
                                          "2.1.tenths=10",
                                          "2.1.magnitude=0",
                                          "2.2.operation=Equalize",
                                          "2.2.tenths=0",
                                          "2.2.magnitude=1"};
  const std::string name = policy_at(settings, Sampling::radiograph);
  CHECK(name == "autoaugment-radiograph=ShearX:0.9:4,Invert:0.2/Rotate:1:0,Equalize:0");
  CHECK(find_policy(name).name == name);
}
