# SPDX-License-Identifier: Apache-2.0
"""Writes coco/voc.json: VOC's average precision of the boxes of make_coco.py, without crowds, with
different scores, and each fifth true box difficult. The values are those of a second implementation
in NumPy. Without difficult boxes this script asserts that they agree with mean-average-precision
(whose boxes have whole pixels with both ends included, so it gets x + width - 1) and with map-boxes.
mean-average-precision takes the wrong flags of difficult boxes where an image has several found ones.

Needs numpy, pandas, mean-average-precision and map-boxes (2024.1.5.0 and 1.0.6)."""
import json
import pathlib
import warnings

import numpy as np
from map_boxes import mean_average_precision_for_boxes
from mean_average_precision.mean_average_precision_2d import MeanAveragePrecision2d

warnings.filterwarnings("ignore")
folder = pathlib.Path(__file__).parent / "coco"
truth = json.loads((folder / "annotations.json").read_text())
detections = json.loads((folder / "detections.json").read_text())
names = {c["id"]: c["name"] for c in truth["categories"]}
classes = {category: i for i, category in enumerate(sorted(names))}

images = []
true_boxes = found_boxes = 0
for image in sorted(one["id"] for one in truth["images"]):
    boxes, found = [], []
    for one in truth["annotations"]:
        if one["image_id"] != image or one["iscrowd"]:
            continue
        true_boxes += 1
        x, y, width, height = one["bbox"]
        boxes.append([x, y, x + width, y + height, classes[one["category_id"]], true_boxes % 5 == 0, 0])
    for one in detections:
        if one["image_id"] != image:
            continue
        found_boxes += 1
        x, y, width, height = one["bbox"]
        score = one["score"] * .99 + 1e-6 * found_boxes
        found.append([x, y, x + width, y + height, classes[one["category_id"]], score])
    images.append((image, np.array(boxes, float).reshape(-1, 7), np.array(found, float).reshape(-1, 6)))


def overlaps(box, boxes):
    sides = np.minimum(boxes[:, 2:4], box[2:4]) - np.maximum(boxes[:, :2], box[:2])
    both = np.prod(np.maximum(sides, 0), axis=1)
    return both / (np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1) + np.prod(box[2:4] - box[:2]) - both)


def average_precision(c, overlap, recalls, chosen, difficult):
    positives, rows = 0, []
    for image, boxes, found in chosen:
        boxes, found = boxes[boxes[:, 4] == c], found[found[:, 4] == c]
        hard = boxes[:, 5].astype(bool) & difficult
        positives += int((~hard).sum())
        free = np.ones(len(boxes), bool)
        for box in found[np.argsort(-found[:, 5])]:
            shared = overlaps(box, boxes)
            best = int(np.argmax(shared)) if len(boxes) else -1
            enough = best >= 0 and shared[best] >= overlap
            if enough and hard[best]:
                continue
            rows.append((box[5], enough and free[best]))
            if enough:
                free[best] = False
    if not positives:
        return None
    right = np.array([right for _, right in sorted(rows, reverse=True)], float)
    recall = np.append(np.cumsum(right) / positives, np.inf)
    precision = np.append(np.cumsum(right) / np.arange(1, len(right) + 1), 0)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    if recalls is not None:
        return float(np.mean([envelope[np.argmax(recall >= r)] for r in recalls]))
    return float(np.sum(np.diff(np.concatenate([[0], recall[:-1]])) * envelope[:-1]))


def average_precisions(overlap, recalls, numbers=None, difficult=True):
    chosen = [one for one in images if numbers is None or one[0] in numbers]
    values = {f"{names[category]}.ap": average_precision(c, overlap, recalls, chosen, difficult)
              for category, c in classes.items()}
    return dict(ap=float(np.mean([value for value in values.values() if value is not None])), **values)


def package_value(category, recalls):
    metric = MeanAveragePrecision2d(len(classes))
    for _, boxes, found in images:
        boxes, found = boxes.copy(), found.copy()
        boxes[:, 2:4] -= 1
        found[:, 2:4] -= 1
        boxes[:, 5] = 0
        metric.add(found, boxes)
    # It takes an overlap above the threshold only; VOC takes one that is equal, too.
    return metric._evaluate_class(classes[category], np.nextafter(.5, 0), recalls)[0]


eleven = np.arange(11) / 10
flat = [[str(i), str(int(b[4])), b[0], b[2], b[1], b[3]] for i, boxes, _ in images for b in boxes]
flat_found = [[str(i), str(int(b[4])), b[5], b[0], b[2], b[1], b[3]] for i, _, found in images for b in found]
flat_found.sort(key=lambda box: -box[2])  # map-boxes matches the boxes of an image in their order
mean, of_class = mean_average_precision_for_boxes(
    np.array(flat, object), np.array(flat_found, object), iou_threshold=.5, verbose=False)
plain = average_precisions(.5, None, difficult=False)
plain07 = average_precisions(.5, eleven, difficult=False)
for category, c in classes.items():
    if plain[f"{names[category]}.ap"] is None:
        continue
    assert abs(of_class[str(c)][0] - plain[f"{names[category]}.ap"]) < 1e-6, names[category]
    assert abs(package_value(category, None) - plain[f"{names[category]}.ap"]) < 1e-12, names[category]
    assert abs(package_value(category, eleven) - plain07[f"{names[category]}.ap"]) < 1e-12, names[category]

some = [3, 5, 8, 9, 12, 14, 18, 20, 23]
(folder / "voc.json").write_text(json.dumps(dict(
    voc07=average_precisions(.5, eleven), voc12=average_precisions(.5, None),
    voc12_at40=average_precisions(.4, None), plain=plain, some_images=some,
    some07=average_precisions(.5, eleven, some), some12=average_precisions(.5, None, some)), indent=1) + "\n")
