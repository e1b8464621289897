// SPDX-License-Identifier: Apache-2.0
#include "classifier/loss.hpp"

#include "classifier/network.hpp"
#include "core/error.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// Golden losses with their logits and labels, of classes that exclude each other or not.
struct Golden {
  explicit Golden(bool exclusive) {
    const Json file = golden_json("classifier/losses.json");
    losses = file.at(exclusive ? "exclusive" : "several_labels");
    const auto rows = static_cast<int64_t>(file.at("logits").size());
    logits = torch::empty({rows, 3});
    auto labels = torch::zeros({rows, 3});
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t c = 0; c < 3; ++c) {
        logits[i][c] = file["logits"][i][c].get<double>();
        labels[i][c] = exclusive ? file["truth"][i] == c : file["several"][i][c].get<double>();
      }
    }
    examples = {
        torch::zeros({rows, 1, 8, 8}, torch::kByte), labels, torch::ones({rows}), 255, exclusive};
  }
  double loss(const ClassifyOptions& options, bool weighted = true) const {
    return Loss(examples, options)(logits, examples.labels, examples.weights, weighted)
        .item<double>();
  }
  double expected(const std::string& name) const { return losses.at(name); }

  Json losses;
  torch::Tensor logits;
  Examples examples;
};

ClassifyOptions named(const std::string& name) {
  ClassifyOptions options;
  options.loss.name = name;
  return options;
}

}  // namespace

TEST_CASE("losses are those of PyTorch and of their papers") {
  const bool exclusive = GENERATE(true, false);
  const Golden golden(exclusive);
  for (const char* name : {"cross-entropy", "focal", "logit-adjusted"}) {
    CAPTURE(exclusive, name);
    CHECK(golden.loss(named(name)) == Approx(golden.expected(name)).epsilon(1e-5));
  }
  if (!exclusive)
    CHECK(golden.loss(named("asymmetric")) == Approx(golden.expected("asymmetric")).epsilon(1e-5));
  ClassifyOptions options;
  options.loss_weights = "inverse";
  CHECK(golden.loss(options) == Approx(golden.expected("inverse")).epsilon(1e-5));
}

TEST_CASE("ldam lowers the cosine of the true class, as in its authors' code") {
  Golden golden(true);
  ClassifyOptions options = named("ldam");
  options.loss.scale = 4;
  golden.logits = 4 * golden.logits;  // as if these were cosines
  CHECK(golden.loss(options) == Approx(golden.expected("ldam, scale 4")).epsilon(1e-5));
}

TEST_CASE("the logits of ldam are cosines times its scale") {
  seed_torch(1);
  const auto network = make_classifier("small", /*classes=*/3, named("ldam").loss.cosine_scale());
  const auto features = torch::randn({5, network->trunk->features});
  const auto weight = network->head->weight;
  const auto cosines = torch::cosine_similarity(features.unsqueeze(1), weight.unsqueeze(0), 2);
  CHECK(torch::allclose(network->classify(features), 30 * cosines, 1e-4, 1e-4));
}

TEST_CASE("smoothing and weights combine as in PyTorch") {
  const Golden golden(true);
  ClassifyOptions options;
  options.loss.smoothing = .1;
  CHECK(golden.loss(options) == Approx(golden.expected("smoothing .1")).epsilon(1e-5));
  options.loss_weights = "inverse";
  CHECK(golden.loss(options) == Approx(golden.expected("inverse, smoothing .1")).epsilon(1e-5));
  CHECK(golden.loss(options, false) == Approx(golden.expected("smoothing .1")).epsilon(1e-5));
  options = {};
  options.loss_weights = "effective";
  options.loss.beta = .9;
  CHECK(golden.loss(options) == Approx(golden.expected("effective, beta .9")).epsilon(1e-5));
}

TEST_CASE("constants that say nothing leave cross entropy") {
  const bool exclusive = GENERATE(true, false);
  const Golden golden(exclusive);
  const double plain = golden.loss(named("cross-entropy"));
  ClassifyOptions options = named("focal");
  options.loss.gamma = 0;
  CHECK(golden.loss(options) == Approx(plain));
  options = named("logit-adjusted");
  options.loss.adjustment = 0;
  CHECK(golden.loss(options) == Approx(plain));
  options = named(exclusive ? "ldam" : "asymmetric");
  options.loss.margin = options.loss.gamma_negative = options.loss.shift = 0;
  CHECK(golden.loss(options) == Approx(plain));
}

TEST_CASE("no loss or gradient is infinite where a network is certain") {
  const bool exclusive = GENERATE(true, false);
  const Golden golden(exclusive);
  const char* of_one_kind = exclusive ? "ldam" : "asymmetric";
  for (const char* name : {"cross-entropy", "focal", "logit-adjusted", of_one_kind}) {
    for (const double sign : {1., -1.}) {
      CAPTURE(exclusive, name, sign);
      auto logits = (golden.examples.labels * sign * 200).requires_grad_(true);
      const auto loss = Loss(golden.examples, named(name))(
          logits, golden.examples.labels, golden.examples.weights, true);
      loss.backward();
      CHECK(loss.isfinite().item<bool>());
      CHECK(logits.grad().isfinite().all().item<bool>());
    }
  }
}

TEST_CASE("a loss that does not suit the labels is refused") {
  const Error ldam = error_of([] { Golden(false).loss(named("ldam")); });
  CHECK(ldam.code() == Exit::bad_data);
  CHECK(contains(ldam.what(), "exclude each other"));
  const Error asymmetric = error_of([] { Golden(true).loss(named("asymmetric")); });
  CHECK(asymmetric.code() == Exit::bad_data);
  CHECK(contains(asymmetric.what(), "use focal"));
}
