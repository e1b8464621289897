# SPDX-License-Identifier: Apache-2.0
"""Writes operations.json: inputs and outputs of torchvision 0.28's operations on boxes, computed by
its compiled operators."""
import json
import pathlib

import torch
from torchvision import ops
from torchvision.models.detection import _utils as own, anchor_utils, image_list

torch.manual_seed(1)
out = {}


def boxes(n, side):
    corner = torch.rand(n, 2) * side
    return torch.cat([corner, corner + 1 + torch.rand(n, 2) * side / 3], 1)


images = image_list.ImageList(torch.zeros(1, 3, 100, 130), [(100, 130)])
maps = [torch.zeros(1, 1, h, w) for h, w in ((4, 5), (3, 2))]
made = anchor_utils.AnchorGenerator(((32, 40.3), (17, 65)), ((.5, 1., 2., 1 / 3),) * 2)
out["anchors"] = made(images, maps)[0]
a, b = boxes(60, 200), boxes(60, 200)
coder = own.BoxCoder((10., 5., 2., 3.))
out["a"], out["b"] = a, b
out["encoded"] = coder.encode_single(a, b)
out["codes"] = torch.randn(60, 8) * 9
out["decoded"] = coder.decode_single(out["codes"], b)
out["clipped"] = ops.clip_boxes_to_image(a - 30, (90, 120))
out["large"] = ops.remove_small_boxes(out["clipped"], 4.)
out["overlaps"] = ops.box_iou(a[:4], b)
out["scores"] = (torch.rand(60) * 30).round() / 30
out["groups"] = torch.randint(0, 3, (60,))
out["kept"] = ops.batched_nms(a, out["scores"], out["groups"], .1)
for name, rule in dict(rpn=(.7, .3, True), heads=(.3, .3, False)).items():
    out["matched_" + name] = own.Matcher(*rule)(ops.box_iou(a[:20], b))
maps = [torch.randn(2, 2, h, w) for h, w in ((8, 10), (4, 5), (2, 3))]
given = torch.cat([torch.randint(0, 2, (8, 1)).float(), boxes(8, 35) * 1.4 - 8], 1)
out["rois"] = given
for i, m in enumerate(maps):
    out[f"map{i}"] = m.clone()
    m.requires_grad_(True)


def weighted(pooled):
    return (pooled * torch.arange(pooled.numel()).cos().view_as(pooled)).sum()


for size, samples, aligned in (((4, 3), 2, False), ((3, 5), 0, False), ((3, 5), 0, True), ((4, 2), 3, True)):
    name = f"{size[0]} {size[1]} {samples} {int(aligned)}"
    pooled = ops.roi_align(maps[0], given, size, 1 / 4, samples, aligned)
    out["pooled " + name] = pooled
    out["gradient " + name], = torch.autograd.grad(weighted(pooled), maps[0])
# The canonical size of a box is 224 px, so sides of some hundred px reach all three maps.
inside = [ops.clip_boxes_to_image(boxes(5, 500), (512, 640)) for _ in range(2)]
pooler = ops.MultiScaleRoIAlign(["0", "1", "2"], 3, 2, canonical_scale=224, canonical_level=7)
pooled = pooler(dict(zip("012", maps)), inside, [(512, 640)] * 2)
for i, g in enumerate(torch.autograd.grad(weighted(pooled), maps)):
    out[f"multi_gradient{i}"] = g
out.update(multi=pooled, inside0=inside[0], inside1=inside[1])


def number(value, digits):
    return value if isinstance(value, int) else float(f"{value:.{digits}g}")


def digits_of(name):
    """Inputs, and what must be equal to the last bit, are written whole."""
    return 7 if name.split()[0] in ("pooled", "gradient", "encoded", "decoded") or "multi" in name else 9


lines = [json.dumps(k) + ": " + json.dumps({"shape": list(v.shape), "values": [number(x, digits_of(k)) for x in v.flatten().tolist()]})
         for k, v in out.items()]
pathlib.Path(__file__).with_name("operations.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
