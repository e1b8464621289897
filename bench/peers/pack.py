# SPDX-License-Identifier: Apache-2.0
"""Packs FracAtlas as Python users do: OpenCV decodes and resizes, h5py stores, one thread.

Every image becomes 256x256 px with its aspect kept; the free strips take the median of its border.
The data set has one image a chunk and no compression; a SHA-256 runs over the pixels. Timed from
the first image to the closed file. Prints one line of JSON.

`evenray data pack` does more in its time: it hashes the source files too, keeps ids, labels and
boxes, seals the file, reads it back and waits until the disk has it (fsync).
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

import cv2
import h5py
import numpy as np

SIDE = 256


def border_median(image):
    """The lower one, a value that occurs."""
    border = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    middle = (border.size - 1) // 2
    return np.partition(border, middle)[middle]


def letterbox(image):
    """Area averaging down; bicubic where a picture must grow."""
    height, width = image.shape
    scale = min(SIDE / height, SIDE / width)
    inner_height, inner_width = (max(1, min(SIDE, round(side * scale))) for side in (height, width))
    method = cv2.INTER_AREA if scale <= 1 else cv2.INTER_CUBIC
    top, left = (SIDE - inner_height) // 2, (SIDE - inner_width) // 2
    inner = cv2.resize(image, (inner_width, inner_height), interpolation=method)
    out = np.full((SIDE, SIDE), border_median(image), np.uint8)
    out[top : top + inner_height, left : left + inner_width] = inner
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="folder with images/<class>/*.jpg")
    parser.add_argument("--out", type=Path, required=True, help="HDF5 file, replaced if there")
    parser.add_argument("--limit", type=int, help="only the first so many images")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    files = sorted(args.root.glob("images/*/*.jpg"))[: args.limit]
    if not files:
        raise SystemExit(f"pack.py: {args.root} holds no images/*/*.jpg")

    start = time.perf_counter()
    digest = hashlib.sha256()
    with h5py.File(args.out, "w") as store:
        shape = (len(files), SIDE, SIDE)
        images = store.create_dataset("images", shape, "u1", chunks=(1, SIDE, SIDE))
        for i, file in enumerate(files):
            image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
            if image is None:
                raise SystemExit(f"pack.py: {file} cannot be decoded")
            packed = letterbox(image)
            digest.update(packed)
            images[i] = packed
        store.attrs["sha256"] = digest.hexdigest()
    seconds = time.perf_counter() - start
    line = {"case": "pack", "images_per_second": len(files) / seconds, "images": len(files)}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
