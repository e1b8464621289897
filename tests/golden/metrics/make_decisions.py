# SPDX-License-Identifier: Apache-2.0
"""Writes decisions.json beside it: net benefit (numpy, held here against the package dcurves of the authors of decision
curves), and the thresholds that the rules pick from scikit-learn's ROC curve.

Needs numpy, pandas, scikit-learn and dcurves."""
import json
import pathlib
import warnings

import numpy as np
import pandas as pd
from dcurves import dca
from sklearn.metrics import roc_curve

rng = np.random.default_rng(17)
warnings.simplefilter("ignore")
THRESHOLDS = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def drawn(n, share, digits, skill=1.5):
    labels = (rng.random(n) < share).astype(int)
    labels[:2] = [0, 1]
    scores = 1 / (1 + np.exp(-(skill * labels + rng.normal(size=n) - 1.5)))
    return (np.round(scores, digits) if digits else scores), labels


def net_benefit(scores, labels, thresholds):
    model, everyone = [], []
    for t in thresholds:
        treated = scores >= t
        model.append(float((treated & (labels == 1)).mean() - (treated & (labels == 0)).mean() * t / (1 - t)))
        everyone.append(float(labels.mean() - (1 - labels.mean()) * t / (1 - t)))
    return model, everyone


def curve(n, share):
    scores, labels = drawn(n, share, 0)
    model, everyone = net_benefit(scores, labels, THRESHOLDS)
    table = dca(pd.DataFrame(dict(y=labels, p=scores)), "y", ["p"], thresholds=THRESHOLDS)
    for name, mine in [("p", model), ("all", everyone)]:
        theirs = table[table.model == name].sort_values("threshold").net_benefit
        assert np.allclose(theirs, mine, rtol=0, atol=1e-12), name
    return dict(scores=scores.tolist(), labels=labels.tolist(), model=model, all=everyone)


def picked(scores, labels, rule, values):
    """The point of the ROC curve that the rule picks, moved halfway to the next lower score."""
    fpr, tpr, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    thresholds[0] = 1
    misses, alarms = np.round((1 - tpr) * labels.sum()), np.round(fpr * (1 - labels).sum())
    if rule == "youden":
        best = int(np.argmax(tpr - fpr))
    elif rule == "sensitivity":
        best = int(np.argmax(tpr >= values[0]))
    else:
        best = int(np.argmin(values[0] * misses + values[1] * alarms))
    here = thresholds[best]
    threshold = (here + thresholds[best + 1]) / 2 if best + 1 < len(thresholds) else here
    treated = scores >= threshold
    assert (treated & (labels == 0)).sum() == alarms[best] and (~treated & (labels == 1)).sum() == misses[best]
    return float(threshold)


rules = [("youden", "youden", []), ("sensitivity=.95", "sensitivity", [0.95]), ("sensitivity=1", "sensitivity", [1]),
         ("sensitivity=.5", "sensitivity", [0.5]), ("cost=1:1", "cost", [1, 1]), ("cost=10:1", "cost", [10, 1]),
         ("cost=1:200", "cost", [1, 200]), ("cost=2.5:1", "cost", [2.5, 1]), ("cost=1000:1", "cost", [1000, 1])]
thresholds = []
for n, share, digits in [(60, 0.4, 1), (150, 0.15, 2), (400, 0.05, 0)]:
    scores, labels = drawn(n, share, digits)
    thresholds.append(dict(scores=scores.tolist(), labels=labels.tolist(),
                           picked=[[text, picked(scores, labels, rule, values)] for text, rule, values in rules]))
out = dict(thresholds=THRESHOLDS, curves=[curve(200, 0.3), curve(500, 0.04)], rules=thresholds)
path = pathlib.Path(__file__).with_name("decisions.json")
path.write_text(json.dumps(out).replace('], "', '],\n"') + "\n")
print([one["picked"] for one in thresholds])
