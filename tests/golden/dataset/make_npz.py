#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the .npz files beside it as MedMNIST lays them out. Needs numpy."""
from pathlib import Path

import numpy as np

here = Path(__file__).parent
rng = np.random.default_rng(3)


def arrays(images, labels):
    return {f"{part}_{kind}": array for part in ("train", "val", "test")
            for kind, array in (("images", images(part)), ("labels", labels(part)))}


rows = {"train": 4, "val": 2, "test": 1}
ramp = {part: np.arange(n * 30, dtype="u1").reshape(n, 5, 6) for part, n in rows.items()}
np.savez_compressed(here / "chestmnist_5.npz",
                    **arrays(ramp.get, lambda part: np.eye(14, dtype="u1")[: rows[part]]))
np.savez(here / "two_values.npz",
         **arrays(lambda part: ramp[part].astype("<u2") * 257, lambda part: np.arange(rows[part])[:, None] % 2 * 3 + 4))
np.savez(here / "float_labels.npz", train_images=ramp["train"], train_labels=np.zeros(4, "f4"))
np.savez(here / "colour.npz", train_images=np.stack([ramp["train"]] * 3, -1), train_labels=np.array([0, 1, 1, 0]))
