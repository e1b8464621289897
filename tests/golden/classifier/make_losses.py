# SPDX-License-Identifier: Apache-2.0
"""Writes losses.json beside it: losses of PyTorch, of torchvision (sigmoid focal loss) and, where
neither has one, of the papers' equations in NumPy, in float64, for logits and labels that it also
holds. Mean over rows (exclusive classes) or over known labels (others).

Needs torch, torchvision and numpy."""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

rng = np.random.default_rng(5)
ROWS, CLASSES = 12, 3
logits = rng.normal(0, 2, (ROWS, CLASSES)).round(3)
truth = np.array([0] * 7 + [1] * 4 + [2])
several = rng.integers(-1, 2, (ROWS, CLASSES))
counts = np.bincount(truth, minlength=CLASSES)
x, y = torch.tensor(logits), torch.tensor(truth)
inverse = torch.tensor(ROWS / (CLASSES * counts))
beta = .9
effective = (1 - beta) / (1 - beta ** counts)
effective = torch.tensor(effective / effective.sum() * CLASSES)


def exclusive(values, weight=None, smoothing=0.):
    return F.cross_entropy(values, y, weight=weight, label_smoothing=smoothing, reduction="none").mean().item()


def focal(gamma):
    p = np.exp(logits - logits.max(1, keepdims=True))
    p = (p / p.sum(1, keepdims=True))[np.arange(ROWS), truth]
    return float((-(1 - p) ** gamma * np.log(p)).mean())


def ldam(margin, scale):
    """The logits as if they were cosines; as in the authors' code, LDAMLoss of LDAM-DRW."""
    margins = counts ** -.25
    margins = margins * margin / margins.max()
    lowered = logits.copy()
    lowered[np.arange(ROWS), truth] -= margins[truth]
    return exclusive(torch.tensor(scale * lowered))


known = torch.tensor(several >= 0)
target = torch.tensor(np.maximum(several, 0)).double()


def over_known(each):
    return (each[known].sum() / known.sum()).item()


def asymmetric(gamma, shift):
    p = 1 / (1 + np.exp(-logits))
    lowered = np.maximum(p - shift, 0)
    t = target.numpy()
    return over_known(torch.tensor(-(t * np.log(p) + (1 - t) * lowered ** gamma * np.log(1 - lowered))))


yes, no = (several == 1).sum(0), (several == 0).sum(0)
several_inverse = torch.tensor(ROWS / (CLASSES * np.maximum(yes, 1)))
share = torch.tensor((counts + .5) / (counts + .5).sum())
golden = dict(
    logits=logits.tolist(), truth=truth.tolist(), several=several.tolist(),
    exclusive={
        "cross-entropy": exclusive(x),
        "smoothing .1": exclusive(x, smoothing=.1),
        "inverse": exclusive(x, inverse),
        "inverse, smoothing .1": exclusive(x, inverse, .1),
        "effective, beta .9": exclusive(x, effective),
        "focal": focal(2),
        "logit-adjusted": exclusive(x + share.log()),
        "ldam, scale 4": ldam(.5, 4)},
    several_labels={
        "cross-entropy": over_known(F.binary_cross_entropy_with_logits(x, target, reduction="none")),
        "inverse": over_known(F.binary_cross_entropy_with_logits(
            x, target, pos_weight=several_inverse, reduction="none")),
        "focal": over_known(sigmoid_focal_loss(x, target, alpha=-1, gamma=2)),
        "asymmetric": asymmetric(4, .05),
        "logit-adjusted": over_known(F.binary_cross_entropy_with_logits(
            x + torch.tensor(np.log((yes + .5) / (no + .5))), target, reduction="none"))})
(pathlib.Path(__file__).parent / "losses.json").write_text(json.dumps(golden) + "\n")
