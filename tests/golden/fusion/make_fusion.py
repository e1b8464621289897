# SPDX-License-Identifier: Apache-2.0
"""Writes fusion.json beside it: drawn boxes of several models in pixels, and what ensemble-boxes makes of them with
many options. Coordinates of results are shares of the image's sides.

- "drawn": whole pixels; boxes that lie partly or wholly outside, without area, with swapped corners; four models,
  one without boxes; three classes; different scores.
- "equal": equal boxes, equal scores, overlaps that are just the threshold; 16 boxes at most, since numpy keeps
  their order then if it sorts without AVX.
- "quarters": one class, quarters of pixels, more boxes.

soft-NMS of the package returns the scores before they were lowered. "lowered" has those after, from its inner
function. Needs numpy 2 and ensemble-boxes (values of 1.0.9 with numpy 2.4.6)."""
import os

os.environ["NPY_DISABLE_CPU_FEATURES"] = "AVX2 AVX512F AVX512_SKX X86_V3 X86_V4"

import contextlib
import importlib.metadata
import io
import json
import pathlib
import warnings

import numpy as np
from ensemble_boxes import nms_method, non_maximum_weighted, weighted_boxes_fusion
from ensemble_boxes.ensemble_boxes_nms import cpu_soft_nms_float, prepare_boxes

rng = np.random.default_rng(5)


def near(box, by, step):
    moved = np.array(box, float) + np.round(rng.integers(-by, by + 1, 4) / step) * step
    moved[2:] = np.maximum(moved[2:], step)
    return moved.tolist()


def drawn(width, height, classes, objects, per_model, step):
    """Models that find most of the objects, and something else."""
    truth = [[*(rng.integers(0, [width, height]) * step // step), *rng.integers(60, 240, 2)] for _ in range(objects)]
    models = []
    for share in per_model:
        found = []
        for k, box in enumerate(truth):
            if rng.random() < share:
                for _ in range(rng.integers(1, 3)):
                    found.append(near(box, 24, step) + [classes[k % len(classes)]])
        models.append(found)
    # Weights must not make scores equal: numpy keeps no order of more than 16 equal numbers.
    scores, count = [], sum(map(len, models))
    while len(set(scores)) < count:
        scores = [round(float(score), 4) for score in rng.uniform(.02, 1, count)]
        scores = scores if not {a / b for a in scores for b in scores} & {2., 3., 1.5, 4., 6.} else []
    for box in (box for found in models for box in found):
        box.append(scores.pop())
    return dict(width=width, height=height, models=models)


first = drawn(1000, 800, [4, 0, 2], 10, [.8, .7, 0, .8], 1)
first["models"][0] += [[-50, 10, 40, 40, 4, .91], [100, 100, 0, 50, 0, .92], [990, 700, 60, 300, 2, .93]]
first["models"][1] += [[300, 300, -120, 90, 0, .94], [305, 390, -120, -85, 0, .95], [-5, -9, 1100, 900, 2, .37]]
equal = dict(width=640, height=480, models=[
    [[0, 0, 30, 10, 1, .5], [100, 100, 60, 60, 1, .5], [300, 20, 40, 40, 0, .7]],
    [[10, 0, 30, 10, 1, .5], [100, 100, 60, 60, 1, .5], [320, 20, 40, 40, 0, .7], [300, 20, 40, 40, 0, .7]],
    [[0, 0, 30, 20, 1, .5], [100, 120, 60, 60, 1, .5], [110, 100, 60, 60, 1, .25], [300, 20, 40, 40, 1, .7]]])
third = drawn(1023, 767, [7], 8, [.9, .9, .6], .25)
cases = dict(drawn=first, equal=equal, quarters=third)


def inputs(case):
    sides = np.array([case["width"], case["height"]] * 2)
    boxes, scores, labels = [], [], []
    for found in case["models"]:
        rows = np.array(found, float).reshape(-1, 6)
        corners = np.concatenate((rows[:, :2], rows[:, :2] + rows[:, 2:4]), axis=1)
        boxes.append(corners / sides)
        labels.append(rows[:, 4].astype(int))
        scores.append(rows[:, 5].copy())
    return boxes, scores, labels


def lowered(case, method, weights, iou_thr, sigma, thresh):
    boxes, scores, labels = inputs(case)
    if weights is not None:
        scores = [(s * w) / np.sum(weights) for s, w in zip(scores, weights)]
    boxes, scores, labels = prepare_boxes(np.concatenate(boxes), np.concatenate(scores), np.concatenate(labels))
    out = []
    for label in np.unique(labels):
        of_label = scores[labels == label].copy()
        cpu_soft_nms_float(boxes[labels == label].copy(), of_label, iou_thr, sigma, thresh, method)
        out += of_label[of_label > thresh].tolist()
    return out


def result(boxes, scores, labels):
    return [[round(float(v), 12) for v in box] + [round(float(score), 12), int(label)]
            for box, score, label in zip(boxes, scores, labels)]


def runs():
    for name, case in cases.items():
        for weights in (None, [2, 1, 3, .5][:len(case["models"])]):
            common = dict(case=name, weights=weights or [])
            for iou_thr, skip in ((.3, .25), (.5, 0)):
                options = dict(weights=weights, iou_thr=iou_thr, skip_box_thr=skip)
                told = common | dict(iou_thr=iou_thr, skip_box_thr=skip)
                for conf_type, overflow in (("avg", False), ("avg", True), ("max", False), ("box_and_model_avg", False),
                                            ("absent_model_aware_avg", False)):
                    yield told | dict(method="wbf", conf_type=conf_type, allows_overflow=overflow, result=result(
                        *weighted_boxes_fusion(
                            *inputs(case), conf_type=conf_type, allows_overflow=overflow, **options)))
                yield told | dict(method="nmw", result=result(*non_maximum_weighted(*inputs(case), **options)))
            for method, name_of in ((1, "softnms-linear"), (2, "softnms"), (3, "nms")):
                for iou_thr, sigma, thresh in ((.3, .5, .05), (.5, .1, .001)):
                    options = dict(iou_thr=iou_thr, sigma=sigma, thresh=thresh)
                    run = common | options | dict(
                        method=name_of, result=result(*nms_method(*inputs(case), method=method, weights=weights, **options)))
                    if method != 3:
                        run["lowered"] = [round(v, 12) for v in lowered(case, method, weights, **options)]
                    yield run


with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
    warnings.simplefilter("ignore")
    lines = [json.dumps(run, separators=(",", ":")) for run in runs()]
(pathlib.Path(__file__).parent / "fusion.json").write_text("{%s:%s,\n%s:%s,\n%s:[\n%s\n]}\n" % (
    '"ensemble_boxes"', json.dumps(importlib.metadata.version("ensemble-boxes")), '"cases"',
    json.dumps(cases, separators=(",", ":")), '"runs"', ",\n".join(lines)))
