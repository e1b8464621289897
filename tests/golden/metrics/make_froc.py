# SPDX-License-Identifier: Apache-2.0
"""Writes coco/froc.json: drawn boxes of one class that do not overlap, and the FROC of MONAI for
their centres; difficult boxes are its excluded labels. All scores are multiples of 1/1024, because
MONAI keeps hits in 32 bits. MONAI leaves out the lowest score unless a box is missed; here some are.

Needs numpy and the file monai/metrics/froc.py (values of monai 1.6.1). It uses torch only to see
whether arrays are tensors, so a stand-in for torch is enough."""
import importlib.util
import json
import pathlib
import sys
import types

import numpy as np

torch = types.ModuleType("torch")
torch.Tensor = type("Tensor", (), {})
config = types.ModuleType("monai.config")
config.NdarrayOrTensor = np.ndarray
try:
    import torch  # noqa: F811
except ImportError:
    sys.modules["torch"] = torch
sys.modules["monai.config"] = config
spec = importlib.util.find_spec("monai")
path = pathlib.Path(spec.submodule_search_locations[0]) / "metrics" / "froc.py"
spec = importlib.util.spec_from_file_location("froc", path)
froc = importlib.util.module_from_spec(spec)
spec.loader.exec_module(froc)

rng = np.random.default_rng(8)
SIDE, CELL = 120, 40
images = []
for _ in range(14):
    truth, found = [], []
    for cell in rng.permutation(9)[: rng.integers(0, 4)]:
        side = rng.integers(5, 30, 2)
        corner = np.array([cell % 3, cell // 3]) * CELL + rng.integers(0, CELL - side)
        truth.append([*map(int, corner), *map(int, side), int(rng.random() < .2)])
        for _ in range(rng.integers(0, 4)):
            moved = corner + rng.integers(-6, 7, 2)
            found.append([*map(int, moved.clip(0)), *map(int, side), int(rng.integers(1, 1024))])
    for _ in range(rng.integers(0, 12)):
        side = rng.integers(5, 30, 2)
        found.append([*map(int, rng.integers(0, SIDE - side)), *map(int, side), int(rng.integers(1, 700))])
    images.append(dict(truth=truth, found=found))


def curve(chosen):
    wrong, right, targets = [], [], 0
    for image in chosen:
        mask = np.zeros((SIDE + 60, SIDE + 60), int)
        excluded = []
        for label, (x, y, width, height, difficult) in enumerate(image["truth"], 1):
            mask[y:y + height, x:x + width] = label
            if difficult:
                excluded.append(label)
        found = np.array(image["found"], float).reshape(-1, 5)
        if not len(found):
            targets += len(image["truth"]) - len(excluded)
            right += [0.] * (len(image["truth"]) - len(excluded))
            continue
        y, x = found[:, 1] + found[:, 3] / 2, found[:, 0] + found[:, 2] / 2
        one_wrong, one_right, count = froc.compute_fp_tp_probs(found[:, 4] / 1024, y, x, mask, excluded)
        wrong += list(one_wrong)
        right += list(one_right)
        targets += count
    points = froc.compute_froc_curve_data(np.array(wrong), np.array(right), targets, len(chosen))
    rates = (.25, .5, 1, 2, 4, 8)
    at = [float(froc.compute_froc_score(*points, eval_thresholds=(rate,))) for rate in rates]
    return dict(score=float(froc.compute_froc_score(*points)), sensitivities=at,
                wrong_per_image=points[0][::-1].tolist(), sensitivity=points[1][::-1].tolist())


some = [0, 2, 3, 7, 8, 11]
(pathlib.Path(__file__).parent / "coco" / "froc.json").write_text(json.dumps(dict(
    images=images, all=curve(images), some_images=some, some=curve([images[i] for i in some]))) + "\n")
