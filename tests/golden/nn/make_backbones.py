# SPDX-License-Identifier: Apache-2.0
"""Writes what backbones are compared with: timm's, with one input channel. timm has no
nasnetamobile: it is that of pretrainedmodels, which timm's nasnetalarge descends from.

backbones.json               for each, its number of parameters, and its features of two images, in
                             float64
tools/architectures.json     for each, the names and shapes of its tensors in the package's order
                             (without num_batches_tracked), the name of its last layer and the number
                             of its inputs, and the mean and deviation that the package's pretrained
                             weights expect

Needs torch, timm, pretrainedmodels and numpy."""
import json
import pathlib

import numpy as np
import pretrainedmodels
import timm
import torch

NAMES = ["resnet18", "resnet50", "efficientnet_b0", "tf_efficientnet_lite0", "tf_efficientnet_lite1",
         "tf_efficientnet_lite2", "mobilenetv2_100", "mobilenetv3_small_100", "densenet121", "densenet201",
         "legacy_xception", "vgg16_bn", "vit_tiny_patch16_224", "inception_resnet_v2", "nasnetamobile"]
ANY_SIZE = {"vit_tiny_patch16_224": dict(dynamic_img_size=True, dynamic_img_pad=True)}
SIZES = [(64, 48), (77, 53)]
# inception_resnet_v2 needs 75 px; with a final map of one position, its batch norms would see two
# values and amplify rounding errors. pretrainedmodels' nasnetamobile works for 31 to 34 px and for
# multiples of 32 px more; these sides give its first map even and odd sizes.
OTHER_SIZES = {"inception_resnet_v2": [(139, 123), (96, 80)], "nasnetamobile": [(64, 33), (66, 95)]}
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


def network_of(name):
    """Returns a network without its last layer, and what the package says of its weights."""
    if name != "nasnetamobile":
        network = timm.create_model(name, in_chans=1, num_classes=0, **ANY_SIZE.get(name, {}))
        return network.double(), network.default_cfg
    network = pretrainedmodels.nasnetamobile(num_classes=1000, pretrained=None)
    network.conv0.conv = torch.nn.Conv2d(1, network.stem_filters, 3, stride=2, bias=False)
    network.avg_pool = torch.nn.AdaptiveAvgPool2d(1)  # which is for maps of 7x7
    network.last_linear = torch.nn.Identity()
    return network.double(), dict(classifier="last_linear", mean=network.mean, std=network.std)


golden, tables = {}, {}
for name in NAMES:
    network, config = network_of(name)
    sizes = OTHER_SIZES.get(name, SIZES)
    with torch.no_grad():
        for key, tensor in network.named_parameters():
            values = noise(tensor.numel(), len(key)).view(tensor.shape)
            # Those with three dimensions are the class token and the position embeddings.
            fan = 6 if tensor.dim() == 3 else tensor[0].numel()
            tensor.copy_(1 + .1 * values if tensor.dim() == 1 else values * (6 / fan) ** .5)
        network.train()
        first = image(*sizes[0])
        network(torch.cat([first, first.flip(3)]))  # moves the running statistics
        network.eval()
        features = [network(image(*size))[0] for size in sizes]
    golden[name] = dict(
        parameters=sum(p.numel() for p in network.parameters()),
        sizes=sizes,
        # Every 16th feature.
        features=[values[::16].tolist() for values in features])
    tables[name] = dict(
        head=config["classifier"], inputs=len(features[0]),
        # The packages have three values, one a colour. Those of a grey image are their means.
        mean=sum(config["mean"]) / 3, deviation=sum(config["std"]) / 3,
        tensors={key: list(tensor.shape) for key, tensor in network.state_dict().items()
                 if not key.endswith("num_batches_tracked")})

(HERE / "backbones.json").write_text(json.dumps(golden) + "\n")
text = json.dumps(tables, separators=(",", ":")).replace('":{"head"', '":\n{"head"').replace('"tensors":', '\n"tensors":')
(HERE.parents[2] / "tools" / "architectures.json").write_text(text + "\n")
