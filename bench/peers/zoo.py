# SPDX-License-Identifier: Apache-2.0
"""Imports timm. PyPI's torchvision is built for CUDA: beside a CPU build of torch it lacks its
operators, which timm does not use, but two of them have to be known."""

import sys

from torch import library

try:
    import torchvision  # noqa: F401
except RuntimeError:
    for name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[name]
    operators = getattr(library, "Library")("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(name + "(Tensor a, Tensor b, float c) -> Tensor")

import timm  # noqa: E402

create_model = timm.create_model
