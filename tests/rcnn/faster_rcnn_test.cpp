// SPDX-License-Identifier: Apache-2.0
// Faster R-CNN beside torchvision's, with its state dict.
#include <torch/autograd.h>
#include <torch/types.h>

#include "core/error.hpp"
#include "nn/checkpoint.hpp"
#include "nn/compute.hpp"
#include "rcnn/weights.hpp"
#include "tests/nn/torch_fixture.hpp"
#include "tests/rcnn/torchvision.hpp"

using namespace evenray;

namespace {

/// Saves a seeded network of 91 classes, what it finds in two grey images, and its losses and
/// gradients where the first candidates are sampled.
constexpr const char* kNetwork = R"(
from torchvision.models.detection import FasterRCNN, _utils
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
torch.manual_seed(3)
torch.set_num_threads(1)
backbone = resnet_fpn_backbone(backbone_name='resnet50', weights=None, trainable_layers=3)
model = FasterRCNN(backbone, 91, min_size=96, max_size=200, rpn_pre_nms_top_n_train=300, rpn_post_nms_top_n_train=150,
                   rpn_pre_nms_top_n_test=200, rpn_post_nms_top_n_test=100, box_batch_size_per_image=64,
                   rpn_score_thresh=.2)
with torch.no_grad():
    for name, tensor in model.backbone.body.named_buffers():
        if name.endswith('running_var'):
            tensor.uniform_(.5, 1.5)
        elif name.endswith('weight'):
            tensor.uniform_(.2, .7)
        else:
            tensor.normal_(0, .1)
    for name, tensor in model.named_parameters():
        if 'rpn.head' in name or 'predictor' in name:
            tensor.normal_(0, .02 if 'bbox' in name else .4)
torch.save({'model': model.state_dict()}, 'model.pth')
old = {k.replace('rpn.head.conv.0.0', 'rpn.head.conv').replace('_blocks.0.0', '_blocks.0'): v.half()
       for k, v in model.state_dict().items()}
torch.save(old, 'old.pth')
torch.save({k: v for k, v in old.items() if 'rpn' in k or 'predictor' in k}, 'part.pth')
images = torch.rand(2, 1, 96, 131)
images[:, :, 20:60, 30:90] *= .3
out = {'images': images}
colours = [image.expand(3, -1, -1) for image in images]
model.eval()
with torch.no_grad():
    for i, found in enumerate(model(colours)):
        out.update({f'{key} {i}': value for key, value in found.items()})
targets = [dict(boxes=torch.tensor([[30., 20., 90., 60.], [5., 5., 21., 40.]]), labels=torch.tensor([7, 90])),
           dict(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long))]

def first(self, labels):
    masks = []
    for own in labels:
        positive, negative = torch.where(own >= 1)[0], torch.where(own == 0)[0]
        count = min(len(positive), int(self.batch_size_per_image * self.positive_fraction))
        chosen = positive[:count], negative[:self.batch_size_per_image - count]
        masks.append([torch.zeros_like(own, dtype=torch.uint8).index_fill(0, c, 1) for c in chosen])
    return tuple(zip(*masks))
_utils.BalancedPositiveNegativeSampler.__call__ = first
model.train()
losses = model(colours, targets)
sum(losses.values()).backward()
out.update({'loss ' + name: value for name, value in losses.items()})
for name, parameter in model.named_parameters():
    if parameter.grad is not None and ('weight' in name and ('layer2.0.conv1' in name or 'layer4' in name
                                       or 'fpn' in name or 'rpn' in name or 'predictor' in name)):
        out['gradient ' + name] = parameter.grad
out['trained'] = torch.tensor(sum(p.requires_grad for p in model.parameters()))
save_file({k: v.detach().clone().contiguous() for k, v in out.items()}, 'out.safetensors')
)";

RcnnOptions options_of_script() {
  RcnnOptions options;
  options.train_candidates = 300;
  options.train_proposals = 150;
  options.find_candidates = 200;
  options.find_proposals = 100;
  options.least_proposal_score = .2;
  options.proposals.count = 64;
  return options;
}

