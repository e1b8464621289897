// SPDX-License-Identifier: Apache-2.0
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

TEST_CASE("a step is timed") { CHECK(gan_step_seconds(tiny_options(), 24, 16, Compute{}, 2) > 0); }

TEST_CASE("a plan's time is estimated whatever the group of the minibatch's deviation") {
  GanOptions options = tiny_options();
  options.family = "pggan";
  options.pggan.fmap_base = 16;
  options.pggan.fmap_max = 6;
  options.minibatch = 6;
  options.pggan.stddev_group = 3;
  options.check();
  const Compute compute;
  CHECK(gan_plan(options, 24, 16, &compute)["estimate_s"] > 0);
}
