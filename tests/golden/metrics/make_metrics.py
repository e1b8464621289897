# SPDX-License-Identifier: Apache-2.0
"""Writes metrics.json beside it: predictions and the values of scikit-learn's metrics that the panel must meet.
The calibration error has no counterpart there; it is written out here by its definition."""
import json
import pathlib
import warnings

import numpy as np
from sklearn import metrics as skl

rng = np.random.default_rng(11)
warnings.simplefilter("error")


def calibration_error(labels, scores, weights, bins=15):
    """Bins of equal mass from the highest score down; equal scores share the bin of their middle rank."""
    total, before = weights.sum(), 0.0
    sums = np.zeros((bins, 3))
    for score in sorted(set(scores), reverse=True):
        tied = scores == score
        weight = weights[tied].sum()
        if weight > 0:
            index = min(int((before + weight / 2) / total * bins), bins - 1)
            sums[index] += [weight, weight * score, (weights * labels)[tied].sum()]
        before += weight
    return float(np.abs(sums[:, 1] - sums[:, 2]).sum() / total)


def panel(labels, scores, said, weights):
    confusion = skl.confusion_matrix(labels, said, sample_weight=weights, labels=[0, 1])
    (tn, fp), (fn, tp) = confusion.tolist()
    return dict(
        auroc=skl.roc_auc_score(labels, scores, sample_weight=weights),
        auprc=skl.average_precision_score(labels, scores, sample_weight=weights),
        prevalence=np.average(labels, weights=weights),
        sensitivity=skl.recall_score(labels, said, sample_weight=weights),
        specificity=skl.recall_score(labels, said, sample_weight=weights, pos_label=0),
        ppv=skl.precision_score(labels, said, sample_weight=weights),
        npv=skl.precision_score(labels, said, sample_weight=weights, pos_label=0),
        f1=skl.f1_score(labels, said, sample_weight=weights),
        mcc=skl.matthews_corrcoef(labels, said, sample_weight=weights),
        brier=skl.brier_score_loss(labels, scores, sample_weight=weights),
        ece=calibration_error(labels, scores, weights)), [[tn, fp], [fn, tp]]


def case(name, labels, scores, said, exclusive, thresholds):
    n, classes = labels.shape
    weights = rng.integers(0, 4, n).astype(float)
    out = dict(name=name, classes=["a", "b", "c"][:classes], labels=labels.tolist(), probabilities=scores.tolist(),
               thresholds=thresholds, weights=weights.tolist())
    for key, weight in [("unweighted", np.ones(n)), ("weighted", weights)]:
        known = labels >= 0
        per_class = [panel(labels[known[:, c], c], scores[known[:, c], c], said[known[:, c], c], weight[known[:, c]])
                     for c in range(classes)]
        pairs = np.repeat(weight[:, None], classes, 1)[known]
        micro, pooled = panel(labels[known], scores[known], said[known], pairs)
        result = dict(classes=[one[0] for one in per_class], micro=micro,
                      macro={m: float(np.mean([one[0][m] for one in per_class])) for m in micro})
        if exclusive:
            truth, guess = labels.argmax(1), said.argmax(1)
            result["balanced_accuracy"] = skl.balanced_accuracy_score(truth, guess, sample_weight=weight)
            result["accuracy"] = skl.accuracy_score(truth, guess, sample_weight=weight)
            result["confusion"] = skl.confusion_matrix(truth, guess, sample_weight=weight).tolist()
        else:
            result["balanced_accuracy"] = float(np.mean(
                [skl.balanced_accuracy_score(labels[known[:, c], c], said[known[:, c], c],
                                             sample_weight=weight[known[:, c]]) for c in range(classes)]))
            result["accuracy"] = skl.accuracy_score(labels[known], said[known], sample_weight=pairs)
            result["confusion"] = [one[1] for one in per_class]
        out[key] = result
    return out


def exclusive(n, shares, digits):
    truth = rng.choice(len(shares), n, p=shares)
    labels = np.eye(len(shares), dtype=int)[truth]
    logits = rng.normal(size=labels.shape) + 1.2 * labels + np.log(shares)
    scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    if digits and len(shares) == 2:
        rare = np.round(scores[:, 1], digits)
        scores = np.stack([1 - rare, rare], 1)
    return labels, scores


def argmax(scores):
    return np.eye(scores.shape[1], dtype=int)[scores.argmax(1)]


cases = []
labels, scores = exclusive(90, [0.8, 0.2], 1)
cases.append(case("two exclusive classes, argmax, ties", labels, scores, argmax(scores), True, {}))
labels, scores = exclusive(80, [0.8, 0.2], 6)
positive = (scores[:, 1] >= 0.3).astype(int)
cases.append(case("two exclusive classes, a threshold", labels, scores, np.stack([1 - positive, positive], 1), True,
                  {"b": 0.3}))
labels, scores = exclusive(90, [0.5, 0.3, 0.2], 0)
cases.append(case("three exclusive classes, argmax", labels, scores, argmax(scores), True, {}))
cases.append(case("three exclusive classes, thresholds", labels, scores, argmax(scores / [0.5, 0.25, 0.2]), True,
                  {"b": 0.25, "c": 0.2}))
labels = (rng.random((70, 3)) < [0.5, 0.2, 0.3]).astype(int)
scores = np.round(1 / (1 + np.exp(-rng.normal(labels * 1.5 - 1, 1))), 2)
labels[rng.random(labels.shape) < 0.1] = -1
cases.append(case("three labels, some unknown", labels, scores, (scores >= [0.5, 0.25, 0.5]).astype(int), False,
                  {"b": 0.25}))
labels = (rng.random((50, 1)) < 0.3).astype(int)
scores = np.round(1 / (1 + np.exp(-rng.normal(labels * 1.5 - 1, 1))), 2)
cases.append(case("one label", labels, scores, (scores >= 0.5).astype(int), False, {}))
path = pathlib.Path(__file__).with_name("metrics.json")
path.write_text("[" + ",\n".join(json.dumps(one) for one in cases) + "]\n")
