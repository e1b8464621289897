# SPDX-License-Identifier: Apache-2.0
"""Writes foreign.json: the names and shapes of the state dicts of other packages' networks, in their
order, and the names in timm that tools/convert-weights must give them. Before, checks with random
weights that timm's network (of nasnetamobile: pretrainedmodels') with the converted weights computes
what the package's does.

Needs torch, timm, torchvision, torchxrayvision, efficientnet_lite_pytorch and pretrainedmodels."""
import json
import pathlib
import sys

import pretrainedmodels
import timm
import torch
import torchvision
import torchxrayvision
from efficientnet_lite_pytorch import EfficientNet

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parents[2] / "tools"))
import convert_weights  # noqa: E402


def torchxrayvision_densenet():
    network = torchxrayvision.models.DenseNet(num_classes=18, in_channels=1, weights=None)
    network.op_threshs = torch.full((18,), .5)  # which the network itself would apply
    return network


ANY_SIZE = {"vit_tiny_patch16_224": dict(dynamic_img_size=True, dynamic_img_pad=True)}


def of_timm(arch):
    return lambda: timm.create_model(arch, **ANY_SIZE.get(arch, {}))


def nasnetamobile():
    return pretrainedmodels.nasnetamobile(num_classes=1000, pretrained=None)


def without_last_layer(arch, channels):
    if arch != "nasnetamobile":
        return timm.create_model(arch, in_chans=channels, num_classes=0, **ANY_SIZE.get(arch, {}))
    network = nasnetamobile()
    network.last_linear = torch.nn.Identity()
    return network


FOREIGN = {
    "torchvision resnet18": ("resnet18", lambda: torchvision.models.resnet18()),
    "torchvision resnet50": ("resnet50", lambda: torchvision.models.resnet50()),
    "torchvision mobilenet_v2": ("mobilenetv2_100", lambda: torchvision.models.mobilenet_v2()),
    "torchvision densenet121": ("densenet121", lambda: torchvision.models.densenet121()),
    "torchvision densenet201": ("densenet201", lambda: torchvision.models.densenet201()),
    "torchvision efficientnet_b0": ("efficientnet_b0", lambda: torchvision.models.efficientnet_b0()),
    "torchvision mobilenet_v3_small": ("mobilenetv3_small_100", lambda: torchvision.models.mobilenet_v3_small()),
    "torchvision vgg16_bn": ("vgg16_bn", lambda: torchvision.models.vgg16_bn()),
    "timm efficientnet_b0": ("efficientnet_b0", of_timm("efficientnet_b0")),
    "timm legacy_xception": ("legacy_xception", of_timm("legacy_xception")),
    "timm vit_tiny_patch16_224": ("vit_tiny_patch16_224", of_timm("vit_tiny_patch16_224")),
    "timm inception_resnet_v2": ("inception_resnet_v2", of_timm("inception_resnet_v2")),
    "pretrainedmodels inceptionresnetv2": (
        "inception_resnet_v2", lambda: pretrainedmodels.inceptionresnetv2(num_classes=1000, pretrained=None)),
    "pretrainedmodels nasnetamobile": ("nasnetamobile", nasnetamobile),
    "torchxrayvision densenet121": ("densenet121", torchxrayvision_densenet),
    "efficientnet_lite_pytorch lite0": ("tf_efficientnet_lite0", lambda: EfficientNet.from_name("efficientnet-lite0")),
    "efficientnet_lite_pytorch lite2": ("tf_efficientnet_lite2", lambda: EfficientNet.from_name("efficientnet-lite2")),
}

# efficientnet_lite_pytorch pads every image as one of its own size; pretrainedmodels pools maps of one size.
SIZES = {"efficientnet_lite_pytorch lite2": (260, 260), "timm inception_resnet_v2": (107, 80),
         "pretrainedmodels inceptionresnetv2": (299, 299), "pretrainedmodels nasnetamobile": (224, 224)}
# The others differ from one of these in sizes only, or have evenray's names.
WRITTEN = ["torchvision resnet18", "torchvision mobilenet_v2", "torchvision mobilenet_v3_small", "torchvision vgg16_bn",
           "timm efficientnet_b0", "timm vit_tiny_patch16_224", "torchxrayvision densenet121",
           "efficientnet_lite_pytorch lite0"]

torch.manual_seed(1)
out = {}
for name, (arch, make) in FOREIGN.items():
    network = make().double()
    for key, tensor in network.state_dict().items():
        if key.endswith("running_mean"):
            tensor.normal_(0, .1)
        elif key.endswith("running_var"):
            tensor.uniform_(.5, 2)
    network.eval()
    state = {k: v for k, v in network.state_dict().items() if not k.endswith("num_batches_tracked")}
    table = convert_weights.TABLES[arch]
    names, how = convert_weights.match(state, table)
    channels = next(v for v in state.values() if v.dim() == 4).shape[1]
    ours = without_last_layer(arch, channels).double()
    missing, unexpected = ours.load_state_dict(convert_weights.renamed(state, names, table), strict=False)
    assert not unexpected and all(k.endswith("num_batches_tracked") for k in missing)
    ours.eval()
    image = torch.rand(2, channels, *SIZES.get(name, (64, 96)), dtype=torch.double)
    head = [m for m in network.modules() if isinstance(m, torch.nn.Linear)][-1]
    with torch.no_grad():
        if name.startswith("torchxrayvision"):
            found = network.features2(image)
            wanted = ours(image)
        else:
            found, wanted = network(image), torch.nn.functional.linear(ours(image), head.weight, head.bias)
    difference = (found - wanted).abs().max().item()
    print(name, how, difference)
    assert difference < 1e-9
    if name not in WRITTEN:
        continue
    ours_of = {v: k for k, v in names.items()}
    out[name] = dict(arch=arch, tensors=[[k, list(v.shape), ours_of.get(k, "")] for k, v in state.items()])

(here / "foreign.json").write_text(json.dumps(out, separators=(",", ":")).replace('"tensors"', '\n"tensors"') + "\n")
