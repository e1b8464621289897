# SPDX-License-Identifier: Apache-2.0
"""Writes stats.json beside it: values of numpy, scipy, statsmodels and scikit-learn that core/stats and core/logistic must meet."""
import json
import pathlib

import numpy as np
from scipy.stats import binom
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(7)


def ranking(n, share, digits):
    labels = (rng.random(n) < share).astype(int)
    labels[:2] = [0, 1]
    scores = np.round(rng.normal(labels * 0.8, 1), digits)
    weights = rng.integers(0, 4, n).astype(float)
    weights[:2] = 1
    fpr, tpr, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, cuts = precision_recall_curve(labels, scores)
    return dict(
        scores=scores.tolist(), labels=labels.tolist(), weights=weights.tolist(),
        auroc=roc_auc_score(labels, scores), ap=average_precision_score(labels, scores),
        weighted_auroc=roc_auc_score(labels, scores, sample_weight=weights),
        weighted_ap=average_precision_score(labels, scores, sample_weight=weights),
        fpr=fpr.tolist(), tpr=tpr.tolist(), roc_threshold=thresholds[1:].tolist(),
        precision=precision[:-1][::-1].tolist(), recall=recall[:-1][::-1].tolist(), pr_threshold=cuts[::-1].tolist())


def logistic(n, kind):
    x = rng.normal(size=(n, 4)) * [1, 5, 0.1, 2] + [0, 3, -1, 0]
    y = (x[:, 0] + 0.2 * x[:, 1] + rng.normal(size=n) > 1).astype(int)
    if kind == "separable":
        y = (x[:, 0] > 0.3).astype(int)
    if kind == "rare":
        y = (x[:, 0] + rng.normal(size=n) * 0.5 > 1.9).astype(int)
    x[:, 3] = 2.5
    features = StandardScaler().fit_transform(x)
    model = LogisticRegression(C=1, tol=1e-12, max_iter=100000, solver="newton-cholesky").fit(features, y)
    return dict(kind=kind, features=features.tolist(), labels=y.tolist(), weights=model.coef_[0].tolist(),
                intercept=model.intercept_[0], probabilities=model.predict_proba(features)[:, 1].tolist())


def table(n):
    """Text columns as a store's meta: a number with gaps, two kinds of text, a constant."""
    age = rng.integers(20, 90, n)
    sex = rng.choice(["F", "M", ""], n, p=[0.5, 0.4, 0.1])
    view = rng.choice(["AP", "PA", "LAT"], n)
    y = (age / 90 + (sex == "F") * 0.6 + rng.normal(size=n) * 0.5 > 1.1).astype(int)
    missing = rng.random(n) < 0.2
    rows = [["" if m else str(a), s, v, "same"] for m, a, s, v in zip(missing, age, sex, view)]
    known = age[~missing].mean()
    columns = [np.where(missing, known, age), missing, sex == "", sex == "F", sex == "M", view == "AP", view == "LAT",
               view == "PA"]
    features = StandardScaler().fit_transform(np.stack(columns, 1).astype(float))
    model = LogisticRegression(C=1, tol=1e-12, max_iter=100000, solver="newton-cholesky").fit(features, y)
    return dict(rows=rows, labels=y.tolist(), probabilities=model.predict_proba(features)[:, 1].tolist())


values = np.round(rng.normal(size=11), 3)
p_values = [0.01, 0.04, 0.03, 0.005, 0.5, 0.03]
out = dict(
    rankings=[ranking(40, 0.3, 1), ranking(300, 0.1, 1), ranking(200, 0.5, 6), ranking(60, 0.5, 0)],
    quantiles=dict(values=values.tolist(), q=[0, 0.025, 0.3, 0.5, 0.975, 1],
                   expected=np.quantile(values, [0, 0.025, 0.3, 0.5, 0.975, 1]).tolist(),
                   mean=values.mean(), deviation=values.std(ddof=1)),
    binomial=[[int(k), int(n), p, float(binom.sf(k - 1, n, p))] for k, n, p in
              [(0, 5, 0.3), (1, 5, 0.3), (5, 5, 0.3), (3, 10, 0.5), (20, 20, 0.17), (63, 63, 0.1725), (400, 2980, 0.1725),
               (500, 1000, 0.5), (700, 1000, 0.5), (20000, 112120, 0.17), (60000, 112120, 0.5)]],
    holm=dict(p=p_values, expected=multipletests(p_values, method="holm")[1].tolist()),
    logistic=[logistic(120, "mixed"), logistic(60, "separable"), logistic(150, "rare")],
    table=table(80))
path = pathlib.Path(__file__).with_name("stats.json")
path.write_text(json.dumps(out).replace('}, "', '},\n"').replace('}, {', '},\n{') + "\n")
