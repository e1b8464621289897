# SPDX-License-Identifier: Apache-2.0
"""Writes what backbones are compared with: timm's, with one input channel.

backbones.json               for each, its number of parameters, and its features of two images, in
                             float64
tools/architectures.json     for each, the names and shapes of its tensors in timm's order (without
                             num_batches_tracked), the name of its last layer, and the mean and
                             deviation that timm's pretrained weights expect

Needs torch, timm and numpy."""
import json
import pathlib

import numpy as np
import timm
import torch

NAMES = ["resnet18", "resnet50", "efficientnet_b0", "tf_efficientnet_lite0", "tf_efficientnet_lite1",
         "tf_efficientnet_lite2", "mobilenetv2_100", "mobilenetv3_small_100", "densenet121", "densenet201",
         "legacy_xception", "vgg16_bn", "vit_tiny_patch16_224"]
ANY_SIZE = {"vit_tiny_patch16_224": dict(dynamic_img_size=True, dynamic_img_pad=True)}
SIZES = [(64, 48), (77, 53)]
PERIOD = 4194301  # a prime number
HERE = pathlib.Path(__file__).parent


def noise(count, seed):
    """Numbers from -1 to 1 that the test recomputes in integers. They repeat, so that those of large
    tensors take little time."""
    x = (np.arange(min(count, PERIOD), dtype=np.int64) + 1000003 * seed) * 2654435761 % 2**32
    x = (x ^ (x >> 15)) * 0x45D9F3B % 2**32
    return torch.from_numpy(np.resize((x ^ (x >> 16)) / 2**31 - 1, count))


def image(height, width):
    return noise(height * width, 3).view(1, 1, height, width)


golden, tables = {}, {}
for name in NAMES:
    network = timm.create_model(name, in_chans=1, num_classes=0, **ANY_SIZE.get(name, {})).double()
    config = network.default_cfg
    tables[name] = dict(
        head=config["classifier"],
        # timm has three values, one a colour. Those of a grey image are their means.
        mean=sum(config["mean"]) / 3, deviation=sum(config["std"]) / 3,
        tensors={key: list(tensor.shape) for key, tensor in network.state_dict().items()
                 if not key.endswith("num_batches_tracked")})
    with torch.no_grad():
        for key, tensor in network.named_parameters():
            values = noise(tensor.numel(), len(key)).view(tensor.shape)
            # Those with three dimensions are the class token and the position embeddings.
            fan = 6 if tensor.dim() == 3 else tensor[0].numel()
            tensor.copy_(1 + .1 * values if tensor.dim() == 1 else values * (6 / fan) ** .5)
        network.train()
        first = image(*SIZES[0])
        network(torch.cat([first, first.flip(3)]))  # moves the running statistics
        network.eval()
        golden[name] = dict(
            parameters=sum(p.numel() for p in network.parameters()),
            # Every 16th feature.
            features=[network(image(*size))[0, ::16].tolist() for size in SIZES])

(HERE / "backbones.json").write_text(json.dumps(golden) + "\n")
text = json.dumps(tables, separators=(",", ":")).replace('":{"head"', '":\n{"head"').replace('"tensors":', '\n"tensors":')
(HERE.parents[2] / "tools" / "architectures.json").write_text(text + "\n")
