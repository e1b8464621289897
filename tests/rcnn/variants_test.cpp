// SPDX-License-Identifier: Apache-2.0
// Mask R-CNN and Faster R-CNN on VGG-16 beside torchvision's.
#include <torch/autograd.h>
#include <torch/types.h>

#include "core/error.hpp"
#include "nn/compute.hpp"
#include "rcnn/weights.hpp"
#include "tests/nn/torch_fixture.hpp"
#include "tests/rcnn/torchvision.hpp"

using namespace evenray;

namespace {

constexpr const char* kVariants = R"(
from torch import nn
from torchvision.models.detection import FasterRCNN, MaskRCNN, _utils, faster_rcnn, roi_heads
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
torch.manual_seed(5)
torch.set_num_threads(1)
small = dict(min_size=64, max_size=96, rpn_pre_nms_top_n_train=100, rpn_post_nms_top_n_train=40, rpn_pre_nms_top_n_test=60,
             rpn_post_nms_top_n_test=30, box_batch_size_per_image=16, box_detections_per_img=12)
vgg = torchvision.models.vgg16().features[:-1]
vgg.out_channels = 512
models = dict(
    vgg=FasterRCNN(vgg, rpn_anchor_generator=AnchorGenerator(((32, 64, 128, 256, 512),)),
                   box_roi_pool=torchvision.ops.MultiScaleRoIAlign(['0'], 7, 2),
                   box_head=faster_rcnn.TwoMLPHead(512 * 49, 64), box_predictor=faster_rcnn.FastRCNNPredictor(64, 3), **small),
    mask=MaskRCNN(resnet_fpn_backbone(backbone_name='resnet50', weights=None), 3, **small))

def first(self, labels):
    masks = []
    for own in labels:
        positive, negative = torch.where(own >= 1)[0], torch.where(own == 0)[0]
        count = min(len(positive), int(self.batch_size_per_image * self.positive_fraction))
        chosen = positive[:count], negative[:self.batch_size_per_image - count]
        masks.append([torch.zeros_like(own, dtype=torch.uint8).index_fill(0, c, 1) for c in chosen])
    return tuple(zip(*masks))
_utils.BalancedPositiveNegativeSampler.__call__ = first
images = torch.rand(1, 1, 64, 96)
out = {'images': images}
drawn = torch.zeros(2, 64, 96, dtype=torch.uint8)
drawn[0, 10:30, 20:60] = 1
drawn[1, 40:60, 5:25] = 1
target = dict(boxes=torch.tensor([[20., 10., 60., 30.], [5., 40., 25., 60.]]), labels=torch.tensor([1, 2]), masks=drawn)
for key, model in models.items():
    with torch.no_grad():
        for name, tensor in list(model.named_buffers()) + list(model.named_parameters()):
            if name.endswith('running_var'):
                tensor.uniform_(.5, 1.5)
            elif ('bn' in name or 'downsample.1' in name) and name.endswith('weight'):
                tensor.uniform_(.2, .7)
            elif 'rpn.head' in name or 'predictor' in name:
                tensor.normal_(0, .02 if 'bbox' in name else .3)
    torch.save(model.state_dict(), key + '.pth')
    model.eval()
    with torch.no_grad():
        found, = model([images[0].expand(3, -1, -1)])
    out.update({f'{key} {name}': value for name, value in found.items()})
    model.train()
    losses = model([images[0].expand(3, -1, -1)], [target])
    sum(losses.values()).backward()
    out.update({f'{key} {name}': value for name, value in losses.items()})
    if key == 'mask':
        out['mask gradient'] = model.roi_heads.mask_head[0][0].weight.grad
for i, box in enumerate(([-3.5, 4.2, 30.9, 55.5], [80., 50., 95.9, 63.9], [10., 10., 10.4, 12.])):
    mask = torch.rand(1, 1, 28, 28)
    out[f'small {i}'], out[f'box {i}'] = mask[0, 0], torch.tensor(box)
    out[f'pasted {i}'] = roi_heads.paste_masks_in_image(mask, torch.tensor([box]), (64, 96))[0, 0]
save_file({k: v.detach().clone().contiguous() for k, v in out.items()}, 'out.safetensors')
)";

