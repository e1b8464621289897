# SPDX-License-Identifier: Apache-2.0
"""Decodes every image of a folder to grey and, with --side, letterboxes it, with one thread.

Uses OpenCV, or Pillow with NumPy. Prints one line of JSON.
"""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageFile

from letterbox import border_median, framed, inner_size, letterbox


def by_opencv(file, side):
    image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    return letterbox(image, side) if side else image


def by_pillow(file, side):
    with Image.open(file) as stored:
        grey = stored.convert("L")
    image = np.asarray(grey)
    if not side:
        return image
    _, height, width = inner_size(*image.shape, side)
    inner = np.asarray(grey.resize((width, height), Image.Resampling.BOX))
    return framed(inner, side, border_median(image))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--engine", choices=["opencv", "pillow"], default="opencv")
    parser.add_argument("--side", type=int, default=224, help="0: decode only")
    parser.add_argument("--limit", type=int)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    files = sorted(p for p in args.root.rglob("*") if p.suffix in (".jpg", ".png"))[: args.limit]
    decode = by_opencv if args.engine == "opencv" else by_pillow
    start = time.perf_counter()
    for file in files:
        decode(file, args.side)
    seconds = time.perf_counter() - start
    print(json.dumps({"case": "decode", "images": len(files), "images_per_second": len(files) / seconds}))


if __name__ == "__main__":
    main()
