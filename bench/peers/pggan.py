# SPDX-License-Identifier: Apache-2.0
"""PGGAN steps as PyTorch users run them on a CPU: eager, fp32, contiguous, Adam as it is.

The recipe is that of Karras et al. 2018 (WGAN-GP with drift, equalised learning rates, pixel norm,
minibatch stddev). The networks are narrow ones for small sets. Times a step at each resolution from
4 px to 64 px, without fading. The images are random. Denormal numbers are flushed to 0. Prints one
line of JSON.
"""

import argparse
import copy
import json
import math
import time

import torch
from torch import nn
from torch.nn import functional as F

LATENT, FMAP_BASE, FMAP_MAX = 128, 1024, 128
BATCH, GROUP, LEVELS = 16, 4, 4
ROOT2 = math.sqrt(2)


def width(level):
    return min(FMAP_BASE >> (level + 1), FMAP_MAX)


class Conv(nn.Module):
    def __init__(self, inputs, outputs, kernel, gain=ROOT2):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale, self.padding = gain / math.sqrt(inputs * kernel**2), kernel // 2

    def forward(self, x):
        return F.conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


class Dense(nn.Module):
    def __init__(self, inputs, outputs, gain=ROOT2):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(outputs, inputs)), nn.Parameter(torch.zeros(outputs))
        self.scale = gain / math.sqrt(inputs)

    def forward(self, x):
        return F.linear(x, self.weight * self.scale, self.bias)


def active(x):
    return F.leaky_relu(x, 0.2)


def pixel_norm(x):
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)


class Generator(nn.Module):
    def __init__(self, levels):
        super().__init__()
        self.dense = Dense(LATENT, width(0) * 16, ROOT2 / 4)
        self.first = Conv(width(0), width(0), 3)
        pairs = [(Conv(width(i - 1), width(i), 3), Conv(width(i), width(i), 3)) for i in range(1, levels + 1)]
        self.blocks = nn.ModuleList(nn.ModuleList(pair) for pair in pairs)
        self.image = Conv(width(levels), 1, 1, 1)

    def forward(self, z):
        x = pixel_norm(active(self.dense(pixel_norm(z)).view(len(z), -1, 4, 4)))
        x = pixel_norm(active(self.first(x)))
        for up, conv in self.blocks:
            x = pixel_norm(active(up(F.interpolate(x, scale_factor=2))))
            x = pixel_norm(active(conv(x)))
        return self.image(x)


class Discriminator(nn.Module):
    def __init__(self, levels):
        super().__init__()
        self.image = Conv(1, width(levels), 1)
        pairs = [(Conv(width(i), width(i), 3), Conv(width(i), width(i - 1), 3)) for i in range(levels, 0, -1)]
        self.blocks = nn.ModuleList(nn.ModuleList(pair) for pair in pairs)
        self.tail, self.dense = Conv(width(0) + 1, width(0), 3), Dense(width(0) * 16, width(-1))
        self.score = Dense(width(-1), 1, 1)

    def forward(self, x):
        x = active(self.image(x))
        for conv, down in self.blocks:
            x = F.avg_pool2d(active(down(active(conv(x)))), 2)
        grouped = x.view(GROUP, -1, *x.shape[1:])
        spread = (grouped.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3)).view(-1, 1, 1, 1)
        x = torch.cat([x, spread.repeat(GROUP, 1, *x.shape[2:])], 1)
        return self.score(active(self.dense(active(self.tail(x)).flatten(1)))).flatten()


def seconds_at(level, steps, warmup):
    g, d = Generator(level), Discriminator(level)
    average = copy.deepcopy(g)
    adam_g, adam_d = (torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.0, 0.99)) for net in (g, d))
    real = torch.rand(BATCH, 1, 4 << level, 4 << level) * 2 - 1

    def step():
        fake = g(torch.randn(BATCH, LATENT))
        on_real, on_fake = d(real), d(fake.detach())
        share = torch.rand(BATCH, 1, 1, 1)
        mixed = torch.lerp(real, fake.detach(), share).requires_grad_(True)
        slope = torch.autograd.grad(d(mixed).sum(), mixed, create_graph=True)[0]
        penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
        d.zero_grad()
        (on_fake.mean() - on_real.mean() + 0.001 * on_real.square().mean() + 10 * penalty).backward()
        adam_d.step()
        g.zero_grad()
        (-d(fake).mean()).backward()
        adam_g.step()
        with torch.no_grad():
            for mean, weight in zip(average.parameters(), g.parameters()):
                mean.lerp_(weight, 0.001)

    for _ in range(warmup):
        step()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - start) / steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    seconds = sum(seconds_at(level, args.steps, args.warmup) for level in range(LEVELS + 1))
    images = BATCH * (LEVELS + 1)
    print(json.dumps({"case": "pggan", "seconds_per_step": seconds, "images_per_second": images / seconds}))


if __name__ == "__main__":
    main()