Sampled first_of_each(const torch::Tensor& labels, int64_t count, double positive_share) {
  const auto positive = (labels > 0).nonzero().flatten(),
             negative = (labels == 0).nonzero().flatten();
  const int64_t chosen =
      std::min(positive.numel(), static_cast<int64_t>(static_cast<double>(count) * positive_share));
  return {positive.narrow(0, 0, chosen),
          negative.narrow(0, 0, std::min(negative.numel(), count - chosen))};
}

/// The settings of the script.
RcnnOptions small_counts(RcnnOptions options) {
  options.train_candidates = 100;
  options.train_proposals = 40;
  options.find_candidates = 60;
  options.find_proposals = 30;
  options.proposals.count = 16;
  options.most_boxes = 12;
  return options;
}

RcnnWeights converted(const Path& folder, const std::string& name) {
  const Path tool = std::filesystem::absolute(source_folder()) / "tools" / "convert-weights";
  REQUIRE(
      std::system(cat("cd '", folder.string(), "' && '", tool.string(), "' ", name, ".pth > o.txt")
                      .c_str()) == 0);
  return read_rcnn_weights(folder / (name + ".safetensors"));
}

}  // namespace

TEST_CASE("Mask R-CNN and Faster R-CNN on VGG-16 compute what torchvision's do") {
  const ScratchFolder folder;
  if (!run_torchvision(folder.path(), kVariants)) return;
  const auto golden = read_safetensors(folder / "out.safetensors").tensors;
  RcnnOptions mask_options = small_counts({}), vgg = small_counts(vgg16_options());
  mask_options.masks = true;
  vgg.head_channels = 64;
  for (const auto& [key, options] : {std::pair{"vgg", vgg}, std::pair{"mask", mask_options}}) {
    INFO(key);
    const std::string name = key;
    const auto weights = converted(folder.path(), name);
    CHECK(weights.arch == (name == "vgg" ? "fasterrcnn_vgg16" : "maskrcnn_resnet50_fpn"));
    RcnnNet network(options, weights.classes);
    REQUIRE(weights.load(network));
    const auto found = network.find(golden.at("images"))[0];
    const auto& boxes = golden.at(name + " boxes");
    REQUIRE(boxes.size(0) > 3);
    REQUIRE(found.boxes.sizes() == boxes.sizes());
    CHECK(largest_difference(found.boxes, boxes) < 1e-3);
    CHECK(largest_difference(found.scores, golden.at(name + " scores")) < 1e-3);
    CHECK(same(found.labels + 1, golden.at(name + " labels")));
    CHECK(found.masks.defined() == options.masks);
    network.train();
    const auto loss = network.loss(golden.at("images"),
                                   {{{20, 10, 60, 30, 0, {}}, {5, 40, 25, 60, 1, {}}}},
                                   first_of_each,
                                   first_of_each);
    for (const auto& [value, part] : {std::pair{loss.objectness, "loss_objectness"},
                                      std::pair{loss.proposal_boxes, "loss_rpn_box_reg"},
                                      std::pair{loss.classes, "loss_classifier"},
                                      std::pair{loss.boxes, "loss_box_reg"}})
      CHECK(value.item<double>() ==
            Approx(golden.at(cat(name, " ", part)).item<double>()).epsilon(1e-4));
    if (!options.masks) continue;
    CHECK(loss.masks.item<double>() ==
          Approx(golden.at("mask loss_mask").item<double>()).epsilon(1e-4));
    loss.total().backward();
    const auto gradient = network.named_parameters()["roi_heads.mask_head.0.0.weight"].grad();
    CHECK(torch::allclose(gradient, golden.at("mask gradient"), 1e-3, 1e-6));
    for (int64_t i = 0; i < boxes.size(0); ++i)
      CHECK(largest_difference(pasted_mask(found.masks[i], found.boxes[i], 64, 96),
                               golden.at("mask masks")[i][0]) < 1e-2);
  }
  for (int i = 0; i < 3; ++i)
    CHECK(largest_difference(
              pasted_mask(golden.at(cat("small ", i)), golden.at(cat("box ", i)), 64, 96),
              golden.at(cat("pasted ", i))) < 1e-5);
}

