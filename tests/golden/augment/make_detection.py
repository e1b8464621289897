# SPDX-License-Identifier: Apache-2.0
"""Writes detection.json beside it: values, pictures and boxes of the detection policies of Zoph et al. 2020, from a second
implementation in NumPy of what the published code does (tensorflow/tpu, models/official/detection/utils/autoaugment_utils.py), written
from its behaviour. Needs numpy only.

Positions are the numbers of pixels, nearest neighbours are rounded half away from 0; no position here is nearly between two pixels,
where the number formats would decide.
"""
import base64
import json
import math
import pathlib

import numpy as np

GREY = 128

VALUES = {
    "ShearX image": lambda k: k / 10 * 0.3,
    "ShearY each_box": lambda k: k / 10 * 0.3,
    "TranslateX image": lambda k: k / 10 * 250.0,
    "TranslateY image": lambda k: k / 10 * 250.0,
    "TranslateX each_box": lambda k: k / 10 * 120.0,
    "TranslateY each_box": lambda k: k / 10 * 120.0,
    "Rotate image": lambda k: k / 10 * 30.0,
    "Rotate each_box": lambda k: k / 10 * 30.0,
    "Brightness image": lambda k: k / 10 * 1.8 + 0.1,
    "Color image": lambda k: k / 10 * 1.8 + 0.1,
    "Contrast image": lambda k: k / 10 * 1.8 + 0.1,
    "Sharpness image": lambda k: k / 10 * 1.8 + 0.1,
    # 8 - bits is how far TensorFlow shifts, and it shifts a byte by at most 7.
    "Posterize image": lambda k: 8 - min(7, 8 - int(k / 10 * 4)),
    "Solarize image": lambda k: int(k / 10 * 256),
    "Solarize each_box": lambda k: int(k / 10 * 256),
    "SolarizeAdd image": lambda k: int(k / 10 * 110),
    "Cutout image": lambda k: int(k / 10 * 100),
    "Cutout each_box": lambda k: int(k / 10 * 50),
    "Cutout one_box": lambda k: k / 10 * 0.75,
}


