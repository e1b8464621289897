# SPDX-License-Identifier: Apache-2.0
"""A DCGAN step as PyTorch users run it on a CPU: eager, fp32, contiguous, Adam as it is.

Network and recipe are those of pytorch/examples: two backward passes for the discriminator (real,
fake), then one for the generator, which computes the discriminator's gradients as well. The images
are random. Denormal numbers are flushed to 0. Prints one line of JSON.
"""

import argparse
import json
import time

import torch
from torch import nn

LATENT = 100
BATCH = 64


def plan(height, width):
    """Returns the size of the first feature map (short side 4), and the number of doublings."""
    short = min(height, width)
    doublings = short.bit_length() - 3
    step = 1 << max(0, doublings)
    if short < 16 or short & (short - 1) or height % step or width % step:
        raise SystemExit(f"dcgan.py: {height}x{width} px cannot be drawn; try 64x64 or 160x128")
    return (height // step, width // step), doublings


def generator(height, width, ngf):
    base, doublings = plan(height, width)
    channels = ngf << (doublings - 1)
    layers = [nn.ConvTranspose2d(LATENT, channels, base, 1, 0, bias=False)]
    for _ in range(doublings - 1):
        layers += [nn.BatchNorm2d(channels), nn.ReLU(True)]
        layers += [nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False)]
        channels //= 2
    layers += [nn.BatchNorm2d(channels), nn.ReLU(True)]
    layers += [nn.ConvTranspose2d(channels, 1, 4, 2, 1, bias=False), nn.Tanh()]
    return nn.Sequential(*layers)


def discriminator(height, width, ndf):
    base, doublings = plan(height, width)
    channels = ndf
    layers = [nn.Conv2d(1, channels, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for _ in range(doublings - 1):
        layers += [nn.Conv2d(channels, channels * 2, 4, 2, 1, bias=False)]
        channels *= 2
        layers += [nn.BatchNorm2d(channels), nn.LeakyReLU(0.2, True)]
    layers += [nn.Conv2d(channels, 1, base, 1, 0, bias=False), nn.Sigmoid(), nn.Flatten(0)]
    return nn.Sequential(*layers)


def init(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--height", type=int, default=64)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--ngf", type=int, default=64, help="ndf is the same")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)

    g = generator(args.height, args.width, args.ngf).apply(init)
    d = discriminator(args.height, args.width, args.ngf).apply(init)
    adam_g = torch.optim.Adam(g.parameters(), lr=2e-4, betas=(0.5, 0.999))
    adam_d = torch.optim.Adam(d.parameters(), lr=2e-4, betas=(0.5, 0.999))
    loss = nn.BCELoss()
    ones, zeros = torch.ones(BATCH), torch.zeros(BATCH)
    real = torch.rand(BATCH, 1, args.height, args.width) * 2 - 1

    def step():
        d.zero_grad()
        loss(d(real), ones).backward()
        fake = g(torch.randn(BATCH, LATENT, 1, 1))
        loss(d(fake.detach()), zeros).backward()
        adam_d.step()
        g.zero_grad()
        loss(d(fake), ones).backward()
        adam_g.step()

    for _ in range(args.warmup):
        step()
    start = time.perf_counter()
    for _ in range(args.steps):
        step()
    seconds = (time.perf_counter() - start) / args.steps
    line = {"case": "dcgan", "seconds_per_step": seconds, "images_per_second": BATCH / seconds}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
