# SPDX-License-Identifier: Apache-2.0
"""Writes comparison_tests.json beside it: tests of two models on the same rows.

- AUROC: scikit-learn. DeLong: by its definition (covariances of structural components, every pair of rows), held here
  against the fast code of yandexdataschool/roc_comparison (package confidenceinterval).
- Obuchowski 1997: by its definition, every pair of rows. The case `published` is the worked example of the paper (Table
  3, 65 renal arteries of 36 patients with complete readings of two readers), with the values that R's clusteredROC of
  the Cleveland Clinic prints for it (clusteredROC_help.pdf), as tests/clustered/check_clustered.cpp of github.com/
  craignied/neuron states them.
- Exact McNemar: statsmodels. Normal p values and intervals: scipy.
- Permutations: all swaps of groups, with scikit-learn's metrics.

Needs numpy, scipy, scikit-learn, statsmodels and confidenceinterval."""
import itertools
import json
import pathlib
import types

import numpy as np
import confidenceinterval.delong as fast_delong
from scipy.stats import norm, rankdata
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar

rng = np.random.default_rng(13)
fast_delong.np = types.SimpleNamespace(**{**vars(np), "float32": np.float64})  # the package stores floats of 32 bits


def components(scores, labels):
    """V10 of each positive and V01 of each negative row."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    kernel = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    return kernel.mean(1), kernel.mean(0)


def delong(models, labels):
    v10, v01 = zip(*(components(scores, labels) for scores in models))
    return np.cov(v10) / len(v10[0]) + np.cov(v01) / len(v01[0])


def published_delong(models, labels):
    order = np.argsort(-labels, kind="stable")
    return np.atleast_2d(fast_delong.fastDeLong_no_weights(np.array(models)[:, order], int(labels.sum()))[1])


def obuchowski(models, labels, groups):
    """The 2 x 2 covariance matrix, and the sums S10, S01, S11 of the paper."""
    names = np.unique(groups)
    m = np.array([((groups == g) & (labels == 1)).sum() for g in names])
    n = np.array([((groups == g) & (labels == 0)).sum() for g in names])
    M, N, I, I10, I01 = m.sum(), n.sum(), len(names), (m > 0).sum(), (n > 0).sum()
    dx, dy = [], []
    for scores in models:
        v10, v01 = components(scores, labels)
        area = roc_auc_score(labels, scores)
        dx.append([v10[groups[labels == 1] == g].sum() for g in names] - m * area)
        dy.append([v01[groups[labels == 0] == g].sum() for g in names] - n * area)
    dx, dy = np.array(dx), np.array(dy)
    s10, s01, s11 = I10 / ((I10 - 1) * M) * dx @ dx.T, I01 / ((I01 - 1) * N) * dy @ dy.T, I / (I - 1) * dx @ dy.T
    return s10 / M + s01 / N + (s11 + s11.T) / (M * N), s10, s01, s11


def difference_test(models, labels, covariance):
    areas = [roc_auc_score(labels, scores) for scores in models]
    difference = areas[0] - areas[1]
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    error = np.sqrt(variance)
    half = norm.ppf(0.975) * error
    return dict(first=areas[0], second=areas[1], covariance=covariance.tolist(), variance=variance, error=error,
                low=difference - half, high=difference + half, p=2 * norm.sf(abs(difference) / error))


def swapped(first, second, groups, names, swap):
    away = np.isin(groups, names[np.array(swap, bool)])
    return np.where(away, second, first), np.where(away, first, second)


def permutation(first, second, labels, groups, metric):
    """The share of all swaps of groups with a difference at least as large as that of the models."""
    names = np.unique(groups)
    values = []
    for swap in itertools.product([0, 1], repeat=len(names)):
        a, b = swapped(first, second, groups, names, swap)
        values.append(abs(metric(labels, a) - metric(labels, b)))
    return float(np.mean(np.array(values) >= values[0] - 1e-12))


def decisions(first, second, labels, groups):
    """The differences of accuracy and balanced accuracy, with variances over groups."""
    right = [(scores >= 0.5) == labels for scores in (first, second)]
    gain = right[0].astype(float) - right[1]
    out = {}
    for name, strata in [("accuracy", np.zeros(len(labels), int)), ("balanced_accuracy", labels)]:
        deviation = np.zeros(len(labels))
        values = np.zeros(2)
        for stratum in np.unique(strata):
            rows = strata == stratum
            deviation[rows] = (gain[rows] - gain[rows].mean()) / rows.sum() / len(np.unique(strata))
            values += [one[rows].mean() / len(np.unique(strata)) for one in right]
        sums = np.array([deviation[groups == g].sum() for g in np.unique(groups)])
        out[name] = dict(first=values[0], second=values[1], variance=(sums**2).sum() * len(sums) / (len(sums) - 1))
    assert np.isclose(out["balanced_accuracy"]["first"], balanced_accuracy_score(labels, first >= 0.5))
    table = [[int((right[0] & right[1]).sum()), int((right[0] & ~right[1]).sum())],
             [int((~right[0] & right[1]).sum()), int((~right[0] & ~right[1]).sum())]]
    out.update(first_only=table[0][1], second_only=table[1][0], mcnemar_p=mcnemar(table, exact=True).pvalue)
    return out


def case(name, first, second, labels, groups):
    models = [np.asarray(first, float), np.asarray(second, float)]
    labels, groups = np.asarray(labels), np.asarray(groups)
    by_definition = delong(models, labels)
    assert np.allclose(by_definition, published_delong(models, labels), rtol=1e-12, atol=0)
    return dict(name=name, first=models[0].tolist(), second=models[1].tolist(), labels=labels.tolist(),
                groups=groups.tolist(), delong=difference_test(models, labels, by_definition),
                obuchowski=difference_test(models, labels, obuchowski(models, labels, groups)[0]),
                decisions=decisions(models[0], models[1], labels, groups))


def drawn(sizes, digits, skills=(1.6, 0.9)):
    """Groups of these sizes whose rows share a part of their score, as do the models."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    n = len(groups)
    labels = (rng.random(n) < 0.35).astype(int)
    labels[:4] = [0, 1, 0, 1]
    shared = rng.normal(size=len(sizes))[groups] + 0.5 * rng.normal(size=n)
    first, second = (1 / (1 + np.exp(-(skill * labels + shared + rng.normal(size=n) - 0.5))) for skill in skills)
    if digits:
        first, second = np.round(first, digits), np.round(second, digits)
    return first, second, labels, np.array([f"g{g}" for g in groups])


