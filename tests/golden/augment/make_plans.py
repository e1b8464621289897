# SPDX-License-Identifier: Apache-2.0
"""Writes plans.json beside it: what imbalanced-learn adds to each class for its words of `sampling_strategy`.

Needs imbalanced-learn.
"""
import json
import pathlib

import imblearn
import numpy as np
from imblearn.utils import check_sampling_strategy

cases = []
for counts in ([60, 10], [10, 60], [30, 7, 90], [25, 25, 5], [8, 8], [717, 3366], [9, 4, 4, 9]):
    y = np.repeat(np.arange(len(counts)), counts)
    strategies = ["auto", "minority", "not minority", "not majority", "all", 0.5, 1.0, 0.73, 0.1, {0: 100}, {1: 100}]
    for strategy in strategies:
        try:
            added = check_sampling_strategy(strategy, y, "over-sampling")
            added = [int(added.get(c, 0)) for c in range(len(counts))]
        except ValueError:
            added = None
        text = ",".join(f"c{k}={v}" for k, v in strategy.items()) if isinstance(strategy, dict) else str(strategy)
        cases.append({"counts": counts, "strategy": text, "added": added})
path = pathlib.Path(__file__).parent / "plans.json"
path.write_text('{"made_with": "imbalanced-learn %s", "cases": [\n' % imblearn.__version__ + ",\n".join(map(json.dumps, cases)) + "\n]}\n")
