// SPDX-License-Identifier: Apache-2.0
#include "lesion/options.hpp"

#include <catch2/catch.hpp>

#include "lesion/lesion.hpp"
#include "tests/fixture.hpp"

using namespace evenray;

TEST_CASE("options of lesions out of range are named", "[lesion]") {
  const auto fault = [](auto change) {
    LesionOptions options;
    change(options);
    const Error error = error_of([&] { options.check(); });
    CHECK(error.code() == Exit::config);
    return std::string(error.what());
  };
  LesionOptions{}.check();
  CHECK(contains(fault([](auto& o) { o.blend = "glue"; }), "lesion.blend: unknown blend 'glue'"));
  CHECK(contains(fault([](auto& o) { o.context = 1; }), "lesion.context is 1; give 1.5 to 4"));
  CHECK(contains(fault([](auto& o) { o.move = .6; }), "lesion.move"));
  CHECK(contains(fault([](auto& o) { o.tolerance = 0; }), "lesion.tolerance"));
  CHECK(contains(fault([](auto& o) { o.mix_min = 2; }), "lesion.mix_min"));
  CHECK(contains(fault([](auto& o) { o.targets = 0; }), "lesion.targets is 0"));
  CHECK(contains(fault([](auto& o) { o.places = 0; }), "lesion.places"));
  CHECK(contains(fault([](auto& o) { o.likeness = 1; }), "lesion.likeness is 1; give -1 to 0.99"));
  CHECK(contains(fault([](auto& o) { o.angle_deg = 91; }), "lesion.angle_deg"));
}

TEST_CASE("names of sources of lesions are checked", "[lesion]") {
  const auto kinds = every_source_kind();
  check_sources(parse_sources({"lesion:real@.5", "lesion:some/run", "copy"}), kinds);
  const Error empty = error_of([&] { check_sources(parse_sources({"lesion:"}), kinds); });
  CHECK(empty.code() == Exit::usage);
  CHECK(contains(empty.what(), "real, residual, identity, healthy or the path"));
  CHECK(error_of([&] { check_sources(parse_sources({"lesion"}), kinds); }).code() == Exit::usage);
}
