# SPDX-License-Identifier: Apache-2.0
"""A step of evenray's one-stage detector as PyTorch users would write it: eager, fp32, AdamW. The
same network (`small` or a network of timm, pyramid P2 to P5, shared head), the same losses, and
dynamic soft labels assigned by tensor operations over all points and boxes, as published programs
do. Half of the images have one box. Prints one line of JSON.
"""

import argparse
import json
import math
import time

import torch
from classifier import BasicBlock, conv
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

STRIDES, BINS, EMA_HALF_LIFE_STEPS = (4, 8, 16, 32), 8, 100


class Small(nn.Module):
    channels = (32, 64, 128)

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv(1, 16, 5, 2), nn.BatchNorm2d(16), nn.ReLU())
        self.layers = nn.ModuleList([BasicBlock(16, 32, 2), BasicBlock(32, 64, 2), BasicBlock(64, 128, 2)])

    def forward(self, x):
        maps, x = [], self.stem(x)
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        return maps


def trunk_of(arch):
    if arch == "small":
        return Small(), Small.channels
    from zoo import create_model

    trunk = create_model(arch, in_chans=1, features_only=True, out_indices=(1, 2, 3, 4))
    return trunk, trunk.feature_info.channels()


class Separable(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False)
        self.pointwise = conv(channels, channels, 1)

    def forward(self, x, norms):
        return F.relu(norms[1](self.pointwise(F.relu(norms[0](self.depthwise(x))))))


def norms_of(channels):
    return nn.ModuleList([nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)])


class Layer(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.layers, self.norms = Separable(channels, stride), norms_of(channels)

    def forward(self, x):
        return self.layers(x, self.norms)


class Detector(nn.Module):
    def __init__(self, arch, classes, channels=96, head_layers=2):
        super().__init__()
        self.trunk, stages = trunk_of(arch)
        n = len(STRIDES)
        self.laterals = nn.ModuleList(
            [nn.Sequential(conv(c, channels, 1), nn.BatchNorm2d(channels)) for c in stages])
        self.further = nn.ModuleList([Layer(channels, 2) for _ in range(n - len(stages))])
        self.down = nn.ModuleList([Layer(channels, 1) for _ in range(n - 1)])
        self.halve = nn.ModuleList([Layer(channels, 2) for _ in range(n - 1)])
        self.up = nn.ModuleList([Layer(channels, 1) for _ in range(n - 1)])
        self.shared = nn.ModuleList([Separable(channels, 1) for _ in range(head_layers)])
        self.norms = nn.ModuleList([nn.ModuleList([norms_of(channels) for _ in range(n)]) for _ in range(head_layers)])
        self.classes, self.sides = nn.Conv2d(channels, classes, 1), nn.Conv2d(channels, 4 * BINS, 1)
        nn.init.constant_(self.classes.bias, -math.log(99))

    def forward(self, x):
        maps = [F.relu(lateral(stage)) for lateral, stage in zip(self.laterals, self.trunk(x))]
        for layer in self.further:
            maps.append(layer(maps[-1]))
        for i in reversed(range(len(maps) - 1)):
            maps[i] = self.down[i](maps[i] + F.interpolate(maps[i + 1], size=maps[i].shape[2:]))
        for i in range(len(maps) - 1):
            maps[i + 1] = self.up[i](maps[i + 1] + self.halve[i](maps[i]))
        classes, sides = [], []
        for level, y in enumerate(maps):
            for layer, norms in zip(self.shared, self.norms):
                y = layer(y, norms[level])
            classes.append(self.classes(y).permute(0, 2, 3, 1).flatten(1, 2))
            sides.append(self.sides(y).permute(0, 2, 3, 1).flatten(1, 2))
        return torch.cat(classes, 1), torch.cat(sides, 1)


def points_of(height, width):
    centres, strides = [], []
    for stride in STRIDES:
        y = (torch.arange(math.ceil(height / stride)) + .5) * stride
        x = (torch.arange(math.ceil(width / stride)) + .5) * stride
        grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], -1).view(-1, 2)
        centres.append(grid)
        strides.append(torch.full((len(grid), 1), float(stride)))
    return torch.cat(centres), torch.cat(strides)


def mean_distances(sides):
    return sides.unflatten(-1, (4, BINS)).softmax(-1) @ torch.arange(float(BINS))


def boxes_at(centres, strides, distances):
    px = distances * strides
    return torch.cat([centres - px[..., :2], centres + px[..., 2:]], -1)


def overlaps(a, b):
    """[P,4], [G,4] -> [P,G]"""
    low, high = torch.max(a[:, None, :2], b[None, :, :2]), torch.min(a[:, None, 2:], b[None, :, 2:])
    both = (high - low).clamp(min=0).prod(-1)
    area = lambda boxes: (boxes[:, 2:] - boxes[:, :2]).prod(-1)
    return both / (area(a)[:, None] + area(b)[None] - both)


