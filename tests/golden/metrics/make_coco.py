# SPDX-License-Identifier: Apache-2.0
"""Writes coco/annotations.json, coco/detections.json and coco/values.json beside it: drawn boxes and
the values of pycocotools. Boxes have whole numbers, so that overlaps and scores are often equal; one
class has no true box, some boxes are crowds, some areas are those of outlines, some images have more
than 100 boxes of a class.

Needs numpy and pycocotools (values of 2.0.11)."""
import contextlib
import io
import json
import pathlib

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

rng = np.random.default_rng(11)
SIDE, IMAGES = 400, 24
CLASSES = {3: "Fractured", 7: "Cast", 9: "Never there", 12: "Large, seldom"}
out = pathlib.Path(__file__).parent / "coco"


def box(large):
    side = rng.integers(90, 200, 2) if large else rng.integers(4, 60, 2)
    corner = rng.integers(0, SIDE - side)
    return [int(corner[0]), int(corner[1]), int(side[0]), int(side[1])]


images, annotations, detections = [], [], []
for image in rng.permutation(np.arange(1, IMAGES + 1)).tolist():
    images.append(dict(id=image, file_name=f"{image}.png", width=SIDE, height=SIDE, patient=f"p{image // 2}"))
    for category, most in ((3, 6), (7, 4), (12, 1)):
        for _ in range(rng.integers(0, most + 1)):
            bbox = box(category == 12)
            area = bbox[2] * bbox[3]
            crowd = int(rng.random() < .1)
            annotations.append(dict(
                id=len(annotations) + 1, image_id=image, category_id=category, bbox=bbox, iscrowd=crowd,
                area=area * .7 if rng.random() < .3 else area, segmentation=[]))
            if rng.random() < .8:
                for _ in range(rng.integers(1, 4)):
                    moved = (np.array(bbox) + rng.integers(-4, 5, 4)).tolist()
                    moved[2:] = [max(1, side) for side in moved[2:]]
                    detections.append(dict(
                        image_id=image, category_id=category, bbox=moved, score=round(rng.random(), 1)))
    for _ in range(rng.integers(0, 5)):
        detections.append(dict(
            image_id=image, category_id=int(rng.choice(list(CLASSES))), bbox=box(rng.random() < .3),
            score=round(rng.random() * .8, 1)))
    if image % 9 == 0:
        detections += [dict(image_id=image, category_id=3, bbox=box(False), score=round(rng.random(), 2))
                       for _ in range(120)]
out.mkdir(exist_ok=True)
(out / "annotations.json").write_text(json.dumps(dict(
    images=images, annotations=annotations, categories=[dict(id=i, name=n) for i, n in CLASSES.items()])))
(out / "detections.json").write_text(json.dumps(detections))


def evaluated(images=None, thresholds=None):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(out / "annotations.json"))
        run = COCOeval(truth, truth.loadRes(str(out / "detections.json")), "bbox")
        if images is not None:
            run.params.imgIds = images
        if thresholds is not None:
            run.params.iouThrs = np.array(thresholds)
        run.evaluate()
        run.accumulate()
    return run.eval["precision"], run.eval["recall"]


def mean(cells):
    cells = cells[cells > -1]
    return float(cells.mean()) if cells.size else None


def values(images=None):
    precision, recall = evaluated(images)
    at40, _ = evaluated(images, [.4])
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


some = sorted(rng.choice(np.arange(1, IMAGES + 1), 9, replace=False).tolist())
(out / "values.json").write_text(json.dumps(dict(all=values(), some_images=some, some=values(some)), indent=1) + "\n")
