# SPDX-License-Identifier: Apache-2.0
"""Writes operations.json, policies.json, spaces.json and mixtures.json beside it from torchvision's own functions on Pillow images
of mode "L". With an argument: into that folder.

Needs torch, torchvision and pillow. Only torchvision's Python part is used: its compiled extension is not loaded, so any torch
build will do.
"""
import base64
import hashlib
import importlib
import importlib.util
import json
import os
import pathlib
import sys
import types
from importlib.metadata import version

# torch.linspace, which makes the magnitudes, differs in the last bit between AVX2 and plain instructions.
os.environ["ATEN_CPU_CAPABILITY"] = "default"

import numpy as np
import torch
from PIL import Image

spec = importlib.util.find_spec("torchvision")
package = types.ModuleType("torchvision")
package.__path__ = list(spec.submodule_search_locations)
sys.modules["torchvision"] = package
extension = types.ModuleType("torchvision.extension")
extension._HAS_OPS, extension._has_ops = False, lambda: False
sys.modules["torchvision.extension"] = extension
auto = importlib.import_module("torchvision.transforms.autoaugment")
F = importlib.import_module("torchvision.transforms.functional")
NEAREST = auto.InterpolationMode.NEAREST

HERE = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent


def picture(width, height, low, high, seed):
    """A bright limb on a dark ground with grain: levels low..high."""
    y, x = np.mgrid[0:height, 0:width]
    limb = np.exp(-(((x - width * 0.45 - 0.15 * y) / (width * 0.22)) ** 2))
    grain = np.random.default_rng(seed).normal(0, 0.06, (height, width))
    values = low + (high - low) * np.clip(limb + grain, 0, 1)
    return values.round().astype(np.uint8)


PICTURES = {"limb": picture(24, 20, 10, 235, 1), "dull": picture(17, 23, 60, 140, 2), "flat": np.full((9, 8), 77, np.uint8)}


def apply(image, op, value):
    if op == "Brightness":
        return F.adjust_brightness(image, value)
    if op == "Color":
        return F.adjust_saturation(image, value)
    if op == "Contrast":
        return F.adjust_contrast(image, value)
    if op == "Sharpness":
        return F.adjust_sharpness(image, value)
    return auto._apply_op(image, op, value, interpolation=NEAREST, fill=None)


VALUES = {
    "ShearX": [0.1, -0.3, 0.2333],
    "ShearY": [0.1, -0.3, 0.2333],
    "TranslateX": [4, -7.9],
    "TranslateY": [4.5, -3],
    "Rotate": [15, -30, 26.666666030883789, 0, 90, 180, -90],
    "Brightness": [0.1, 0.55, 1.0, 1.4, 1.9],
    "Color": [0.1, 1.9],
    "Contrast": [0.0, 0.1, 0.7, 1.0, 1.3, 1.9],
    "Sharpness": [0.0, 0.1, 0.7, 1.0, 1.3, 1.9],
    "Posterize": [1, 4, 6, 8],
    "Solarize": [0, 28.33333396911621, 113.33333587646484, 170, 255],
    "AutoContrast": [None],
    "Equalize": [None],
    "Invert": [None],
}


def operations():
    pictures = {
        name: {"width": p.shape[1], "height": p.shape[0], "pixels": base64.b64encode(p.tobytes()).decode()}
        for name, p in PICTURES.items()
    }
    cases = []
    for op, values in VALUES.items():
        for value in values:
            for name, pixels in PICTURES.items():
                if name == "flat" and value not in (None, values[0]):
                    continue
                out = np.asarray(apply(Image.fromarray(pixels), op, 0.0 if value is None else value))
                cases.append({"op": op, "value": value, "picture": name, "pixels": base64.b64encode(out.tobytes()).decode()})
    return pictures, cases


def policies():
    out = []
    for policy in auto.AutoAugmentPolicy:
        augment = auto.AutoAugment(policy)
        for index, slots in enumerate(augment._get_policies(policy)):
            for positive in (True, False):
                pixels = PICTURES["limb"]
                image = Image.fromarray(pixels)
                height, width = pixels.shape
                ops = []
                for op, probability, bin_index in slots:
                    magnitudes, signed = augment._augmentation_space(10, (height, width))[op]
                    magnitude = float(magnitudes[bin_index].item()) if bin_index is not None else 0.0
                    if signed and not positive:
                        magnitude *= -1.0
                    image = auto._apply_op(image, op, magnitude, interpolation=NEAREST, fill=None)
                    factor = op in ("Brightness", "Color", "Contrast", "Sharpness")
                    value = None if bin_index is None else 1.0 + magnitude if factor else magnitude
                    ops.append({"op": op, "probability": probability, "bin": bin_index, "value": value})
                digest = hashlib.sha256(np.asarray(image).tobytes()).hexdigest()
                out.append({"policy": policy.value, "sub_policy": index, "positive": positive, "ops": ops, "sha256": digest})
    return out