TEST_CASE("masks of true objects come from their polygons, else from their boxes") {
  Box triangle{0, 0, 8, 8, 0, {{{0, 0}, {8, 0}, {0, 8}}}};
  const Box rectangle{1, 2, 4, 4, 0, {}}, without_area{3, 3, 3, 9, 0, {}};
  const Box broken{1, 2, 4, 4, 0, {{{1, 2}, {NAN, 2}, {3, 3}}}};
  const auto masks = true_masks(
      {triangle, without_area, rectangle, broken}, torch::tensor({1, 0, 2}, torch::kLong), 8, 10);
  REQUIRE(masks.sizes() == torch::IntArrayRef({3, 8, 10}));
  CHECK(masks[0].sum().item<double>() == 6);
  CHECK(masks[0][2][1].item<double>() == 1);
  CHECK(masks[0][1][1].item<double>() == 0);
  CHECK(same(masks[2], masks[0]));
  const double area = masks[1].sum().item<double>();
  CHECK(area >= 28);
  CHECK(area <= 36);
  CHECK(masks[1][1][1].item<double>() == 1);
  CHECK(masks[1][7][7].item<double>() == 0);
  // There and back.
  const Mask runs = mask_of(masks[1]);
  CHECK(runs.area() == static_cast<uint64_t>(area));
  CHECK(overlap(runs, Mask::polygon(8, 10, std::vector<double>{0, 0, 8, 0, 0, 8})) == 1);
  CHECK(mask_of(torch::zeros({3, 4})).area() == 0);
  CHECK(mask_of(torch::ones({3, 4})).area() == 12);
}

TEST_CASE("bf16 computes what f32 computes, to its precision") {
  seed_torch(2);
  RcnnOptions options;
  options.arch = "small";
  options.pyramid_channels = 32;
  options.head_channels = 64;
  options.anchor_sizes = {8, 16, 24, 48};
  options.masks = true;
  RcnnNet network(options, 2);
  network.eval();
  const auto images = wave(2 * 64 * 64, 1).view({2, 1, 64, 64}) / 2 + .5;
  const std::vector<std::vector<Box>> boxes{{{8, 8, 30, 40, 1, {}}}, {}};
  const auto loss_in = [&](bool bf16) {
    const Autocast autocast(Compute{torch::kCPU, bf16, 1});
    return network.loss(images, boxes, Rng(1));
  };
  const RcnnLoss whole = loss_in(false), half = loss_in(true);
  CHECK(half.total().scalar_type() == torch::kFloat);
  CHECK(half.objectness.item<double>() == Approx(whole.objectness.item<double>()).epsilon(.02));
  CHECK(half.classes.item<double>() == Approx(whole.classes.item<double>()).epsilon(.05));
  CHECK(half.masks.item<double>() == Approx(whole.masks.item<double>()).epsilon(.05));
  half.total().backward();
  const Autocast autocast(Compute{torch::kCPU, true, 1});
  for (const auto& found : network.find(images)) CHECK(found.boxes.scalar_type() == torch::kFloat);
}

TEST_CASE("a network that finds nothing, or whose outputs are not finite, gives no boxes") {
  seed_torch(2);
  RcnnOptions options;
  options.arch = "small";
  options.pyramid_channels = 16;
  options.head_channels = 16;
  options.anchor_sizes = {8, 16, 24, 48};
  options.masks = true;
  options.least_score = 1;
  RcnnNet network(options, 2);
  const auto images = torch::rand({2, 1, 40, 70});
  const auto empty = [&] {
    const auto found = network.find(images);
    REQUIRE(found.size() == 2);
    for (const auto& of_image : found) {
      CHECK(of_image.boxes.sizes() == torch::IntArrayRef({0, 4}));
      CHECK(of_image.masks.sizes() == torch::IntArrayRef({0, 28, 28}));
    }
  };
  empty();
  {
    torch::NoGradGuard no_grad;
    network.named_parameters()["rpn.head.bbox_pred.bias"].fill_(std::nan(""));
  }
  empty();
  // The training stops at this loss.
  const auto loss = network.loss(images, {{}, {}}, Rng(1)).total();
  CHECK_FALSE(std::isfinite(loss.item<double>()));
}
