// SPDX-License-Identifier: Apache-2.0
// Operations on boxes, with torchvision's numbers.
#include <torch/autograd.h>
#include <torch/types.h>

#include <ATen/Parallel.h>

#include "core/error.hpp"
#include "rcnn/anchors.hpp"
#include "rcnn/box_tensors.hpp"
#include "rcnn/matching.hpp"
#include "rcnn/roi_align.hpp"
#include "rcnn/suppression.hpp"
#include "tests/nn/torch_fixture.hpp"

using namespace evenray;

namespace {

/// What torchvision's compiled operators compute.
const std::map<std::string, torch::Tensor>& operations() {
  static const auto tensors = [] {
    std::map<std::string, torch::Tensor> out;
    const Json golden = golden_json("rcnn/operations.json");
    for (const auto& [name, entry] : golden.items()) {
      const bool whole = entry["values"][0].is_number_integer();
      out[name] = tensor_of(entry["values"])
                      .to(whole ? torch::kLong : torch::kFloat)
                      .view(entry["shape"].get<std::vector<int64_t>>());
    }
    return out;
  }();
  return tensors;
}

/// The sum of a pooled tensor as the golden script weights it.
torch::Tensor weighted(const torch::Tensor& pooled) {
  return (pooled * torch::arange(pooled.numel(), torch::kFloat).cos().view(pooled.sizes())).sum();
}

torch::Tensor box_row(std::initializer_list<double> numbers) {
  return torch::tensor(std::vector<double>(numbers), torch::kFloat).view({-1, 4});
}

}  // namespace

TEST_CASE("anchors, codes and clipping are torchvision's") {
  const auto& all = operations();
  const auto anchors =
      anchors_of({{4, 5}, {3, 2}}, 100, 130, {{32, 40.3}, {17, 65}}, {.5, 1, 2, 1. / 3});
  CHECK(same(torch::cat(anchors), all.at("anchors")));
  const CodeWeights weights{10, 5, 2, 3};
  CHECK(torch::allclose(
      encode_boxes(all.at("a"), all.at("b"), weights), all.at("encoded"), 1e-5, 1e-5));
  // The largest boxes have 60 times the sides of their references.
  const auto decoded = decode_boxes(all.at("codes"), all.at("b"), weights);
  CHECK(torch::allclose(decoded, all.at("decoded"), 1e-5, 1e-3));
  const auto clipped = clip_boxes(all.at("a") - 30, 90, 120);
  CHECK(same(clipped, all.at("clipped")));
  CHECK(same(large_enough(clipped, 4).nonzero().flatten(), all.at("large")));
}

TEST_CASE("an anchor of one size is rounded to whole pixels, halves to even") {
  CHECK(same(cell_anchors({5}, {1}), box_row({-2, -2, 2, 2})));
  CHECK(same(cell_anchors({7}, {1}), box_row({-4, -4, 4, 4})));
  CHECK(same(cell_anchors({32}, {2}), box_row({-11, -23, 11, 23})));
}

TEST_CASE("codes describe the box that they were made from") {
  const auto boxes = box_row({3, 4, 20, 30, 0, 0, 5, 5}), at = box_row({1, 1, 9, 9, 2, 2, 4, 40});
  const CodeWeights weights{10, 10, 5, 5};
  CHECK(largest_difference(decode_boxes(encode_boxes(boxes, at, weights), at, weights), boxes) <
        1e-4);
  // exp() of a side is limited to 1000 / 16.
  const auto huge = decode_boxes(box_row({0, 0, 100, 100}), box_row({0, 0, 16, 16}), {1, 1, 1, 1});
  CHECK(largest_difference(huge, box_row({-492, -492, 508, 508})) < 1e-3);
  CHECK(decode_boxes(torch::zeros({0, 8}), torch::zeros({0, 4}), weights).sizes() ==
        torch::IntArrayRef({0, 8}));
}

