#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SWD as PGGAN's code defines it, with PyTorch's sort.

Takes 128 patches of 7x7 per image and level, and 4 x 128 directions.
"""
import argparse
import json
import time

import torch
import torch.nn.functional as F

PATCHES, REPEATS, DIRECTIONS = 128, 4, 128


def smooth(x, gain):
    line = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0])
    kernel = (torch.outer(line, line) / 256 * gain).view(1, 1, 5, 5)
    return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), kernel)


def pyramid(x):
    levels = [x]
    while min(levels[-1].shape[2:]) // 2 >= 16:
        fine = levels[-1]
        levels.append(smooth(fine, 1)[:, :, ::2, ::2])
        sparse = torch.zeros_like(fine)
        sparse[:, :, ::2, ::2] = levels[-1]
        levels[-2] = fine - smooth(sparse, 4)
    return levels


def descriptors(level):
    count, _, height, width = level.shape
    starts = torch.randint(height - 6, (count, PATCHES, 1)) * width + torch.randint(width - 6, (count, PATCHES, 1))
    side = torch.arange(7)
    offsets = (side.view(7, 1) * width + side).flatten()
    found = level.flatten(1).gather(1, (starts + offsets).view(count, -1)).view(-1, 49)
    return (found - found.mean()) / found.std()


def swd(a, b):
    sums = []
    for first, second in zip(pyramid(a), pyramid(b)):
        first, second = descriptors(first), descriptors(second)
        for _ in range(REPEATS):
            lines = torch.randn(49, DIRECTIONS)
            lines /= lines.square().sum(0, keepdim=True).sqrt()
            sums.append((first @ lines).sort(0).values.sub((second @ lines).sort(0).values).abs().mean())
    return torch.stack(sums).mean().item() * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--height", type=int, default=64)
    parser.add_argument("--width", type=int, default=64)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    first, second = (torch.randint(256, (args.images, 1, args.height, args.width)).float() for _ in range(2))
    with torch.inference_mode():
        start = time.perf_counter()
        swd(first, second)
        seconds = time.perf_counter() - start
    print(json.dumps({"case": "swd", "images_per_second": 2 * args.images / seconds}))


if __name__ == "__main__":
    main()
