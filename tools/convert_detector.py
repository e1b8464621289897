# SPDX-License-Identifier: Apache-2.0
"""Converts state dicts of torchvision's two-stage detectors, with torchvision's names. The oldest
names (of the files that torchvision publishes) are changed to the present ones."""
import json
import re

# By what only its files have; they all have 3 input channels.
MARKS = {"maskrcnn_resnet50_fpn": "roi_heads.mask_predictor.mask_fcn_logits.weight",
         "fasterrcnn_resnet50_fpn": "backbone.body.layer1.0.conv1.weight",
         "fasterrcnn_vgg16": "backbone.0.weight"}
ARCHS = tuple(MARKS)
KIND = "two-stage detector"
MEAN, DEVIATION = [.485, .456, .406], [.229, .224, .225]


def is_detector(tensors):
    return "rpn.head.cls_logits.weight" in tensors


def renamed(name):
    """rpn.head.conv.weight -> rpn.head.conv.0.0.weight, inner_blocks.0.weight -> inner_blocks.0.0.weight"""
    name = re.sub(r"^(rpn\.head\.conv)\.(weight|bias)$", r"\1.0.0.\2", name)
    name = re.sub(r"mask_head\.mask_fcn(\d)\.", lambda found: f"mask_head.{int(found[1]) - 1}.0.", name)
    return re.sub(r"(\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$", r"\1.0.\2", name)


def shapes(arch, body, classes, hidden):
    """Returns the names and shapes of its tensors. `body`: those of resnet50; `classes`: with 0;
    `hidden`: width of the layers after pooling."""
    out = {}

    def layer(name, *shape):
        out[name + ".weight"], out[name + ".bias"] = list(shape), [shape[0]]
    if arch == "fasterrcnn_vgg16":
        # The numbers of the convolutions in `features`, and their channels.
        widths = [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
        numbers = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
        for number, width, before in zip(numbers, widths, [3] + widths):
            layer(f"backbone.{number}", width, before, 3, 3)
        channels, anchors = 512, 15
    else:
        out |= {"backbone.body." + name: shape for name, shape in body.items()}
        out["backbone.body.conv1.weight"] = [64, 3, 7, 7]
        for i in range(4):
            layer(f"backbone.fpn.inner_blocks.{i}.0", 256, 256 << i, 1, 1)
            layer(f"backbone.fpn.layer_blocks.{i}.0", 256, 256, 3, 3)
        channels, anchors = 256, 3
    layer("rpn.head.conv.0.0", channels, channels, 3, 3)
    layer("rpn.head.cls_logits", anchors, channels, 1, 1)
    layer("rpn.head.bbox_pred", 4 * anchors, channels, 1, 1)
    layer("roi_heads.box_head.fc6", hidden, channels * 49)
    layer("roi_heads.box_head.fc7", hidden, hidden)
    layer("roi_heads.box_predictor.cls_score", classes, hidden)
    layer("roi_heads.box_predictor.bbox_pred", 4 * classes, hidden)
    if arch == "maskrcnn_resnet50_fpn":
        for i in range(4):
            layer(f"roi_heads.mask_head.{i}.0", 256, 256, 3, 3)
        layer("roi_heads.mask_predictor.conv5_mask", 256, 256, 2, 2)
        layer("roi_heads.mask_predictor.mask_fcn_logits", classes, 256, 1, 1)
    return out


def matched(arch, tensors, body, fault):
    """Returns the architecture, the tensors by evenray's names and the number of classes without 0."""
    tensors = {renamed(name): tensor.detach().float() for name, tensor in tensors.items()}
    arch = arch or next((a for a, mark in MARKS.items() if mark in tensors), ARCHS[1])
    last = tensors.get("roi_heads.box_predictor.cls_score.weight")
    if last is None or last.dim() != 2 or len(last) < 2:
        fault(f"no 'roi_heads.box_predictor.cls_score.weight' of two or more classes: not {arch}")
    wanted = shapes(arch, body, *last.shape)
    wrong = [name for name, shape in wanted.items()
             if name not in tensors or list(tensors[name].shape) != shape]
    if wrong:
        fault(f"{len(wrong)} of the {len(wanted)} tensors of {arch} are missing or have another shape, "
              f"first '{wrong[0]}'")
    own = {name: re.sub(r"^backbone\.(?=\d)", "backbone.body.", name) for name in wanted}
    return arch, {own[name]: tensors[name] for name in wanted}, len(last) - 1


def metadata(args, arch, classes):
    def three(value, default):
        return json.dumps(default if value is None else [value] * 3)
    return dict(kind=KIND, arch=arch, classes=str(classes), norm_epsilon=repr(args.norm_epsilon),
                mean=three(args.mean, MEAN), deviation=three(args.deviation, DEVIATION))