TEST_CASE("boxes without an area are no targets") {
  const auto targets =
      targets_of({{1, 2, 3, 4, 2, {}}, {5, 5, 5, 9, 1, {}}, {5, 5, NAN, 9, 1, {}}});
  CHECK(same(targets.boxes, box_row({1, 2, 3, 4})));
  CHECK(same(targets.labels, torch::tensor({2}, torch::kLong)));
  CHECK(targets_of({}).boxes.sizes() == torch::IntArrayRef({0, 4}));
}

TEST_CASE("suppression keeps what torchvision keeps") {
  // IoU of 1/3: above .3, not above 1/3.
  const auto boxes = box_row({0, 0, 10, 10, 5, 0, 15, 10, 40, 0, 50, 10});
  const auto scores = torch::tensor({.5, .9, .9}), one = torch::zeros({3}, torch::kLong);
  CHECK(same(suppress(boxes, scores, one, .3), torch::tensor({1, 2}, torch::kLong)));
  CHECK(same(suppress(boxes, scores, one, .34), torch::tensor({1, 2, 0}, torch::kLong)));
  CHECK(
      same(suppress(boxes, scores, torch::arange(3), .3), torch::tensor({1, 2, 0}, torch::kLong)));
  CHECK(suppress(boxes.narrow(0, 0, 0), scores.narrow(0, 0, 0), one.narrow(0, 0, 0), .3).numel() ==
        0);
  const auto& all = operations();
  CHECK(same(suppress(all.at("a"), all.at("scores"), all.at("groups"), .1), all.at("kept")));
}

TEST_CASE("matches are torchvision's") {
  const auto truth = box_row({0, 0, 10, 10, 100, 100, 104, 104});
  const auto candidates =
      box_row({0, 0, 10, 10, 0, 0, 10, 20, 0, 0, 5, 6, 98, 98, 108, 108, 60, 60, 70, 70});
  const int64_t no = kNoMatch, unclear = kUnclearMatch;
  CHECK(same(match_boxes(truth, candidates, {.4, .7, false}),
             torch::tensor({int64_t{0}, unclear, no, no, no})));
  CHECK(same(match_boxes(truth, candidates, {.4, .7, true}),
             torch::tensor({int64_t{0}, unclear, no, int64_t{1}, no})));
  CHECK(same(match_boxes(truth.narrow(0, 0, 0), candidates, {.4, .7, true}),
             torch::full({5}, kNoMatch, torch::kLong)));
  const auto& all = operations();
  const auto some = all.at("a").narrow(0, 0, 20);
  CHECK(same(match_boxes(some, all.at("b"), {.3, .7, true}), all.at("matched_rpn")));
  CHECK(same(match_boxes(some, all.at("b"), {.3, .3, false}), all.at("matched_heads")));
}

TEST_CASE("the balanced sampler draws from its stream") {
  auto labels = torch::zeros({1000}, torch::kLong);
  labels.narrow(0, 100, 50).fill_(3);
  labels.narrow(0, 500, 400).fill_(-1);
  const auto sampled = balanced_sampler(Rng(4))(labels, 40, .25);
  CHECK(sampled.positive.numel() == 10);
  CHECK(sampled.negative.numel() == 30);
  CHECK((labels.index({sampled.positive}) == 3).all().item<bool>());
  CHECK((labels.index({sampled.negative}) == 0).all().item<bool>());
  CHECK((sampled.negative.diff() > 0).all().item<bool>());
  CHECK(same(balanced_sampler(Rng(4))(labels, 40, .25).negative, sampled.negative));
  CHECK_FALSE(same(balanced_sampler(Rng(5))(labels, 40, .25).negative, sampled.negative));
  // What one kind lacks, the other gives, as far as it has them.
  const auto few = balanced_sampler(Rng(4))(labels, 600, .25);
  CHECK(few.positive.numel() == 50);
  CHECK(few.negative.numel() == 550);
  CHECK(balanced_sampler(Rng(4))(labels, 4000, .25).negative.numel() == 550);
}

