# SPDX-License-Identifier: Apache-2.0
"""Writes features.json beside itself: FID (SciPy's matrix root), KID (NumPy, all pairs), precision, recall, density and
coverage (the package prdc) of pairs of matrices that tests draw anew from core/rng.

Needs numpy, scipy, scikit-learn and prdc."""
import json
import pathlib

import numpy as np
from prdc import compute_prdc
from scipy.linalg import sqrtm

from streams import Stream


def features(key, rows, columns, scale, shift):
    values = Stream(key).normal(rows * columns).reshape(rows, columns)
    return (scale * values + .3 * values[:, ::-1] + shift).astype(np.float64)


def fid(a, b):
    # With fewer images than features SciPy's root of the product, which is singular, loses digits. Its trace is the sum of
    # the singular values of one set's deviations times the other's.
    if min(len(a), len(b)) <= a.shape[1]:
        deviations = [(x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (a, b)]
        trace = np.linalg.svd(deviations[0] @ deviations[1].T, compute_uv=False).sum()
        return np.square(a.mean(0) - b.mean(0)).sum() + sum(np.square(x).sum() for x in deviations) - 2 * trace
    root = sqrtm(np.cov(a, rowvar=False) @ np.cov(b, rowvar=False)).real
    return np.square(a.mean(0) - b.mean(0)).sum() + np.trace(np.cov(a, rowvar=False) + np.cov(b, rowvar=False) - 2 * root)


def kid(a, b):
    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3
    m, n = len(a), len(b)
    aa, bb = kernel(a, a), kernel(b, b)
    return ((aa.sum() - np.trace(aa)) / (m * (m - 1)) + (bb.sum() - np.trace(bb)) / (n * (n - 1))
            - 2 * kernel(a, b).mean())


cases = []
for real, fake, columns, shift in ((60, 50, 8, .4), (1100, 1030, 6, .05), (40, 45, 3, 2.), (24, 20, 48, .3)):
    a, b = features(1, real, columns, 1, 0), features(2, fake, columns, .8, shift)
    found = {name: float(value) for name, value in compute_prdc(a, b, nearest_k=5).items()}
    cases.append(dict(real=real, fake=fake, columns=columns, shift=shift, fid=float(fid(a, b)), kid=float(kid(a, b)),
                      **found))
(pathlib.Path(__file__).parent / "features.json").write_text(json.dumps(cases) + "\n")
