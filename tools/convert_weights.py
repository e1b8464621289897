# SPDX-License-Identifier: Apache-2.0
"""Converts PyTorch weights (.pt, .pth) of a classifier to safetensors with the tensor names of timm
(of nasnetamobile: those of pretrainedmodels), or of torchvision's two-stage detectors with its own.

The file is read with weights_only=True, so that it cannot run code. Names are matched with those of
the architecture (tools/architectures.json), directly or, since the packages register the layers of
one architecture in one order, by position if all shapes are equal."""
import argparse
import hashlib
import json
import math
import os
import pathlib
import sys

import convert_detector
import torch
from safetensors.torch import save

TABLES = json.loads((pathlib.Path(__file__).parent / "architectures.json").read_text())
CONTAINERS = ("state_dict", "model_state_dict", "model", "state_dict_ema", "ema", "net", "weights")
PREFIXES = ("module.", "_orig_mod.", "model.", "ema.", "net.", "backbone.")
# torchxrayvision's networks take values from -1024 to 1024: (x - .5) / (1 / 2048).
XRV_MARK = "op_threshs"
XRV_INPUT = dict(mean=.5, deviation=1 / 2048)
# What timm has as convolutions of maps, torchvision has as layers of the flattened map.
FLATTENED = ("pre_logits.fc1", "pre_logits.fc2", "conv_head")
# The epsilons of the batch norms of torchvision's MobileNetV3, and of timm's. They are added to the
# variances.
V3_EPSILONS = (1e-3, 1e-5)
TYPES = {torch.float32: "F32", torch.int64: "I64"}


class Fault(Exception):
    def __init__(self, text, code=65):
        super().__init__(text)
        self.code = code


def read_tensors(path):
    """Returns the tensors of a file by name, and the name of the entry that held them."""
    if not path.is_file():
        raise Fault(f"cannot read {path}: no such file", 66)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        if "Unsupported global" in str(error) or "GLOBAL" in str(error):
            raise Fault(f"{path} holds Python objects, not only tensors; in Python, load the network that it "
                        "belongs to, save its state_dict() with torch.save, and convert that file") from None
        raise Fault(f"{path} is not a PyTorch file, or it is damaged") from None
    entry = ""
    while isinstance(content, dict) and not any(isinstance(v, torch.Tensor) for v in content.values()):
        name = next((c for c in CONTAINERS if isinstance(content.get(c), dict)), None)
        if name is None:
            break
        entry, content = name, content[name]
    tensors = {k: v for k, v in content.items() if isinstance(v, torch.Tensor)} if isinstance(content, dict) else {}
    if not tensors:
        raise Fault(f"{path} holds no tensors by name")
    return tensors, entry


def without_prefix(tensors):
    """Removes what all names begin with, as training programs add it."""
    removed = ""
    while True:
        prefix = next((p for p in PREFIXES if all(k.startswith(p) for k in tensors)), None)
        if prefix is None:
            return tensors, removed
        removed += prefix
        tensors = {k[len(prefix):]: v for k, v in tensors.items()}


def leaf(name):
    return name.rsplit(".", 1)[-1]


def fits(tensor, name, table):
    """A stem may have three input channels: evenray adds their kernels."""
    found, shape = list(tensor.shape), table["tensors"][name]
    # Before the stem, a vision transformer has tokens, with three dimensions.
    stem = next(n for n, s in table["tensors"].items() if len(s) == 4)
    return (found == shape or (name == stem and found == [shape[0], 3, *shape[2:]])
            or is_flattened(tensor, name, table))


def is_flattened(tensor, name, table):
    shape, layer = table["tensors"][name], name.removesuffix(".weight")
    # The conv_head of EfficientNets has no bias: it is a convolution in all packages.
    return (layer in FLATTENED and layer + ".bias" in table["tensors"]
            and list(tensor.shape) == [shape[0], math.prod(shape[1:])])


def match(tensors, table):
    """Returns {name in timm: name in the file}, and how the names were matched."""
    wanted = table["tensors"]
    # Older files of torchvision write norm.1 for norm1.
    tensors = {name: tensor for name, tensor in tensors.items() if name != XRV_MARK}
    plain = {name.replace("norm.", "norm").replace("conv.", "conv"): name for name in tensors}
    by_name = {name: plain.get(name, name) for name in wanted
               if plain.get(name, name) in tensors and fits(tensors[plain.get(name, name)], name, table)}
    if len(by_name) == len(wanted):
        return by_name, "names"
    files = list(tensors)[:len(wanted)]
    by_place = dict(zip(wanted, files))
    if len(files) == len(wanted) and all(
            leaf(a) == leaf(b) and fits(tensors[b], a, table) for a, b in by_place.items()):
        return by_place, "order and shapes"
    return by_name, "names"


def renamed(tensors, names, table):
    """Returns the tensors of match() under their names in timm, as timm's network needs them."""
    out = {name: tensors[of] for name, of in names.items()}
    for name in [n for n in out if is_flattened(out[n], n, table)]:
        out[name] = out[name].reshape(table["tensors"][name])
        if name == "conv_head.weight":
            for norm in [n for n in out if leaf(n) == "running_var"]:
                out[norm] = out[norm] + (V3_EPSILONS[0] - V3_EPSILONS[1])
    return out