# Patient, 1 if the artery is stenosed, reading of either reader.
ARTERIES = """
1 1 87 87|1 1 79 83|2 1 88 94|2 1 95 93|3 1 100 100|3 1 68 79|4 1 65 61|4 1 89 91|5 1 97 97|5 1 100 100|6 1 100 99|
6 1 89 88|7 1 77 77|8 1 94 89|8 0 45 44|9 1 89 92|9 0 -11 -17|10 1 95 91|10 0 30 14|11 1 95 95|11 0 10 -122|
12 1 100 100|12 0 19 -3|13 1 75 75|14 0 70 73|14 1 70 81|15 0 26 27|15 1 86 93|16 0 0 8|16 1 65 70|17 0 6 23|
17 1 100 100|18 0 76 79|18 1 96 95|19 0 44 55|19 1 100 100|20 0 73 67|20 1 97 94|21 1 85 86|22 0 58 60|22 1 100 99|
23 0 -2 -2|23 1 100 100|24 0 -3 -14|24 0 0 -11|25 0 47 -3|25 0 -94 -90|26 0 -16 17|26 0 75 85|27 0 5 -22|27 0 -1 -14|
28 0 -6 -52|29 0 37 38|29 0 47 35|30 0 42 40|30 0 4 6|31 0 55 23|31 0 55 45|32 0 4 -87|32 0 -13 -65|33 0 49 24|
33 0 35 9|34 0 53 66|35 0 2 -15|36 0 -48 -78"""
patient, stenosed, reader1, reader2 = np.array([one.split() for one in ARTERIES.split("|")], int).T
published = case("published", reader1, reader2, stenosed, np.array([f"p{p}" for p in patient]))
published["printed"] = dict(
    first=0.9837, second=0.9852, first_error=0.0108, second_error=0.0097, difference=-0.0014, error=0.0066,
    low=-0.0143, high=0.0115, p=0.8271,
    s10=[[0.0013151307, 0.0008484357], [0.0008484357, 0.0009284122]],
    s01=[[0.0022375873, 0.0019241250], [0.0019241250, 0.0022598583]],
    s11=[[0.0051785478, 0.0028648340], [-0.0015136931, -0.0005015760]])
_, *sums = obuchowski([reader1, reader2], stenosed, patient)
for key, found in zip(["s10", "s01", "s11"], sums):
    assert np.allclose(found, published["printed"][key], rtol=0, atol=6e-11), key

permutations = []
for sizes, digits, skills in [([2] * 8, 1, (1.6, 0.9)), ([1, 2, 3, 1, 4, 2, 3, 2, 5], 3, (4, 0)),
                              ([1, 3, 2, 1, 1, 4, 2, 2, 1, 3, 2, 1, 2], 2, (3, 0.5))]:
    first, second, labels, groups = drawn(sizes, digits, skills)
    if len(permutations) == 0:  # two groups that no swap changes
        second[:4] = first[:4] = [0, 0.9, 0.01, 1]
    ranks = [rankdata(scores) for scores in (first, second)]
    permutations.append(dict(
        first=first.tolist(), second=second.tolist(), labels=labels.tolist(), groups=groups.tolist(),
        auroc_p=permutation(*ranks, labels, groups, roc_auc_score),
        balanced_accuracy_p=permutation((first >= 0.5).astype(int), (second >= 0.5).astype(int), labels, groups,
                                        balanced_accuracy_score)))

tables = [(0, 1), (3, 3), (1, 9), (12, 5), (40, 71), (300, 281), (3000, 2810)]
out = dict(
    cases=[published, case("single rows, ties", *drawn([1] * 70, 1)), case("single rows", *drawn([1] * 150, 0)),
           case("groups, ties", *drawn(rng.integers(1, 5, 40), 1)),
           case("large groups", *drawn(rng.integers(1, 30, 12), 0))],
    permutations=permutations,
    mcnemar=[[b, c, float(mcnemar([[5, b], [c, 5]], exact=True).pvalue)] for b, c in tables],
    normal=[[value, variance, confidence, np.sqrt(variance), value - norm.isf((1 - confidence) / 2) * np.sqrt(variance),
             value + norm.isf((1 - confidence) / 2) * np.sqrt(variance), 2 * norm.sf(abs(value) / np.sqrt(variance))]
            for value, variance, confidence in
            [(0.1, 0.01, 0.95), (-0.3, 0.002, 0.9), (0.0, 1.0, 0.999), (0.9, 0.001, 0.5), (2.0, 0.02, 0.999999)]])
path = pathlib.Path(__file__).with_name("comparison_tests.json")
path.write_text(json.dumps(out).replace('}, {"', '},\n{"').replace('], "', '],\n"') + "\n")
print([(one["name"], one["delong"]["p"], one["obuchowski"]["p"]) for one in out["cases"]])
print([(one["auroc_p"], one["balanced_accuracy_p"]) for one in permutations], out["mcnemar"])
