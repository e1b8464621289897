# SPDX-License-Identifier: Apache-2.0
"""Writes quality.json beside it: Laplacian pyramids, sliced Wasserstein distances and MS-SSIM in double precision,
from SciPy and NumPy, by the procedures that Karras et al. 2018 (section 5) and Wang et al. 2003 publish.
The distances along directions are POT's, and MS-SSIM of pictures that its window of 11 px fits at every scale is
pytorch-msssim's. Needs numpy, scipy, torch, pot and pytorch-msssim."""
import json
import pathlib

import numpy as np
import ot
import torch
from pytorch_msssim import ms_ssim as package_ms_ssim
from scipy import ndimage, signal

from streams import Stream

BINOMIAL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256.0


def pictures(name, count, height, width):
    """Grain on a slope: whole numbers that the test draws again. Later pictures are brighter and smoother."""
    out = np.empty((count, height, width))
    for i in range(count):
        grain = Stream(5).fork(name, i).below(128 - 8 * i, height * width).reshape(height, width)
        out[i] = np.minimum(255, grain + np.arange(width) + 2 * np.arange(height)[:, None] // 3 + 4 * i)
    return out


def smooth(image, gain):
    return ndimage.convolve(image, BINOMIAL * gain, mode="mirror")


def pyramid(image):
    levels = [image]
    while min(levels[-1].shape) // 2 >= 16:
        coarse = smooth(levels[-1], 1)[::2, ::2]
        spread = np.zeros_like(levels[-1])
        spread[::2, ::2] = coarse
        levels[-1] = levels[-1] - smooth(spread, 4)
        levels.append(coarse)
    return levels


def swd(first, second, patches, repeats, directions, rng):
    pyramids = [[pyramid(image) for image in images] for images in (first, second)]
    out = {}
    for k in range(len(pyramids[0][0])):
        stream, descriptors = rng.fork("level", k + 1), []
        axes = stream.fork("directions").normal(49 * repeats * directions).reshape(49, -1)
        axes = axes / np.sqrt((axes ** 2).sum(0))
        for images in pyramids:
            rows = []
            for i, levels in enumerate(images):
                height, width = levels[k].shape
                draw = stream.fork("patches", i).bits64(2 * patches)
                for y, x in zip(draw[::2] % np.uint64(height - 6), draw[1::2] % np.uint64(width - 6)):
                    rows.append(levels[k][int(y):int(y) + 7, int(x):int(x) + 7].reshape(-1))
            rows = np.stack(rows)
            descriptors.append((rows - rows.mean()) / rows.std())
        per_repeat = [ot.sliced_wasserstein_distance(*descriptors, projections=some, p=1)
                      for some in np.split(axes, repeats, axis=1)]
        out[str(min(levels[k].shape))] = float(np.mean(per_repeat)) * 1000
    return dict(levels=out, mean=float(np.mean(list(out.values()))))


def similarity(a, b):
    size = min(11, *a.shape)
    sigma = size * 1.5 / 11
    centre = (size - 1) / 2
    y, x = np.mgrid[:size, :size] - centre
    window = np.exp(-(x ** 2 + y ** 2) / (2 * sigma ** 2))
    window /= window.sum()

    def average(image):
        return signal.fftconvolve(image, window, mode="valid")

    mean_a, mean_b = average(a), average(b)
    var_a, var_b = average(a * a) - mean_a ** 2, average(b * b) - mean_b ** 2
    both = average(a * b) - mean_a * mean_b
    c1, c2 = (.01 * 255) ** 2, (.03 * 255) ** 2
    contrast = (2 * both + c2) / (var_a + var_b + c2)
    return ((2 * mean_a * mean_b + c1) / (mean_a ** 2 + mean_b ** 2 + c1) * contrast).mean(), contrast.mean()


def ms_ssim(a, b):
    weights, out = [.0448, .2856, .3001, .2363, .1333], 1.0
    for k, weight in enumerate(weights):
        full, contrast = similarity(a, b)
        out *= max(full if k == len(weights) - 1 else contrast, 0) ** weight
        a, b = (ndimage.convolve(image, np.ones((2, 2)) / 4, mode="reflect")[::2, ::2] for image in (a, b))
    return out


levels = [np.stack([pyramid(image)[k] for image in pictures("a", 2, 40, 32)]) for k in range(2)]
a, b = pictures("a", 6, 72, 64), pictures("b", 6, 72, 64)
pairs = [(a[0], a[1]), (a[0], a[5]), (b[2], b[2] * .5 + 40), (a[3], 255 - a[3])]
odd = pictures("c", 2, 45, 37)
bell = np.exp(-(np.arange(11) - 5.) ** 2 / (2 * 1.5 ** 2))  # its own window is of single precision
window = torch.from_numpy(bell / bell.sum()).view(1, 1, 1, 11)
large = [torch.from_numpy(image)[None, None] for image in pictures("d", 2, 176, 208)]
pathlib.Path(__file__).with_name("quality.json").write_text(json.dumps(dict(
    pyramid=dict(fine_rows=levels[0][1, ::13].round(9).tolist(), coarse=levels[1][0, ::3].round(9).tolist()),
    swd=swd(a, b, 24, 2, 16, Stream(8)),
    ms_ssim=[ms_ssim(*pair) for pair in pairs], ms_ssim_odd=ms_ssim(odd[0], odd[1]),
    ms_ssim_large=package_ms_ssim(*large, win=window).item())) + "\n")
