// SPDX-License-Identifier: Apache-2.0
#include "classifier/fit.hpp"

#include <cmath>

#include "core/error.hpp"
#include "tests/classifier/blobs.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

const double kLog2 = std::log(2.);

/// `rare` rows of class 1 among 100, grain as pictures.
Examples examples(int64_t rare, bool exclusive = true) {
  torch::manual_seed(1);
  auto labels = torch::zeros({100, 2});
  for (int64_t i = 0; i < 100; ++i) labels[i][i < rare ? 1 : 0] = 1;
  return {torch::randint(256, {100, 1, 16, 16}, torch::kByte),
          labels,
          torch::ones({100}),
          255,
          exclusive};
}

/// A rate so small that the network says nothing (its last layer starts at 0), so that the loss
/// tells the rows drawn and their weights.
ClassifyOptions silent() {
  ClassifyOptions options;
  options.lr = 1e-12;
  options.warmup_share = 0;
  options.minibatch = 20;
  return options;
}

double mean_loss(const Examples& rows, const ClassifyOptions& options, int64_t steps) {
  Fit fit(rows, options, plain_compute(), Rng(1));
  for (int64_t step = 0; step < steps; ++step) fit.step(fit.batches().at(step), step);
  return fit.learner().take_loss(steps);
}

}  // namespace

TEST_CASE("a network that knows nothing has the loss of a coin") {
  CHECK(mean_loss(examples(10), silent(), 5) == Approx(kLog2));
  CHECK(mean_loss(examples(10, false), silent(), 5) == Approx(kLog2));
}

TEST_CASE("inverse weights count each class as half of the loss") {
  ClassifyOptions options = silent();
  options.loss_weights = "inverse";
  // An epoch shows every row once: 10 x 100 / (2 x 10) + 90 x 100 / (2 x 90) = 100.
  CHECK(mean_loss(examples(10), options, 5) == Approx(kLog2));
  CHECK(mean_loss(examples(40), options, 5) == Approx(kLog2));
  // Drawn half and half, the rare rows' weight of 5 beside .556 shows.
  options.sampling = "balanced";
  options.minibatch = 64;
  const double expected = (5 + 100. / 180) / 2;
  CHECK(mean_loss(examples(10), options, 20) / kLog2 == Approx(expected).margin(.2));
}

TEST_CASE("balanced sampling draws the classes equally often, natural as they are") {
  // Only rows of class 1 have a weight: the loss is their share.
  Examples rows = examples(10);
  rows.weights.slice(0, 10).zero_();
  CHECK(mean_loss(rows, silent(), 5) / kLog2 == Approx(.1));
  ClassifyOptions options = silent();
  options.sampling = "balanced";
  options.minibatch = 64;
  CHECK(mean_loss(rows, options, 20) / kLog2 == Approx(.5).margin(.045));
}

TEST_CASE("square-root sampling and repeat factors lie between") {
  // 10 of 100 rows: shares 10^.5 and 90^.5, and factors sqrt(.5 / .1) and 1.
  Examples rows = examples(10);
  rows.weights.slice(0, 10).zero_();
  ClassifyOptions options = silent();
  options.minibatch = 64;
  options.sampling = "square-root";
  CHECK(mean_loss(rows, options, 20) / kLog2 == Approx(.25).margin(.045));
  options.sampling = "repeat-factor";
  const double repeated = 10 * std::sqrt(5.);
  CHECK(mean_loss(rows, options, 20) / kLog2 == Approx(repeated / (repeated + 90)).margin(.045));
}

TEST_CASE("weights of classes may begin late") {
  ClassifyOptions options = silent();
  options.loss_weights = "inverse";
  options.sampling = "balanced";
  options.minibatch = 64;
  options.steps = 20;
  options.loss.deferred = .5;
  const Examples rows = examples(10);
  Fit fit(rows, options, plain_compute(), Rng(1));
  for (int64_t step = 0; step < 10; ++step) fit.step(fit.batches().at(step), step);
  CHECK(fit.learner().take_loss(10) == Approx(kLog2));
  for (int64_t step = 10; step < 20; ++step) fit.step(fit.batches().at(step), step);
  CHECK(fit.learner().take_loss(10) / kLog2 == Approx((5 + 100. / 180) / 2).margin(.3));
}

TEST_CASE("unknown labels have no say") {
  Examples rows = examples(10, false);
  rows.labels.slice(0, 0, 50).fill_(-1);
  CHECK(mean_loss(rows, silent(), 5) == Approx(kLog2));
  rows.weights.slice(0, 50).zero_();
  CHECK(mean_loss(rows, silent(), 5) == 0);
}

TEST_CASE("a training that diverges says so") {
  Examples rows = examples(10);
  rows.weights[3] = NAN;
  const Error error = error_of([&] { mean_loss(rows, silent(), 5); });
  CHECK(error.code() == Exit::failed);
  CHECK(contains(error.what(), "classify.lr"));
}

TEST_CASE("a fit goes on bit for bit from what it saved") {
  const Examples rows = examples(30);
  ClassifyOptions options;
  options.steps = 8;
  options.minibatch = 16;
  options.sampling = GENERATE("natural", "balanced");
  options.mixup = .2;
  Fit whole(rows, options, plain_compute(), Rng(4));
  TensorFile half, end, resumed_end;
  for (int64_t step = 0; step < 8; ++step) {
    if (step == 3) {
      whole.learner().save(half);
      for (auto& [name, tensor] : half.tensors) tensor = tensor.clone();
    }
    whole.step(whole.batches().at(step), step);
  }
  whole.learner().save(end);

  Fit resumed(rows, options, plain_compute(), Rng(4));
  resumed.learner().load(half, "half");
  CHECK_FALSE(same_tensors(half, end));
  for (int64_t step = 3; step < 8; ++step) resumed.step(resumed.batches().at(step), step);
  resumed.learner().save(resumed_end);
  CHECK(same_tensors(end, resumed_end));
  CHECK(whole.learner().take_loss(8) == resumed.learner().take_loss(8));

  half.tensors.erase("log.sum");
  const Error error = error_of([&] { resumed.learner().load(half, "half"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "half: tensor 'log.sum' is missing"));
}

TEST_CASE("examples carry a store's labels and weights") {
  const ScratchFolder scratch;
  write_blob_store(scratch / "set.h5", {{6, 2}, {1, 1}, {1, 1}, {"Dark", "Bright"}, .25f});
  const Examples rows = load_examples(Store(scratch / "set.h5"), "train", torch::kCPU);
  CHECK(rows.images.sizes() == torch::IntArrayRef({8, 1, kBlobHeight, kBlobWidth}));
  CHECK(rows.labels.sum(0)[1].item<float>() == 2);
  CHECK(rows.weights.sum().item<float>() == 6.5f);
  CHECK(rows.exclusive);
  CHECK(rows.value_max == 255);
}
