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

TEST_CASE("a network to be trained is timed in both precisions, under a name of its own") {
  GanOptions options = tiny_options();
  for (const char* family : {"dcgan", "pggan"}) {
    CAPTURE(family);
    options.family = family;
    options.pggan.fmap_base = 16;
    options.pggan.fmap_max = 6;
    const TimedNetwork network = timed_gan(options, 24, 16);
    CHECK(network.minibatch == options.minibatch);
    Compute compute;
    for (const bool bf16 : {false, true}) {
      compute.bf16 = bf16;
      CHECK(network.step_time(compute, 2).median_s > 0);
      CHECK(network.step_time(compute, network.minibatch).median_s > 0);
    }
    const CheckpointBytes bytes = network.bytes();
    CHECK(bytes.best > 0);
    CHECK(bytes.state > 4 * bytes.best);
    GanOptions longer = options;
    longer.total_kimg *= 2;
    CHECK(timed_gan(longer, 24, 16).name == network.name);
    CHECK(timed_gan(options, 16, 16).name != network.name);
    GanOptions wider = options;
    wider.latent *= 2;
    CHECK(timed_gan(wider, 24, 16).name != network.name);
  }
}
