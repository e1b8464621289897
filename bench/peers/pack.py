# SPDX-License-Identifier: Apache-2.0
"""Packs FracAtlas as Python users do: OpenCV decodes and resizes, h5py stores, one thread.

Every image becomes 256x256 px with its aspect ratio kept; the padding has the median of its border.
The data set has one image per chunk, without compression unless --gzip is given. A SHA-256 of the
pixels is computed. The time is from the first image to the closed file. Prints one line of JSON.

`evenray data pack` also hashes the source files, keeps ids, labels and boxes, seals the file, reads
it back and calls fsync.
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

import cv2
import h5py

from letterbox import letterbox

SIDE = 256


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="folder with images/<class>/*.jpg")
    parser.add_argument("--out", type=Path, required=True, help="HDF5 file; an existing one is replaced")
    parser.add_argument("--limit", type=int, help="maximum number of images")
    parser.add_argument("--gzip", type=int, help="compression level")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    files = sorted(args.root.glob("images/*/*.jpg"))[: args.limit]
    if not files:
        raise SystemExit(f"pack.py: {args.root} has no images/*/*.jpg")

    start = time.perf_counter()
    digest = hashlib.sha256()
    with h5py.File(args.out, "w") as store:
        shape = (len(files), SIDE, SIDE)
        images = store.create_dataset("images", shape, "u1", chunks=(1, SIDE, SIDE), compression=args.gzip)
        for i, file in enumerate(files):
            image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
            if image is None:
                raise SystemExit(f"pack.py: {file} cannot be decoded")
            packed = letterbox(image, SIDE)
            digest.update(packed)
            images[i] = packed
        store.attrs["sha256"] = digest.hexdigest()
    seconds = time.perf_counter() - start
    line = {"case": "pack", "images_per_second": len(files) / seconds, "images": len(files)}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
