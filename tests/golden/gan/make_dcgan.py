# SPDX-License-Identifier: Apache-2.0
"""Writes, beside itself, what our DCGAN must meet:

dcgan_keys.txt   parameters and buffers of the published 64 px networks for grey images (ngf = ndf = 64, nz = 100)
dcgan.json       three training steps by the published recipe (Radford et al. 2016, as in pytorch/examples): real and
                 drawn images go through D in batches of their own, binary cross-entropy, Adam 2e-4 (.5, .999)

Needs torch and numpy."""
import json
import pathlib

import numpy as np
import torch
from torch import nn

from streams import Stream

here = pathlib.Path(__file__).parent


def wave(count, shift):
    return torch.from_numpy(np.sin(.37 * np.arange(count) + shift)).float()


def generator(latent, width):
    layers, channels = [nn.ConvTranspose2d(latent, 8 * width, 4, 1, 0, bias=False)], 8 * width
    while channels > width:
        layers += [nn.BatchNorm2d(channels), nn.ReLU(),
                   nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False)]
        channels //= 2
    return nn.Sequential(*layers, nn.BatchNorm2d(width), nn.ReLU(), nn.ConvTranspose2d(width, 1, 4, 2, 1, bias=False),
                         nn.Tanh())


def discriminator(width):
    layers, channels = [nn.Conv2d(1, width, 4, 2, 1, bias=False), nn.LeakyReLU(.2)], width
    while channels < 8 * width:
        layers += [nn.Conv2d(channels, 2 * channels, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * channels),
                   nn.LeakyReLU(.2)]
        channels *= 2
    return nn.Sequential(*layers, nn.Conv2d(channels, 1, 4, 1, 0, bias=False), nn.Sigmoid())


def fill(network):
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            layer, kind = int(name.split(".")[0]), name.split(".")[1]
            values = wave(tensor.numel(), layer + .5 * (kind == "bias")).view(tensor.shape)
            tensor.copy_(.05 * values if tensor.dim() == 4 else (kind == "weight") + .1 * values)
    return network


def keys(title, network):
    tensors = list(network.named_parameters()) + list(network.named_buffers())
    return title + "\n" + "".join(f"body.{name} {list(tensor.shape)}\n" for name, tensor in tensors)


(here / "dcgan_keys.txt").write_text(keys("generator", generator(100, 64)) + keys("discriminator", discriminator(64)))

torch.set_num_threads(1)
latent, width, batch, steps = 6, 4, 5, 3
g, d = fill(generator(latent, width)), fill(discriminator(width))
optimizers = {net: torch.optim.Adam(net.parameters(), 2e-4, (.5, .999)) for net in (g, d)}
loss, log = nn.BCELoss(), []
for step in range(steps):
    real = wave(batch * 64 * 64, step).view(batch, 1, 64, 64)
    stream = Stream(3).fork("step", step)
    z = np.stack([stream.fork("latent", i).normal(latent) for i in range(batch)]).astype(np.float32)
    fake = g(torch.from_numpy(z).view(batch, latent, 1, 1))
    d.zero_grad()
    on_real, on_fake = d(real).view(-1), d(fake.detach()).view(-1)
    loss_d = loss(on_real, torch.ones(batch)) + loss(on_fake, torch.zeros(batch))
    loss_d.backward()
    optimizers[d].step()
    g.zero_grad()
    loss_g = loss(d(fake).view(-1), torch.ones(batch))
    loss_g.backward()
    optimizers[g].step()
    log.append([loss_d.item(), loss_g.item(), on_real.mean().item(), on_fake.mean().item()])


def tail(network, layer, name):
    return getattr(network[layer], name).detach().flatten().tolist()


(here / "dcgan.json").write_text(json.dumps(dict(
    log=log, g_last=tail(g, -2, "weight"), g_scale=tail(g, -4, "weight"), g_mean=tail(g, -4, "running_mean"),
    d_first=tail(d, 0, "weight"), d_scale=tail(d, -4, "weight"), d_variance=tail(d, -4, "running_var"))) + "\n")