@torch.no_grad()
def assign(logits, predicted, centres, strides, boxes, labels):
    """Returns the box of each point (-1: none) and its overlap."""
    box = torch.full((len(centres),), -1)
    value = torch.zeros(len(centres))
    if len(boxes) == 0:
        return box, value
    inside = ((centres[:, None] > boxes[None, :, :2]) & (centres[:, None] < boxes[None, :, 2:])).all(-1)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    distance = (centres[:, None] - middle[None]).norm(dim=-1) / strides
    valid = inside | (distance < 1)
    overlap = overlaps(predicted, boxes) * valid
    scores = logits[:, labels]
    cost = F.binary_cross_entropy_with_logits(scores, overlap, reduction="none") * (overlap - scores.sigmoid()) ** 2
    cost = cost - 3 * torch.log(overlap + 1e-7) + 10 ** (distance - 3)
    cost[~valid] = 1e9
    counts = overlap.topk(min(13, len(overlap)), 0).values.sum(0).int().clamp(min=1)
    matched = torch.zeros_like(cost, dtype=torch.bool)
    for g, k in enumerate(counts.tolist()):
        matched[cost[:, g].topk(k, largest=False).indices, g] = True
    cost[~matched] = 1e10
    least, which = cost.min(1)
    chosen = least < 1e9
    box[chosen] = which[chosen]
    value[chosen] = overlap[chosen, which[chosen]]
    return box, value


def giou_loss(a, b):
    both = (torch.min(a[:, 2:], b[:, 2:]) - torch.max(a[:, :2], b[:, :2])).clamp(min=0).prod(-1)
    hull = (torch.max(a[:, 2:], b[:, 2:]) - torch.min(a[:, :2], b[:, :2])).prod(-1)
    joined = (a[:, 2:] - a[:, :2]).prod(-1) + (b[:, 2:] - b[:, :2]).prod(-1) - both
    return 1 - both / joined + (hull - joined) / hull


def loss_of(outputs, centres, strides, boxes, labels):
    logits, sides = outputs
    predicted = boxes_at(centres, strides, mean_distances(sides.detach()))
    quality = torch.zeros_like(logits)
    chosen, truth, weights = [], [], []
    for i in range(len(boxes)):
        box, value = assign(logits[i].detach(), predicted[i], centres, strides, boxes[i], labels[i])
        points = (box >= 0).nonzero().flatten()
        quality[i, points, labels[i][box[points]]] = value[points]
        chosen.append(points + i * len(centres))
        truth.append(boxes[i][box[points]])
        weights.append(value[points])
    chosen, truth, weights = torch.cat(chosen), torch.cat(truth), torch.cat(weights)
    total = weights.sum().clamp(min=1)
    loss = F.binary_cross_entropy_with_logits(logits, quality, reduction="none")
    loss = (loss * (quality - logits.sigmoid()) ** 2).sum() / total
    of_image = chosen % len(centres)
    c, s = centres[of_image], strides[of_image]
    own = sides.flatten(0, 1)[chosen]
    loss = loss + 2 * (giou_loss(boxes_at(c, s, mean_distances(own)), truth) * weights).sum() / total
    wanted = (torch.cat([c - truth[:, :2], truth[:, 2:] - c], 1) / s).clamp(0, BINS - 1.01).view(-1)
    below = wanted.long()
    logs = own.view(-1, BINS)
    entropy = F.cross_entropy(logs, below, reduction="none") * (below + 1 - wanted)
    entropy = entropy + F.cross_entropy(logs, below + 1, reduction="none") * (wanted - below)
    return loss + .25 * (entropy.view(-1, 4).mean(1) * weights).sum() / total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--height", type=int, default=320)
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--arch", default="small")
    parser.add_argument("--minibatch", type=int, default=8)
    parser.add_argument("--channels-last", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    layout = torch.channels_last if args.channels_last else torch.contiguous_format
    network = Detector(args.arch, classes=1).train().to(memory_format=layout)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(.5 ** (1 / EMA_HALF_LIFE_STEPS)))
    adam = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=.05)
    centres, strides = points_of(args.height, args.width)
    images = torch.randint(0, 256, (args.minibatch, 1, args.height, args.width), dtype=torch.uint8)
    box = torch.tensor([[args.width / 4, args.height / 4, args.width / 2, args.height / 2]])
    boxes = [box if i % 2 == 0 else box[:0] for i in range(args.minibatch)]
    labels = [torch.zeros(len(b), dtype=torch.long) for b in boxes]

    def step():
        batch = ((images.float() / 255 - .5) / .25).contiguous(memory_format=layout)
        adam.zero_grad()
        loss_of(network(batch), centres, strides, boxes, labels).backward()
        adam.step()
        average.update_parameters(network)

    for _ in range(args.warmup):
        step()
    seconds = []
    for _ in range(args.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    seconds = sorted(seconds)[len(seconds) // 2]
    line = {"case": "detector", "seconds_per_step": seconds, "images_per_second": args.minibatch / seconds}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
