# SPDX-License-Identifier: Apache-2.0
"""Writes, beside itself, resize.json: what Pillow's bicubic gives for pictures of mode F, smaller and larger.

Needs Pillow and NumPy."""
import json
import pathlib

import numpy as np
from PIL import Image


def picture(height, width):
    """What the test recomputes: steep everywhere, within 0 to 255."""
    y, x = np.mgrid[:height, :width]
    return ((3 * x * x + 5 * x * y + 11 * y) % 256).astype(np.float32)


cases = []
for (height, width), (to_height, to_width) in [((40, 30), (17, 13)), ((64, 64), (9, 9)), ((12, 10), (29, 31)),
                                               ((20, 50), (33, 21)), ((16, 16), (16, 16))]:
    small = Image.fromarray(picture(height, width), mode="F").resize((to_width, to_height), Image.BICUBIC)
    cases.append(dict(height=height, width=width, to_height=to_height, to_width=to_width,
                      pixels=[round(float(v), 5) for v in np.asarray(small).flatten()]))
(pathlib.Path(__file__).parent / "resize.json").write_text(json.dumps(cases) + "\n")
