# SPDX-License-Identifier: Apache-2.0
"""Times average precision beside pycocotools: 5,000 images with 36,781 true boxes of 80 classes, and
as many, and ten times as many, found boxes, all drawn.

    python bench/coco_speed.py build/ci/tests/metrics_test

Both read the files and evaluate; evenray uses two threads. Needs numpy and pycocotools."""
import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

IMAGES, BOXES, CLASSES, FRAME = 5000, 36781, 80, np.array([640, 480])
rng = np.random.default_rng(5)
frequency = 1 / np.arange(1, CLASSES + 1) ** .9
frequency /= frequency.sum()
crowded = rng.gamma(1.2, 1, IMAGES)


def drawn_boxes(count):
    sides = np.exp(rng.normal(4, 1, (count, 1)) + rng.normal(0, .35, (count, 2))).clip(3, 470)
    return np.concatenate([rng.random((count, 2)) * (FRAME - sides), sides], 1)


image = rng.choice(IMAGES, BOXES, p=crowded / crowded.sum())
category = rng.choice(CLASSES, BOXES, p=frequency)
boxes = drawn_boxes(BOXES)


def detection(image, category, box, score):
    return dict(image_id=int(image) + 1, category_id=int(category) + 1, bbox=np.round(box, 2).tolist(),
                score=round(float(score), 5))


def detections(times):
    found = []
    for i in range(BOXES):
        for k in range(1 + (int(rng.integers(0, 4)) if times > 1 else 0)):
            if rng.random() < .8:
                box = boxes[i] + rng.normal(0, .12 if k else .06, 4) * boxes[i, [2, 3, 2, 3]]
                box[2:] = box[2:].clip(1)
                found.append(detection(image[i], category[i], box, rng.beta(1, 4) if k else rng.beta(4, 2)))
    more = BOXES * times - len(found)
    found += [detection(*one) for one in zip(
        rng.integers(0, IMAGES, more), rng.choice(CLASSES, more, p=frequency), drawn_boxes(more),
        rng.beta(1, 5, more))]
    rng.shuffle(found)
    return found


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "truth.json").write_text(json.dumps(dict(
        images=[dict(id=i + 1, width=640, height=480) for i in range(IMAGES)],
        annotations=[dict(id=i + 1, image_id=int(image[i]) + 1, category_id=int(category[i]) + 1,
                          bbox=np.round(boxes[i], 2).tolist(), iscrowd=int(rng.random() < .012),
                          area=round(float(boxes[i, 2] * boxes[i, 3]) * .6, 2)) for i in range(BOXES)],
        categories=[dict(id=c + 1, name=f"class {c}") for c in range(CLASSES)])))
    expected = {}
    for times in (1, 10):
        file = f"found_{times}.json"
        (folder / file).write_text(json.dumps(detections(times)))
        start = time.time()
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO(str(folder / "truth.json"))
            run = COCOeval(truth, truth.loadRes(str(folder / file)), "bbox")
            run.evaluate()
            run.accumulate()
        print(f"{file}: pycocotools {time.time() - start:.2f} s", flush=True)
        with contextlib.redirect_stdout(io.StringIO()):
            run.summarize()
        expected[file] = float(run.stats[0])
    (folder / "expected.json").write_text(json.dumps(expected))
    sys.exit(subprocess.run([sys.argv[1], "[.speed]"], env=os.environ | dict(EVENRAY_COCO_SPEED=name)).returncode)
