# SPDX-License-Identifier: Apache-2.0
"""Writes, beside itself, what the nn room must meet:

optimizer.json       parameters after each of six steps of torch.optim.Adam and AdamW
python.safetensors   a file written by Python's safetensors library
and checks that the library opens ours.safetensors, which the C++ test writes (UPDATE_GOLDEN=1) and holds.

Needs torch, numpy and safetensors."""
import hashlib
import json
import math
import pathlib

import numpy as np
import safetensors
import safetensors.numpy
import torch

here = pathlib.Path(__file__).parent


def write_json(name, value):
    (here / name).write_text(json.dumps(value) + "\n")


def wave(count, shift):
    """The numbers that the test recomputes: sin(.37 i + shift)."""
    return torch.from_numpy(np.sin(.37 * np.arange(count) + shift)).float()


def optimise(make):
    shapes = {"bias": [3], "kernel": [2, 1, 3, 3], "weight": [3, 4]}
    params = {name: wave(math.prod(shape), k).view(shape).requires_grad_(True)
              for k, (name, shape) in enumerate(shapes.items())}
    optimizer = make(params)
    steps = []
    for step in range(6):
        for group in optimizer.param_groups:
            group["lr"] = .01 * (1 - step / 12)
        for k, p in enumerate(params.values()):
            p.grad = (wave(p.numel(), 10 * step + k) * (1 + step)).view(p.shape)
        optimizer.step()
        steps.append({name: p.detach().flatten().tolist() for name, p in params.items()})
    return steps


def adamw(params):
    vectors = [p for p in params.values() if p.dim() < 2]
    return torch.optim.AdamW([{"params": [p for p in params.values() if p.dim() > 1], "weight_decay": .1},
                              {"params": vectors, "weight_decay": 0}], betas=(.9, .99), eps=1e-6)


write_json("optimizer.json",
           dict(adam=optimise(lambda params: torch.optim.Adam(params.values(), betas=(.5, .999), eps=1e-8)),
                adamw=optimise(adamw)))

safetensors.numpy.save_file(
    {"scalar": np.array(2.5, np.float32), "matrix": np.arange(6, dtype=np.float32).reshape(2, 3) - 2.25,
     "double": np.array([1e-300, -1 / 3]), "half": np.array([1.5, -.25], np.float16),
     "long": np.array([[-(2 ** 40)], [7]]), "int": np.array([-5, 6], np.int32),
     "byte": np.array([0, 127, 255], np.uint8), "empty": np.zeros((0, 4), np.float32)},
    here / "python.safetensors", metadata={"made by": "safetensors"})


def digest(path):
    """As nn/weights.hpp defines it, from the file's bytes alone."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header, out = json.loads(raw[8:8 + length]), hashlib.sha256()
    stated = header.pop("__metadata__")["tensor_digest"]
    for name in sorted(header):
        first, last = header[name]["data_offsets"]
        out.update(f"{name}\n{header[name]['dtype']}\n{header[name]['shape']}\n".encode())
        out.update(raw[8 + length + first:8 + length + last])
    return stated, out.hexdigest()


ours = here / "ours.safetensors"
if ours.exists():
    with safetensors.safe_open(ours, "np") as file:
        assert file.metadata()["kind"] == "golden"
        assert sorted(file.keys()) == ["byte", "cube", "double", "empty", "half", "int", "long", "scalar"]
        cube = file.get_tensor("cube")
        assert cube.dtype == np.float32 and cube.shape == (2, 3, 4)
        assert (cube == np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8 - 1).all()
        assert file.get_tensor("scalar") == np.float32(.1) and file.get_tensor("scalar").shape == ()
        assert (file.get_tensor("long") == [-(2 ** 40), 3]).all() and file.get_tensor("long").dtype == np.int64
        assert (file.get_tensor("int") == [-7, 8]).all() and file.get_tensor("int").dtype == np.int32
        assert (file.get_tensor("byte") == [0, 200]).all() and file.get_tensor("byte").dtype == np.uint8
        assert (file.get_tensor("half") == np.float16([1.5, -2])).all()
        assert (file.get_tensor("double") == [1 / 3]).all() and file.get_tensor("empty").shape == (0, 2)
    stated, found = digest(ours)
    assert stated == found
    print("Python's safetensors", safetensors.__version__, "opens ours.safetensors; its digest is right")
