# SPDX-License-Identifier: Apache-2.0
"""Reads random rows of a store's train images by h5py, one at a time. Prints one line of JSON."""

import json
import sys
import time

import h5py
import numpy as np

path, reads = sys.argv[1], int(sys.argv[2])
with h5py.File(path) as store:
    images = store["train/images"]
    rows = np.random.default_rng(1).integers(0, len(images), reads)
    start = time.perf_counter()
    for row in rows:
        images[row]
    seconds = time.perf_counter() - start
print(json.dumps({"case": "rows", "images": reads, "images_per_second": reads / seconds}))
