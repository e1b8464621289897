# SPDX-License-Identifier: Apache-2.0
"""Writes coco/masks.json: polygons and the run lengths that pycocotools gives them, and
coco/mask_annotations.json, coco/mask_detections.json, coco/mask_values.json: drawn masks (polygons,
also several of one object, compressed and plain run lengths, crowds) and their average precision.

Needs numpy and pycocotools (values of 2.0.11)."""
import contextlib
import io
import json
import pathlib

import numpy as np
from pycocotools import mask as masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

rng = np.random.default_rng(4)
folder = pathlib.Path(__file__).parent / "coco"


def blob(centre, radius, points):
    angles = np.sort(rng.random(points) * 2 * np.pi)
    radii = radius * (.6 + .4 * rng.random(points))
    xy = np.stack([centre[0] + radii * np.cos(angles), centre[1] + radii * np.sin(angles)], 1)
    return np.round(xy, 2).ravel().tolist()


polygons = []
for size, polygon in [
        ((9, 7), [1, 1, 5, 1, 5, 6, 1, 6]), ((9, 7), [0, 0, 7, 0, 7, 9, 0, 9]), ((9, 7), [2, 2, 2, 2, 2, 2]),
        ((9, 7), [-3, -2, 10, 3, 4, 12]), ((9, 7), [6.5, 0, 6.5, 9, 7, 9]), ((1, 1), [0, 0, 1, 0, 1, 1, 0, 1]),
        ((30, 20), [2, 2, 18, 28, 18, 2, 2, 28]), ((30, 20), [0.1, 0.1, 19.9, 0.3, 10.2, 29.9])]:
    polygons.append(dict(size=size, polygon=polygon))
for _ in range(40):
    size = [int(side) for side in rng.integers(5, 90, 2)]
    polygons.append(dict(size=size, polygon=blob(
        (rng.random() * size[1], rng.random() * size[0]), 2 + rng.random() * min(size) * .6, int(rng.integers(3, 14)))))
for one in polygons:
    one["counts"] = masks.frPyObjects([one["polygon"]], *one["size"])[0]["counts"].decode()
(folder / "masks.json").write_text(json.dumps(polygons) + "\n")

HEIGHT, WIDTH, CLASSES = 150, 180, {1: "Fractured", 2: "Cast", 3: "Never there"}
images, annotations, detections = [], [], []


def runs_of(mask):
    flat, runs, value = mask.ravel(order="F"), [], 0
    while len(flat):
        end = np.argmax(flat != value) if (flat != value).any() else len(flat)
        runs.append(int(end))
        flat, value = flat[end:], 1 - value
    return runs


for image in range(1, 15):
    images.append(dict(id=image, height=HEIGHT, width=WIDTH, patient=f"p{image // 2}", fold=image // 2 % 3))
    for _ in range(rng.integers(0, 5)):
        category = int(rng.integers(1, 3))
        centre, radius = rng.random(2) * (WIDTH, HEIGHT), 4 + rng.random() * 50
        parts = [blob(centre, radius, int(rng.integers(5, 10)))]
        if rng.random() < .3:
            parts.append(blob(centre + rng.normal(0, radius, 2), radius * .5, 6))
        merged = masks.merge(masks.frPyObjects(parts, HEIGHT, WIDTH))
        if masks.area(merged) == 0:
            continue
        crowd, plain = int(rng.random() < .15), rng.random() < .2
        form = parts
        if crowd or plain:
            form = dict(size=[HEIGHT, WIDTH], counts=runs_of(masks.decode(merged)))
        elif rng.random() < .2:
            form = dict(size=[HEIGHT, WIDTH], counts=merged["counts"].decode())
        annotations.append(dict(
            id=len(annotations) + 1, image_id=image, category_id=category, iscrowd=crowd, segmentation=form,
            area=float(masks.area(merged)), bbox=masks.toBbox(merged).tolist()))
        for _ in range(rng.integers(0, 4)):
            moved = [(np.array(part) + rng.normal(0, radius * .08, len(part))).tolist() for part in parts]
            rle = masks.merge(masks.frPyObjects(moved, HEIGHT, WIDTH))
            detections.append(dict(
                image_id=image, category_id=category, score=round(rng.random(), 1),
                segmentation=dict(size=[HEIGHT, WIDTH], counts=rle["counts"].decode())))
    for _ in range(rng.integers(0, 3)):
        rle = masks.frPyObjects([blob(rng.random(2) * (WIDTH, HEIGHT), 20, 7)], HEIGHT, WIDTH)[0]
        detections.append(dict(
            image_id=image, category_id=int(rng.integers(1, 4)), score=round(rng.random() * .8, 1),
            segmentation=dict(size=[HEIGHT, WIDTH], counts=rle["counts"].decode())))
(folder / "mask_annotations.json").write_text(json.dumps(dict(
    images=images, annotations=annotations, categories=[dict(id=i, name=n) for i, n in CLASSES.items()])) + "\n")
(folder / "mask_detections.json").write_text(json.dumps(detections) + "\n")


def mean(cells):
    cells = cells[cells > -1]
    return float(cells.mean()) if cells.size else None


def values(chosen=None):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(folder / "mask_annotations.json"))
        found = truth.loadRes(str(folder / "mask_detections.json"))
        precisions = []
        for thresholds in (None, [.4]):
            run = COCOeval(truth, found, "segm")
            if thresholds:
                run.params.iouThrs = np.array(thresholds)
            if chosen:
                run.params.imgIds = chosen
            run.evaluate()
            run.accumulate()
            precisions.append(run.eval["precision"])
            if not thresholds:
                recall = run.eval["recall"]
    precision, at40 = precisions
    areas = dict(small=1, medium=2, large=3)
    found = dict(
        ap=mean(precision[..., 0, 2]), ap50=mean(precision[0, ..., 0, 2]), ap75=mean(precision[5, ..., 0, 2]),
        ap40=mean(at40[..., 0, 2]))
    found |= {f"ap_{name}": mean(precision[..., a, 2]) for name, a in areas.items()}
    found |= {f"ar_{most}": mean(recall[..., 0, m]) for m, most in enumerate((1, 10, 100))}
    found |= {f"ar_{name}": mean(recall[..., a, 2]) for name, a in areas.items()}
    for c, name in enumerate(CLASSES.values()):
        found[f"{name}.ap"] = mean(precision[:, :, c, 0, 2])
        found[f"{name}.ap50"] = mean(precision[0, :, c, 0, 2])
    return found


folds = {fold: [one["id"] for one in images if one["fold"] == fold] for fold in range(3)}
(folder / "mask_values.json").write_text(json.dumps(dict(
    all=values(), folds=[values(chosen) for chosen in folds.values()]), indent=1) + "\n")
