// SPDX-License-Identifier: Apache-2.0
// Training of small two-stage detectors on grey images.
#include <torch/autograd.h>
#include <torch/types.h>

#include <torch/optim/adamw.h>

#include "core/error.hpp"
#include "metrics/detection/coco_map.hpp"
#include "nn/compute.hpp"
#include "rcnn/weights.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// A network for images of 64 px.
RcnnOptions tiny_options() {
  RcnnOptions options;
  options.arch = "small";
  options.trainable_layers = 99;
  options.frozen_norms = false;
  options.pyramid_channels = 32;
  options.head_channels = 64;
  options.anchor_sizes = {8, 16, 24, 48};
  options.mean = {.3, .3, .3};
  options.proposals.count = 32;
  options.train_proposals = 200;
  return options;
}

struct DrawnBatch {
  torch::Tensor images;
  std::vector<std::vector<Box>> boxes;
};

/// Grey images with grain, each with a bright box or a dark one, or without any.
DrawnBatch drawn_batch(int64_t count) {
  const Rng rng(11);
  DrawnBatch out{torch::empty({count, 1, 64, 64}), {}};
  for (int64_t i = 0; i < count; ++i) {
    Rng draw = rng.fork("image", static_cast<uint64_t>(i));
    auto image = out.images[i][0];
    auto values = image.accessor<float, 2>();
    for (int64_t y = 0; y < 64; ++y)
      for (int64_t x = 0; x < 64; ++x) values[y][x] = static_cast<float>(draw.uniform(.25, .35));
    auto& boxes = out.boxes.emplace_back();
    for (int n = 0; n < 2 && i % 4 != 3; ++n) {
      const auto x = static_cast<int64_t>(draw.below(20)) + 32 * n;
      const auto y = static_cast<int64_t>(draw.below(44));
      const auto width = static_cast<int64_t>(8 + draw.below(5)),
                 height = static_cast<int64_t>(8 + draw.below(12));
      const int label = static_cast<int>(draw.below(2));
      image.slice(0, y, y + height).slice(1, x, x + width) += label == 0 ? .5 : -.2;
      boxes.push_back({static_cast<float>(x),
                       static_cast<float>(y),
                       static_cast<float>(x + width),
                       static_cast<float>(y + height),
                       label,
                       {}});
    }
  }
  return out;
}

double found_ap50(const std::vector<RcnnFound>& found, const std::vector<std::vector<Box>>& truth) {
  std::vector<ScoredImage> images;
  for (size_t i = 0; i < truth.size(); ++i) {
    auto& image = images.emplace_back(ScoredImage{cat("i", i), cat("i", i)});
    for (const Box& box : truth[i])
      image.truth.push_back({{box.x0, box.y0, double{box.x1} - box.x0, double{box.y1} - box.y0},
                             box.label,
                             box.area()});
    const auto boxes = found[i].boxes.accessor<float, 2>();
    for (int64_t k = 0; k < boxes.size(0); ++k)
      image.found.push_back({{boxes[k][0],
                              boxes[k][1],
                              double{boxes[k][2]} - boxes[k][0],
                              double{boxes[k][3]} - boxes[k][1]},
                             static_cast<int>(found[i].labels[k].item<int64_t>()),
                             found[i].scores[k].item<float>()});
  }
  return CocoMap(images, {"bright", "dark"}).values()[1];
}

/// Trains on one minibatch.
std::vector<double> fit_batch(RcnnNet& network, const DrawnBatch& batch, uint64_t steps) {
  network.train();
  torch::optim::AdamW adam(network.parameters(), torch::optim::AdamWOptions(2e-3));
  std::vector<double> losses;
  for (uint64_t step = 0; step < steps; ++step) {
    adam.zero_grad();
    const auto loss = network.loss(batch.images, batch.boxes, Rng(5).fork("step", step)).total();
    losses.push_back(loss.item<double>());
    loss.backward();
    adam.step();
  }
  return losses;
}

}  // namespace

TEST_CASE("a two-stage detector learns the boxes of a few images") {
  seed_torch(2);
  RcnnNet network(tiny_options(), 2);
  const DrawnBatch batch = drawn_batch(6);
  CHECK(found_ap50(network.find(batch.images), batch.boxes) < .2);
  const auto losses = fit_batch(network, batch, 100);
  CHECK(losses.back() < .3 * losses.front());
  const auto found = network.find(batch.images);
  CHECK(found_ap50(found, batch.boxes) >= .9);
  for (const auto& of_image : found) {
    CHECK((of_image.boxes >= 0).all().item<bool>());
    CHECK((of_image.boxes <= 64).all().item<bool>());
    CHECK((of_image.scores.diff() <= 0).all().item<bool>());
    CHECK((of_image.scores > .05).all().item<bool>());
  }
  CHECK(network.is_training());
}

TEST_CASE("without a pyramid all anchors are on the last map") {
  seed_torch(2);
  RcnnOptions options = tiny_options();
  options.pyramid = false;
  RcnnNet network(options, 2);
  const DrawnBatch batch = drawn_batch(4);
  CHECK(network.maps(batch.images).size() == 1);
  const auto losses = fit_batch(network, batch, 30);
  CHECK(losses.back() < .6 * losses.front());
}

