# SPDX-License-Identifier: Apache-2.0
"""Writes temperature.json: probabilities and labels, and the temperature that scikit-learn's
temperature scaling finds for them, with the log loss before and after.

Needs numpy and scikit-learn 1.8 or newer."""
import json
import pathlib

import numpy as np
from sklearn.calibration import _TemperatureScaling
from sklearn.metrics import log_loss

rng = np.random.default_rng(7)
out = []
for classes, sharpness in [(2, 3.), (2, .4), (3, 2.)]:
    labels = rng.integers(0, classes, 60)
    logits = rng.normal(size=(60, classes))
    logits[np.arange(60), labels] += .9
    logits *= sharpness
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    scaling = _TemperatureScaling().fit(logits, labels)
    scaled = np.exp(logits * scaling.beta_) / np.exp(logits * scaling.beta_).sum(1, keepdims=True)
    out.append(dict(labels=labels.tolist(), probabilities=p.tolist(), temperature=1 / float(scaling.beta_),
                    nll=log_loss(labels, p), nll_calibrated=log_loss(labels, scaled)))
(pathlib.Path(__file__).parent / "temperature.json").write_text(json.dumps(out) + "\n")
print([(o["temperature"], o["nll"], o["nll_calibrated"]) for o in out])