def convert(args):
    source = pathlib.Path(args.file)
    tensors, entry = read_tensors(source)
    tensors, prefix = without_prefix(tensors)
    tensors = {k: v for k, v in tensors.items() if leaf(k) != "num_batches_tracked"}
    known = [*TABLES, *convert_detector.ARCHS]
    if args.arch and args.arch not in known:
        raise Fault(f"unknown architecture '{args.arch}' (known: {', '.join(known)})", 2)
    if args.arch in convert_detector.ARCHS or (not args.arch and convert_detector.is_detector(tensors)):
        return convert_whole_detector(args, source, tensors)
    found = {arch: match(tensors, TABLES[arch]) for arch in ([args.arch] if args.arch else TABLES)}
    # The names of one architecture may be some of those of another: the larger one is meant.
    arch = max(found, key=lambda a: (len(found[a][0]) / len(TABLES[a]["tensors"]), len(found[a][0])))
    (names, how), table = found[arch], TABLES[arch]
    missing = [name for name in table["tensors"] if name not in names]
    if missing and not (args.partial and names):
        raise Fault(f"{source}: {len(missing)} of the {len(table['tensors'])} tensors of {arch} are missing or have "
                    f"another shape, first '{missing[0]}'; give --arch for another architecture"
                    + (", or --partial to leave them at random" if names else ""))
    out = renamed({of: tensors[of].detach().float() for of in names.values()}, names, table)
    left = [name for name in tensors if name not in names.values()]
    # The last layer, so that the network can name its own classes.
    for part in ("weight", "bias"):
        last = [name for name in left if leaf(name) == part
                and tensors[name].shape[1:] == ((table["inputs"],) if part == "weight" else ())]
        if len(last) == 1:
            out[f"{table['head']}.{part}"] = tensors[last[0]].detach().float()
            left.remove(last[0])
    bad = next((name for name, tensor in out.items() if not tensor.isfinite().all()), None)
    if bad:
        raise Fault(f"{source}: '{bad}' holds values that are not finite")
    expected = XRV_INPUT if XRV_MARK in tensors else table
    metadata = dict(
        kind="weights", arch=arch, name=args.name, source=args.source or source.name, licence=args.licence,
        source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
        mean=repr(args.mean if args.mean is not None else expected["mean"]),
        deviation=repr(args.deviation if args.deviation is not None else expected["deviation"]),
        padding="tensorflow" if arch.startswith("tf_") else "symmetric",
        missing=json.dumps(missing), tensor_digest=digest(out))
    target = pathlib.Path(args.out) if args.out else source.with_suffix(".safetensors")
    write(target, save({k: v.contiguous() for k, v in out.items()}, metadata))
    where = f" in the entry '{entry}'" if entry else ""
    print(f"{target}: {arch}, {len(out)} tensors{where}, matched by {how}"
          + (f"; prefix '{prefix}' removed" if prefix else ""))
    if missing:
        print(f"missing, to be drawn at random: {', '.join(missing)}")
    if left:
        print(f"left out: {', '.join(left)}")


def convert_whole_detector(args, source, tensors):
    def fault(text):
        raise Fault(f"{source}: {text}")
    arch, out, classes = convert_detector.matched(args.arch, tensors, TABLES["resnet50"]["tensors"], fault)
    bad = next((name for name, tensor in out.items() if not tensor.isfinite().all()), None)
    if bad:
        fault(f"'{bad}' holds values that are not finite")
    target = pathlib.Path(args.out) if args.out else source.with_suffix(".safetensors")
    about = dict(name=args.name, source=args.source or source.name, licence=args.licence,
                 source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(), tensor_digest=digest(out))
    write(target, save({k: v.contiguous() for k, v in out.items()},
                       {**convert_detector.metadata(args, arch, classes), **about}))
    print(f"{target}: {arch}, {len(out)} tensors, {classes} classes and none")


def digest(tensors):
    """As nn/weights.hpp defines it."""
    out = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        out.update(f"{name}\n{TYPES[tensor.dtype]}\n{list(tensor.shape)}\n".encode())
        out.update(tensor.numpy().tobytes())
    return out.hexdigest()


def write(path, content):
    """Writes a whole file or none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + f".{os.getpid()}.tmp")
        try:
            temporary.write_bytes(content)
            temporary.rename(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise Fault(f"cannot write {path}: {error.strerror}", 74) from None


def main():
    parser = argparse.ArgumentParser(prog="tools/convert-weights", description=__doc__)
    parser.add_argument("file", help=".pt or .pth file with a state_dict")
    parser.add_argument("--arch", help=f"architecture (default: the one that fits): "
                                       f"{', '.join([*TABLES, *convert_detector.ARCHS])}")
    parser.add_argument("--out", help="safetensors file (default: FILE with this ending)")
    parser.add_argument("--name", default="", help="what the weights are called, for example imagenet")
    parser.add_argument("--source", help="where they come from (default: the file's name)")
    parser.add_argument("--licence", default="", help="their licence")
    parser.add_argument("--mean", type=float, help="mean of the input that they expect, white = 1")
    parser.add_argument("--deviation", type=float, help="deviation of that input")
    parser.add_argument("--norm-epsilon", type=float, default=1e-5,
                        help="what batch norms of a detector add to variances; 0 for torchvision's published files")
    parser.add_argument("--partial", action="store_true", help="accept files that lack some tensors")
    try:
        convert(parser.parse_args())
    except Fault as fault:
        print(f"convert-weights: {fault}", file=sys.stderr)
        return fault.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
