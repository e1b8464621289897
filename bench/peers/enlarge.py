# SPDX-License-Identifier: Apache-2.0
"""Makes larger radiographs from smaller ones for bench/run: enlarge.py FROM TO SIDE ENDING COUNT.

Resizes by bicubic interpolation and adds noise, so that the images are not easier to decode than
real ones. JPEG has quality 90.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

source, target, side, ending, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
target.mkdir(parents=True)
grain = np.random.default_rng(1)
for file in sorted(source.rglob("*.jpg"))[:count]:
    small = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    large = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
    noisy = np.clip(large + grain.normal(0, 2, large.shape), 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90] if ending == "jpg" else []
    cv2.imwrite(str(target / f"{file.stem}.{ending}"), noisy, quality)