TEST_CASE("the same stream gives the same loss, and images without boxes have one") {
  seed_torch(2);
  RcnnNet network(tiny_options(), 2);
  const DrawnBatch batch = drawn_batch(4);
  const auto loss_of = [&](const std::vector<std::vector<Box>>& boxes, uint64_t seed) {
    return network.loss(batch.images, boxes, Rng(seed));
  };
  network.eval();  // so that batch norms do not change
  CHECK(loss_of(batch.boxes, 1).total().item<double>() ==
        loss_of(batch.boxes, 1).total().item<double>());
  CHECK(loss_of(batch.boxes, 1).total().item<double>() !=
        loss_of(batch.boxes, 2).total().item<double>());
  const RcnnLoss none = loss_of(std::vector<std::vector<Box>>(4), 1);
  CHECK(none.boxes.item<double>() == 0);
  CHECK(none.proposal_boxes.item<double>() == 0);
  CHECK(std::isfinite(none.total().item<double>()));
  none.total().backward();
}

TEST_CASE("only the chosen layers of a backbone require a gradient, and frozen norms stay") {
  seed_torch(2);
  RcnnOptions options = tiny_options();
  options.trainable_layers = 1;
  options.frozen_norms = true;
  RcnnNet network(options, 2);
  const auto trained_of = [](const RcnnNet& net) {
    int64_t count = 0;
    for (const auto& p : net.trunk()->parameters()) count += p.requires_grad();
    return count;
  };
  const int64_t one = trained_of(network);
  CHECK(one > 0);
  options.trainable_layers = 99;
  CHECK(trained_of(RcnnNet(options, 2)) > one);
  options.trainable_layers = 0;
  CHECK(trained_of(RcnnNet(options, 2)) == 0);
  const DrawnBatch batch = drawn_batch(4);
  std::map<std::string, torch::Tensor> before;
  for (const auto& item : network.named_buffers()) before[item.key()] = item.value().clone();
  for (const auto& item : network.named_parameters()) before[item.key()] = item.value().clone();
  fit_batch(network, batch, 2);
  for (const auto& item : network.named_buffers())
    CHECK(torch::equal(item.value(), before[item.key()]));
  for (const auto& item : network.named_parameters()) {
    INFO(item.key());
    CHECK(torch::equal(item.value(), before[item.key()]) != item.value().requires_grad());
  }
}

TEST_CASE("the batch norms of layers that are not trained keep their statistics") {
  seed_torch(2);
  RcnnOptions options = tiny_options();
  options.trainable_layers = 1;
  RcnnNet network(options, 2);
  const auto norm_of = [&](const std::string& layer) {
    return network.named_buffers()["backbone.body.net." + layer + ".running_mean"].clone();
  };
  const auto stem = norm_of("bn1"), second = norm_of("layer2.bn1"), third = norm_of("layer3.bn1");
  fit_batch(network, drawn_batch(2), 1);
  CHECK(torch::equal(norm_of("bn1"), stem));
  CHECK(torch::equal(norm_of("layer2.bn1"), second));
  CHECK_FALSE(torch::equal(norm_of("layer3.bn1"), third));
}

TEST_CASE("a backbone takes the weights of a classifier") {
  seed_torch(2);
  RcnnOptions options;
  RcnnNet network(options, 1);
  Pretrained weights;
  weights.path = "w.safetensors";
  for (const auto& item : network.trunk()->named_parameters())
    weights.tensors[item.key()] = torch::full_like(item.value(), .25);
  for (const auto& item : network.trunk()->named_buffers())
    weights.tensors[item.key()] = torch::full_like(item.value(), 1);
  weights.tensors["conv1.weight"] = torch::full({64, 1, 7, 7}, .75);
  load_trunk(network, weights);
  for (const auto& item : network.trunk()->named_parameters())
    CHECK((item.value() == .25).all().item<bool>());
  weights.tensors.erase("layer2.0.bn1.weight");
  const Error error = error_of([&] { load_trunk(network, weights); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "w.safetensors: tensor 'layer2.0.bn1.weight' is missing"));
}

TEST_CASE("what a two-stage detector refuses") {
  const auto refused = [](const std::function<void(RcnnOptions&)>& change) {
    RcnnOptions options = tiny_options();
    change(options);
    const Error error = error_of([&] { RcnnNet(options, 1); });
    CHECK(error.code() == Exit::config);
    return std::string(error.what());
  };
  CHECK(contains(refused([](auto& o) { o.arch = "resnet51"; }), "unknown architecture 'resnet51'"));
  CHECK(contains(refused([](auto& o) { o.anchor_sizes = {8, -1}; }), "anchor_sizes must be"));
  CHECK(contains(refused([](auto& o) { o.anchors.no_match = .9; }), "anchors.no_match must be"));
  CHECK(contains(refused([](auto& o) { o.most_boxes = 0; }), "most_boxes must be"));
  CHECK(contains(refused([](auto& o) { o.nms = NAN; }), "nms must be from 0 to 1"));
  CHECK(contains(refused([](auto& o) {
                   o.anchor_sizes = {8, 16};
                 }),
                 "anchor_sizes must be one for each of the 4 maps"));
  RcnnNet network(tiny_options(), 1);
  Error error = error_of([&] { network.find(torch::zeros({1, 3, 64, 64})); });
  CHECK(contains(error.what(), "the detector takes images of 1 or 1 channels"));
  error = error_of([&] { network.loss(torch::zeros({2, 1, 64, 64}), {{}}, Rng(1)); });
  CHECK(contains(error.what(), "boxes of 1 images, but 2 images"));
  const ScratchFolder folder;
  write_safetensors(folder / "w.safetensors", {{}, {{"kind", "weights"}}});
  error = error_of([&] { read_rcnn_weights(folder / "w.safetensors"); });
  CHECK(error.code() == Exit::bad_data);
  CHECK(contains(error.what(), "not weights of a two-stage detector"));
}