TEST_CASE("RoIAlign and its gradient are torchvision's") {
  const auto& all = operations();
  for (const auto& [bins, name] : {std::pair{RoiBins{4, 3, 2, false}, "4 3 2 0"},
                                   std::pair{RoiBins{3, 5, 0, false}, "3 5 0 0"},
                                   std::pair{RoiBins{3, 5, 0, true}, "3 5 0 1"},
                                   std::pair{RoiBins{4, 2, 3, true}, "4 2 3 1"}}) {
    INFO(name);
    for (const auto type : {torch::kFloat, torch::kDouble}) {
      const auto map = all.at("map0").to(type).clone().requires_grad_(true);
      const auto none = torch::zeros({8}, torch::kLong);
      const auto pooled = roi_align({{map}, {.25}}, all.at("rois"), none, bins);
      CHECK(largest_difference(pooled, all.at(cat("pooled ", name))) < 1e-5);
      weighted(pooled).backward();
      CHECK(largest_difference(map.grad(), all.at(cat("gradient ", name))) < 1e-5);
    }
  }
}

TEST_CASE("boxes are pooled from the map of their size") {
  const auto levels = roi_levels(
      box_row({0, 0, 112, 112, 0, 0, 111, 112, 0, 0, 224, 224, 0, 0, 1, 1, 0, 0, 999, 999}),
      {.25, .125, .0625});
  CHECK(same(levels, torch::tensor({1, 0, 2, 0, 2}, torch::kLong)));
  CHECK(map_scales({torch::zeros({1, 1, 25, 25}), torch::zeros({1, 1, 7, 7})}, 100) ==
        std::vector<double>{.25, .0625});
  const auto& all = operations();
  ScaledMaps maps{{}, {1. / 64, 1. / 128, 1. / 256}};
  for (int i = 0; i < 3; ++i)
    maps.maps.push_back(all.at(cat("map", i)).clone().requires_grad_(true));
  // The script's canonical level is 7 of the maps 6 to 8, ours 4 of 3 to 5.
  const auto boxes = torch::cat({all.at("inside0"), all.at("inside1")});
  const auto of_images = torch::cat({torch::zeros({5, 1}), torch::ones({5, 1})});
  const auto pooled = roi_align(maps,
                                torch::cat({of_images, boxes}, 1),
                                roi_levels(boxes, {1. / 8, 1. / 16, 1. / 32}),
                                {3, 3, 2, false});
  CHECK(largest_difference(pooled, all.at("multi")) < 1e-5);
  weighted(pooled).backward();
  for (size_t i = 0; i < 3; ++i)
    CHECK(largest_difference(maps.maps[i].grad(), all.at(cat("multi_gradient", i))) < 1e-5);
}

TEST_CASE("RoIAlign gives the same bits on any number of threads, and refuses what is outside") {
  const auto map = wave(2 * 130 * 9 * 11, 0).view({2, 130, 9, 11}).requires_grad_(true);
  const auto boxes = torch::cat(
      {torch::tensor({0., 1., 1.}).view({3, 1}),
       torch::tensor({0., 0., 30., 30., 5., 9., 21., 40., 8., 3., 40., 9.}).view({3, 4})},
      1);
  const auto none = torch::zeros({3}, torch::kLong);
  const auto both = [&](int threads) {
    at::set_num_threads(threads);
    const auto pooled = roi_align({{map}, {.25}}, boxes, none, {});
    const auto gradient = torch::autograd::grad({(pooled * pooled).sum()}, {map})[0];
    at::set_num_threads(1);
    return std::pair{pooled, gradient};
  };
  const auto one = both(1), two = both(2);
  CHECK(same(one.first, two.first));
  CHECK(same(one.second, two.second));
  const auto refused = [&](const torch::Tensor& wrong, const torch::Tensor& levels) {
    return error_of([&] { roi_align({{map}, {.25}}, wrong, levels, {}); });
  };
  CHECK(contains(refused(boxes, none + 1).what(), "a box has no such map"));
  CHECK(contains(refused(boxes + 1, none).what(), "a box has no such image"));
  CHECK(contains(refused(boxes * torch::tensor({1., 1., 1., 1., std::nan("")}), none).what(),
                 "a box to pool has a corner at nan px"));
}
