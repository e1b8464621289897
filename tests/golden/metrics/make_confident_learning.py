# SPDX-License-Identifier: Apache-2.0
"""Writes confident_learning.json beside it: labels, probabilities and what cleanlab (2.9.0) says of them: class
thresholds, confident joint, the rows off its diagonal, and label quality (normalised margin).

Rows in which the most likely class misses its threshold although two others reach theirs are left out: the paper counts
them in the better of these two, cleanlab in the most likely class."""
import json
import pathlib

import numpy as np
from cleanlab.count import compute_confident_joint, get_confident_thresholds
from cleanlab.rank import get_label_quality_scores

rng = np.random.default_rng(5)


def case(rows, shares, skill, wrong):
    """Labels with these shares of the classes, `wrong` of them drawn anew; the higher `skill`, the better the scores."""
    classes = len(shares)
    truth = rng.choice(classes, rows, p=shares)
    labels = np.where(rng.random(rows) < wrong, rng.integers(0, classes, rows), truth)
    logits = rng.normal(size=(rows, classes)) + np.log(shares) + skill * np.eye(classes)[truth]
    p = np.exp(logits)
    p = (p / p.sum(axis=1, keepdims=True)).round(4)
    p[:, -1] = (1 - p[:, :-1].sum(axis=1)).round(4)
    thresholds = get_confident_thresholds(labels, p)
    confident = p >= thresholds - 1e-6
    differs = (confident.sum(axis=1) > 1) & ~confident[np.arange(rows), p.argmax(axis=1)]
    labels, p = labels[~differs], p[~differs]
    thresholds = get_confident_thresholds(labels, p)
    joint, suspects = compute_confident_joint(labels, p, calibrate=False, return_indices_of_off_diagonals=True)
    quality = get_label_quality_scores(labels, p, method="normalized_margin")
    assert joint.diagonal().min() > 1  # cleanlab puts 1 where it is 0
    return dict(labels=labels.tolist(), probabilities=p.tolist(), thresholds=thresholds.tolist(), joint=joint.tolist(),
                suspects=suspects.tolist(), quality=quality.tolist())


cases = [case(60, [.8, .2], 2.5, .1), case(60, [.5, .5], 1, .1), case(80, [.6, .3, .1], 3, .15)]
path = pathlib.Path(__file__).parent / "confident_learning.json"
path.write_text(json.dumps(cases) + "\n")
