# SPDX-License-Identifier: Apache-2.0
"""Writes one PNG of each kind and what it is in grey: python make_png.py (pypng 0.20220715, Pillow 13, numpy 2.4)."""
import csv
import pathlib

import numpy
import png
from PIL import Image

here = pathlib.Path(__file__).parent
height, width = 9, 13
rng = numpy.random.default_rng(7)


def grey_of(colour, top):
    weights = numpy.array([0.299, 0.587, 0.114])
    return numpy.clip(numpy.rint(colour.astype(float) @ weights), 0, top).astype(int)


def write(name, samples, **kind):
    with open(here / name, "wb") as out:
        png.Writer(width=width, height=height, **kind).write(out, samples.reshape(height, -1).tolist())


expected = {}
grey8 = rng.integers(0, 256, (height, width))
grey16 = rng.integers(0, 65536, (height, width))
rgb8 = rng.integers(0, 256, (height, width, 3))
rgb16 = rng.integers(0, 65536, (height, width, 3))
alpha8 = rng.integers(0, 256, (height, width, 1))
grey4 = rng.integers(0, 16, (height, width))
bits = rng.integers(0, 2, (height, width))
index = rng.integers(0, 4, (height, width))
palette = [(10, 20, 30), (200, 100, 50), (0, 0, 0, 0), (255, 255, 255)]

for name, samples, grey, kind in [
    ("grey8.png", grey8, grey8, dict(greyscale=True, bitdepth=8)),
    ("grey8_interlaced.png", grey8, grey8, dict(greyscale=True, bitdepth=8, interlace=True)),
    ("grey16.png", grey16, grey16, dict(greyscale=True, bitdepth=16)),
    ("grey1.png", bits, bits * 255, dict(greyscale=True, bitdepth=1)),
    ("grey4.png", grey4, grey4 * 17, dict(greyscale=True, bitdepth=4)),
    ("rgb8.png", rgb8, grey_of(rgb8, 255), dict(greyscale=False, bitdepth=8)),
    ("rgb16.png", rgb16, grey_of(rgb16, 65535), dict(greyscale=False, bitdepth=16)),
    ("rgba8.png", numpy.concatenate([rgb8, alpha8], 2), grey_of(rgb8, 255),
     dict(greyscale=False, alpha=True, bitdepth=8)),
    ("greya8.png", numpy.stack([grey8, alpha8[..., 0]], 2), grey8, dict(greyscale=True, alpha=True, bitdepth=8)),
    ("palette.png", index, grey_of(numpy.array([p[:3] for p in palette])[index], 255),
     dict(palette=[p if len(p) == 4 else (*p, 255) for p in palette], bitdepth=2)),
]:
    write(name, samples, **kind)
    expected[name] = grey
    if not name.startswith(("grey16", "rgb16")):
        seen = numpy.asarray(Image.open(here / name).convert("RGB").convert("L")).astype(int)
        assert abs(seen - grey).max() <= 1, name

with open(here / "png_grey.csv", "w", newline="") as out:
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["file", "bits", "height", "width", "grey"])
    for name, grey in expected.items():
        table.writerow([name, 16 if "16" in name else 8, height, width, " ".join(map(str, grey.ravel()))])
