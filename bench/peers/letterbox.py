# SPDX-License-Identifier: Apache-2.0
"""The letterbox that evenray makes, as Python users write it."""

import cv2
import numpy as np


def border_median(image):
    """Returns the lower median of the border pixels, which is the value of a pixel."""
    border = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    middle = (border.size - 1) // 2
    return np.partition(border, middle)[middle]


def inner_size(height, width, side):
    scale = min(side / height, side / width)
    return scale, *(max(1, min(side, round(length * scale))) for length in (height, width))


def framed(inner, side, fill):
    height, width = inner.shape
    top, left = (side - height) // 2, (side - width) // 2
    out = np.full((side, side), fill, np.uint8)
    out[top : top + height, left : left + width] = inner
    return out


def letterbox(image, side):
    """Pads to side x side. Shrinks by area averaging and enlarges by bicubic interpolation."""
    scale, height, width = inner_size(*image.shape, side)
    method = cv2.INTER_AREA if scale <= 1 else cv2.INTER_CUBIC
    inner = cv2.resize(image, (width, height), interpolation=method)
    return framed(inner, side, border_median(image))