FACTORS = ("Brightness", "Color", "Contrast", "Sharpness")
SPACES = {
    "randaugment": (auto.RandAugment(), 31),
    "trivialaugment": (auto.TrivialAugmentWide(), 31),
    "augmix": (auto.AugMix(all_ops=False), 10),
}


def hashed(image):
    return hashlib.sha256(np.asarray(image).tobytes()).hexdigest()


def spaces():
    """Values of every operation and bin with both signs, and for some bins the picture."""
    out = []
    for name, (augment, bins) in SPACES.items():
        for height, width in ((20, 24), (224, 176)):
            takes_size = name != "trivialaugment"
            space = augment._augmentation_space(bins, (height, width)) if takes_size else augment._augmentation_space(bins)
            for op, (magnitudes, signed) in space.items():
                case = {"policy": name, "width": width, "height": height, "op": op, "positive": None, "negative": None, "pictures": []}
                signs = {"positive": 1.0, "negative": -1.0} if signed else {"positive": 1.0}
                if magnitudes.ndim > 0:
                    start = 1.0 if op in FACTORS else 0.0
                    for sign, factor in signs.items():
                        case[sign] = [start + factor * float(m.item()) for m in magnitudes]
                # AugMix's last bins keep 0 bits, which Pillow refuses; severity 3 means the first three.
                shown = (0, 1, 2) if name == "augmix" else (0, 10, 20, 30)
                for bin_index in shown if height == 20 else ():
                    for sign, factor in signs.items():
                        magnitude = float(magnitudes[bin_index].item()) * factor if magnitudes.ndim > 0 else 0.0
                        image = auto._apply_op(Image.fromarray(PICTURES["limb"]), op, magnitude, interpolation=NEAREST, fill=None)
                        case["pictures"].append({"bin": bin_index, "positive": factor > 0, "sha256": hashed(image)})
                out.append(case)
    return out


def mixtures():
    """What AugMix.forward() makes of pictures, with the operations and weights that it drew.

    AugMix converts Pillow images to tensors. Its operations here are those on Pillow images all the same, without interpolation.
    """
    apply_op = auto._apply_op
    chains = []

    def on_pillow(image, op, magnitude, interpolation, fill):
        if image.data_ptr() == on_pillow.start:
            chains.append([])
        value = 1.0 + magnitude if op in FACTORS else magnitude
        chains[-1].append({"op": op, "value": None if op in ("AutoContrast", "Equalize") else value})
        pixels = Image.fromarray(image[0, 0].numpy())
        return F.pil_to_tensor(apply_op(pixels, op, magnitude, interpolation, fill))[None]

    class Recorded(auto.AugMix):
        def _pil_to_tensor(self, image):
            pixels = super()._pil_to_tensor(image)
            on_pillow.start = pixels.data_ptr()
            return pixels

        def _sample_dirichlet(self, params):
            self.drawn.append(super()._sample_dirichlet(params))
            return self.drawn[-1]

    auto._apply_op = on_pillow
    out = []
    for seed in range(40):
        name = "dull" if seed % 4 == 3 else "limb"
        augment = Recorded(all_ops=seed % 2 == 1, interpolation=NEAREST)
        augment.drawn = []
        chains.clear()
        torch.manual_seed(seed)
        image = augment(Image.fromarray(PICTURES[name]))
        of_image, of_chains = augment.drawn
        weights = (of_chains * of_image[:, 1].view(1, -1))[0]
        out.append({
            "picture": name,
            "weight": float(of_image[0, 0]),
            "chains": [{"weight": float(w), "ops": list(ops)} for w, ops in zip(weights, chains, strict=True)],
            "pixels": base64.b64encode(np.asarray(image).tobytes()).decode(),
        })
    auto._apply_op = apply_op
    return out


def write(name, value):
    lines = ",\n".join(json.dumps(v) for v in value.pop("cases"))
    head = json.dumps(value)[1:-1]
    (HERE / name).write_text("{" + head + (", " if head else "") + '"cases": [\n' + lines + "\n]}\n")


made_with = {name: version(name).split("+")[0] for name in ("pillow", "torch", "torchvision")}
pictures, cases = operations()
write("operations.json", {"made_with": made_with, "pictures": pictures, "cases": cases})
write("policies.json", {"made_with": made_with, "cases": policies()})
write("spaces.json", {"made_with": made_with, "cases": spaces()})
write("mixtures.json", {"made_with": made_with, "cases": mixtures()})
