# SPDX-License-Identifier: Apache-2.0
"""A step of a classifier as PyTorch users run it on a CPU: eager, fp32, AdamW as it is. --arch: the
`small` network of evenray, or a network of timm.

Random u8 images are standardised, moved by one affine resampling (mirror, rotation, scale, shift),
and changed in brightness and contrast. The loss is cross entropy on two classes. An average of the
weights is kept, and denormal numbers are flushed to 0. Prints one line of JSON.
"""

import argparse
import json
import math
import time

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

EMA_HALF_LIFE_STEPS = 20


def conv(channels_in, channels_out, kernel, stride=1):
    return nn.Conv2d(channels_in, channels_out, kernel, stride, (kernel - 1) // 2, bias=False)


class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels_out, stride):
        super().__init__()
        self.conv1 = conv(channels_in, channels_out, 3, stride)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.conv2 = conv(channels_out, channels_out, 3)
        self.bn2 = nn.BatchNorm2d(channels_out)
        narrow = conv(channels_in, channels_out, 1, stride)
        self.downsample = nn.Sequential(narrow, nn.BatchNorm2d(channels_out))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


def small(classes):
    layers = [conv(1, 16, 5, 2), nn.BatchNorm2d(16), nn.ReLU()]
    layers += [BasicBlock(16, 32, 2), BasicBlock(32, 64, 2), BasicBlock(64, 128, 2)]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, classes)]
    network = nn.Sequential(*layers)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return network


def augment(batch, rotate_deg=10, scale=0.1, shift=0.05, intensity=0.2):
    """Augments each image with separate random values. Positions run from -1 to 1 on both axes, so
    the rotation must include the aspect ratio."""
    n, _, height, width = batch.shape
    aspect = width / height

    def draw(bound):
        return (torch.rand(n) * 2 - 1) * bound

    flip = (torch.rand(n) < 0.5).float() * -2 + 1
    angle = draw(rotate_deg * math.pi / 180)
    size = 1 / (1 + draw(scale))
    cosine, sine = size * torch.cos(angle), size * torch.sin(angle)
    x = [flip * cosine, -sine / aspect, 2 * draw(shift)]
    y = [flip * sine * aspect, cosine, 2 * draw(shift)]
    matrices = torch.stack(x + y, 1).view(n, 2, 3)
    grid = F.affine_grid(matrices, batch.shape, align_corners=False)
    moved = F.grid_sample(batch, grid, padding_mode="border", align_corners=False)
    return moved * (1 + draw(intensity)).view(n, 1, 1, 1) + draw(intensity).view(n, 1, 1, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--height", type=int, default=64)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--arch", default="small")
    parser.add_argument("--minibatch", type=int, default=64)
    parser.add_argument("--channels-last", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)

    count = 2 * args.minibatch
    images = torch.randint(0, 256, (count, 1, args.height, args.width), dtype=torch.uint8)
    labels = torch.randint(0, 2, (count,))
    mean, deviation = images.float().mean(), images.float().std()
    if args.arch == "small":
        network = small(classes=2).train()
    else:
        from zoo import create_model

        network = create_model(args.arch, in_chans=1, num_classes=2).train()
    layout = torch.channels_last if args.channels_last else torch.contiguous_format
    network = network.to(memory_format=layout)
    decay = 0.5 ** (1 / EMA_HALF_LIFE_STEPS)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay))
    adam = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-2)

    def step():
        rows = torch.randint(0, count, (args.minibatch,))
        batch = (images[rows].float() - mean) / deviation
        adam.zero_grad()
        F.cross_entropy(network(augment(batch).contiguous(memory_format=layout)), labels[rows]).backward()
        adam.step()
        average.update_parameters(network)

    for _ in range(args.warmup):
        step()
    start = time.perf_counter()
    for _ in range(args.steps):
        step()
    seconds = (time.perf_counter() - start) / args.steps
    line = {"case": "classifier", "seconds_per_step": seconds, "images_per_second": args.minibatch / seconds}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