/// Samples the first candidates, as the script does.
Sampled first_candidates(const torch::Tensor& labels, int64_t count, double positive_share) {
  const auto positive = (labels > 0).nonzero().flatten(),
             negative = (labels == 0).nonzero().flatten();
  const auto most = static_cast<int64_t>(static_cast<double>(count) * positive_share);
  const int64_t chosen = std::min(positive.numel(), most);
  return {positive.narrow(0, 0, chosen),
          negative.narrow(0, 0, std::min(negative.numel(), count - chosen))};
}

std::string convert_detector(const Path& folder, const std::string& arguments, int code) {
  const Path tool = std::filesystem::absolute(source_folder()) / "tools" / "convert-weights";
  const int status = std::system(
      cat("cd '", folder.string(), "' && '", tool.string(), "' ", arguments, " > out.txt 2>&1")
          .c_str());
  const std::string text = read_file(folder / "out.txt");
  INFO(text);
  CHECK(WEXITSTATUS(status) == code);
  return text;
}

}  // namespace

TEST_CASE("Faster R-CNN finds and learns what torchvision's does with its state dict") {
  const ScratchFolder folder;
  if (!run_torchvision(folder.path(), kNetwork)) return;
  const auto golden = read_safetensors(folder / "out.safetensors").tensors;
  const std::string text = convert_detector(folder.path(), "model.pth --name seeded", 0);
  CHECK(contains(text, "fasterrcnn_resnet50_fpn, 295 tensors, 90 classes and none"));
  const auto weights = read_rcnn_weights(folder / "model.safetensors");
  CHECK(weights.classes == 90);
  RcnnNet network(options_of_script(), weights.classes);
  REQUIRE(weights.load(network));

  const auto found = network.find(golden.at("images"));
  REQUIRE(found.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    const auto& boxes = golden.at(cat("boxes ", i));
    INFO(boxes.size(0) << " boxes");
    REQUIRE(boxes.size(0) > 10);
    REQUIRE(found[i].boxes.sizes() == boxes.sizes());
    CHECK(largest_difference(found[i].boxes, boxes) < 1e-3);
    CHECK(largest_difference(found[i].scores, golden.at(cat("scores ", i))) < 1e-3);
    CHECK(same(found[i].labels + 1, golden.at(cat("labels ", i))));
  }

  network.train();
  const auto loss =
      network.loss(golden.at("images"),
                   {{{30, 20, 90, 60, 6, {}}, {5, 5, 21, 40, 89, {}}, {9, 9, 9, 20, 1, {}}}, {}},
                   first_candidates,
                   first_candidates);
  const auto near = [&](const torch::Tensor& value, const char* name) {
    INFO(name);
    CHECK(value.item<double>() == Approx(golden.at(name).item<double>()).epsilon(1e-4));
  };
  near(loss.objectness, "loss loss_objectness");
  near(loss.proposal_boxes, "loss loss_rpn_box_reg");
  near(loss.classes, "loss loss_classifier");
  near(loss.boxes, "loss loss_box_reg");
  loss.total().backward();
  int64_t trained = 0, compared = 0;
  for (const auto& item : network.named_parameters()) {
    trained += item.value().requires_grad();
    const auto gradient = golden.find("gradient " + item.key());
    if (gradient == golden.end()) continue;
    INFO(item.key());
    ++compared;
    CHECK(largest_difference(item.value().grad(), gradient->second) <
          1e-4 * (1e-3 + gradient->second.abs().max().item<double>()) * 10);
  }
  CHECK(compared > 20);
  CHECK(trained == golden.at("trained").item<int64_t>());

  // The last layers of another number of classes stay.
  RcnnNet other(options_of_script(), 2);
  CHECK_FALSE(weights.load(other));
  // The names of torchvision's first files.
  convert_detector(folder.path(), "old.pth --norm-epsilon 0", 0);
  const auto old = read_rcnn_weights(folder / "old.safetensors");
  CHECK(old.norm_epsilon == 0);
  CHECK(old.load(network));
  CHECK(contains(convert_detector(folder.path(), "part.pth", 65),
                 "of fasterrcnn_resnet50_fpn are missing or have another shape, first "
                 "'backbone.body.conv1.weight'"));
}