def inputs_of(op, value, height, width):
    """For each output pixel the position (y, x) in the input."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    if op == "ShearX":
        return y, x + value * y
    if op == "ShearY":
        return y + value * x, x
    if op == "TranslateX":
        return y, x - value
    if op == "TranslateY":
        return y - value, x
    angle = math.radians(value)
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    y, x = y - middle_y, x - middle_x
    return middle_y + math.sin(angle) * x + math.cos(angle) * y, middle_x + math.cos(angle) * x - math.sin(angle) * y


def moved(image, op, value):
    height, width = image.shape
    at = inputs_of(op, value, height, width)
    for axis in at:
        assert np.abs(axis - np.floor(axis) - 0.5).min() > 2e-3, (op, value)
    y, x = (np.trunc(axis + np.copysign(0.5, axis)).astype(int) for axis in at)
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    return np.where(inside, image[y.clip(0, height - 1), x.clip(0, width - 1)], GREY).astype(np.uint8)


def equalized(image):
    histogram = np.bincount(image.ravel(), minlength=256)
    step = (histogram.sum() - histogram[histogram > 0][-1]) // 255
    if step == 0:
        return image
    table = np.concatenate([[0], (np.cumsum(histogram) + step // 2)[:-1] // step])
    return table.clip(0, 255).astype(np.uint8)[image]


def changed(image, op, value):
    wide = image.astype(int)
    if op == "Equalize":
        return equalized(image)
    if op == "HFlip":
        return image[:, ::-1]
    if op == "Cutout":
        return np.full_like(image, GREY)
    if op == "Solarize":
        return np.where(wide < value, wide, 255 - wide).astype(np.uint8)
    if op == "SolarizeAdd":
        return np.where(wide < 128, (wide + value).clip(0, 255), wide).astype(np.uint8)
    if op == "Posterize":
        return (image >> (8 - value) << (8 - value)).astype(np.uint8)
    if op == "Brightness":
        return (image.astype(np.float32) * np.float32(value)).clip(0, 255).astype(np.uint8)
    return moved(image, op, value)


def published_box(box, op, value, height, width):
    """With the published rounding to whole pixels: [x0, x1, y0, y1]."""
    x0, y0, x1, y1 = box
    if op.startswith("Translate"):
        if op == "TranslateX":
            x0, x1 = max(0, x0 + value), min(width, x1 + value)
        else:
            y0, y1 = max(0, y0 + value), min(height, y1 + value)
        return [*edge_pair(x0, x1, width), *edge_pair(y0, y1, height)]
    if op == "Rotate":
        cos, sin = math.cos(math.radians(value)), math.sin(math.radians(value))
        corners = [(int(x - width / 2), -int(y - height / 2)) for x in (x0, x1) for y in (y0, y1)]
        corners = [(int(cos * x - sin * y) + width / 2, height / 2 - int(sin * x + cos * y)) for x, y in corners]
    elif op == "ShearX":
        corners = [(int(x - value * y), y) for x in (x0, x1) for y in (y0, y1)]
    else:
        corners = [(x, int(y - value * x)) for x in (x0, x1) for y in (y0, y1)]
    return bounds(corners, height, width)


def exact_box(box, op, value, height, width):
    """The box that goes with the pixels, without rounding; the centre of pixel 0 is at .5: [x0, x1, y0, y1]."""
    x0, y0, x1, y1 = box
    corners = []
    for x in (x0, x1):
        for y in (y0, y1):
            if op == "TranslateX":
                corners.append((x + value, y))
            elif op == "TranslateY":
                corners.append((x, y + value))
            elif op == "ShearX":
                corners.append((x - value * (y - 0.5), y))
            elif op == "ShearY":
                corners.append((x, y - value * (x - 0.5)))
            else:
                turn = complex(math.cos(math.radians(value)), -math.sin(math.radians(value)))
                point = complex(x - width / 2, y - height / 2) * turn
                corners.append((point.real + width / 2, point.imag + height / 2))
    return bounds(corners, height, width)


def bounds(corners, height, width):
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return [*edge_pair(min(xs), max(xs), width), *edge_pair(min(ys), max(ys), height)]


def edge_pair(low, high, side):
    low, high = min(max(low / side, 0.0), 1.0), min(max(high / side, 0.0), 1.0)
    if low == high:
        low, high = min(low, 0.95), max(high, 0.05)
    return low * side, high * side


def xyxy(pairs):
    x0, x1, y0, y1 = pairs
    return [round(v, 6) for v in (x0, y0, x1, y1)]


HEIGHT, WIDTH = 16, 32
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
PICTURE = (20 + 5 * x + 2 * y + np.random.default_rng(5).integers(0, 30, (HEIGHT, WIDTH))).astype(np.uint8)
AREA = [3, 1, 30, 15]

WHOLE = [
    ("ShearX", 0.12), ("ShearX", -0.24), ("ShearY", 0.24), ("ShearY", -0.12), ("TranslateX", 7), ("TranslateX", -100), ("TranslateY", -3),
    ("TranslateY", 12), ("Rotate", 30), ("Rotate", -30), ("Rotate", 18), ("Rotate", -9), ("SolarizeAdd", 44), ("SolarizeAdd", 110),
    ("Solarize", 204), ("Solarize", 153), ("Solarize", 256), ("Posterize", 1), ("Posterize", 3), ("Equalize", None), ("Brightness", 0.46),
    ("Brightness", 1.54), ("Brightness", 1.9),
]
INSIDE = [
    ("TranslateY", 4), ("TranslateY", -12), ("TranslateX", 6), ("ShearX", -0.12), ("ShearY", 0.24), ("Rotate", 12), ("HFlip", None),
    ("Equalize", None), ("Solarize", 102), ("SolarizeAdd", 66), ("Cutout", None),
]
cases = []
for op, value in WHOLE:
    cases.append({"op": op, "value": value, "area": None, "result": changed(PICTURE, op, value)})
for op, value in INSIDE:
    left, upper, right, lower = AREA
    out = PICTURE.copy()
    out[upper:lower, left:right] = changed(PICTURE[upper:lower, left:right], op, value)
    cases.append({"op": op, "value": value, "area": AREA, "result": out})
for case in cases:
    case["pixels"] = base64.b64encode(case.pop("result").tobytes()).decode()

SIDES = {"height": 64, "width": 128}
MOVES = [
    ("TranslateX", 25), ("TranslateX", -75), ("TranslateX", 125), ("TranslateY", -50), ("TranslateY", 50), ("ShearX", 0.3), ("ShearX", -0.06),
    ("ShearY", 0.06), ("ShearY", -0.3), ("Rotate", 30), ("Rotate", -30), ("Rotate", 24), ("Rotate", -18),
]
boxes = []
for box in ([10, 8, 40, 30], [60, 20, 100, 60], [0, 0, 128, 64], [120, 2, 126, 12], [3, 50, 20, 63]):
    for op, value in MOVES:
        entry = {"op": op, "value": value, "box": box}
        entry["published"] = xyxy(published_box(box, op, value, **SIDES))
        entry["exact"] = xyxy(exact_box(box, op, value, **SIDES))
        boxes.append(entry)

golden = {
    "made_with": "numpy " + np.__version__,
    "values": {name: [value(k) for k in range(11)] for name, value in VALUES.items()},
    "pictures": {"grain": {"width": WIDTH, "height": HEIGHT, "pixels": base64.b64encode(PICTURE.tobytes()).decode()}},
    **SIDES,
}
text = json.dumps(golden)[:-1]
for key, rows in (("cases", cases), ("boxes", boxes)):
    text += ', "%s": [\n' % key + ",\n".join(map(json.dumps, rows)) + "\n]"
(pathlib.Path(__file__).parent / "detection.json").write_text(text + "}\n")
