# SPDX-License-Identifier: Apache-2.0
"""Writes, beside itself, what our PGGAN must meet:

pggan.json   ten training steps of 4 px to 16 px by the published recipe (Karras et al. 2018, their second version), in
             PyTorch: WGAN-GP with drift, fading of G, D and real images, Adam (0, .99) begun anew at both ends of a fade,
             average of the generator; all drawn numbers are those of core/rng. Besides, in double precision and in the
             middle of a fade: R1 and the gradient penalty, and what they ask of two weights

Needs torch and numpy."""
import json
import pathlib

import numpy as np
import torch
from torch.nn import functional as F

from streams import Stream

here = pathlib.Path(__file__).parent
torch.set_num_threads(1)
LATENT, BASE, MOST, BATCH, GROUP, LEVELS = 6, 16, 6, 4, 2, 2


def wave(count, shift):
    return torch.from_numpy(np.sin(.37 * np.arange(count) + shift)).float()


def width(level):
    return min(BASE // 2 ** (level + 1), MOST)


def shapes():
    g = {"dense": (width(0) * 16, LATENT)}
    d = {"tail": (width(0), width(0) + 1, 3, 3), "dense": (width(-1), width(0) * 16), "score": (1, width(-1))}
    for level in range(LEVELS + 1):
        c, below = width(level), width(level - 1)
        g[f"conv_{level}"], g[f"image_{level}"], d[f"image_{level}"] = (c, c, 3, 3), (1, c, 1, 1), (c, 1, 1, 1)
        if level > 0:
            g[f"up_{level}"], d[f"conv_{level}"], d[f"down_{level}"] = (c, below, 3, 3), (c, c, 3, 3), (below, c, 3, 3)
    return g, d


def network(shapes, key, dense_bias=None):
    """NAME.weight and NAME.bias, each filled from the stream of its name."""
    out = {}
    for name, shape in shapes.items():
        length = dense_bias if name == "dense" and dense_bias else shape[0]
        for kind, sides, scale in (("weight", shape, 1), ("bias", (length,), .1)):
            values = Stream(key).fork(f"{name}.{kind}").normal(int(np.prod(sides))).astype(np.float32)
            out[f"{name}.{kind}"] = (torch.from_numpy(values).view(sides) * scale).requires_grad_(True)
    return out


def layer(net, name, x, gain):
    weight, bias = net[f"{name}.weight"], net[f"{name}.bias"]
    weight = weight * (gain / np.sqrt(weight[0].numel()))
    if weight.dim() == 2:
        return x @ weight.t() + bias.repeat_interleave(weight.shape[0] // bias.shape[0])
    return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)


def act(x):
    return F.leaky_relu(x, .2)


def pixel_norm(x):
    return x / torch.sqrt((x ** 2).mean(1, keepdim=True) + 1e-8)


def up(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


def down(x):
    return F.avg_pool2d(x, 2)


ROOT2 = np.sqrt(2)


def generate(g, z, level, alpha):
    x = pixel_norm(act(layer(g, "dense", pixel_norm(z), ROOT2 / 4).view(-1, width(0), 4, 4)))
    x = pixel_norm(act(layer(g, "conv_0", x, ROOT2)))
    features = [x]
    for at in range(1, level + 1):
        x = pixel_norm(act(layer(g, f"up_{at}", up(x), ROOT2)))
        features.append(pixel_norm(act(layer(g, f"conv_{at}", x, ROOT2))))
        x = features[-1]
    image = layer(g, f"image_{level}", x, 1)
    if alpha < 1:
        image = alpha * image + (1 - alpha) * up(layer(g, f"image_{level - 1}", features[-2], 1))
    return image


def stddev(x):
    grouped = x.view(GROUP, -1, *x.shape[1:])
    spread = torch.sqrt(((grouped - grouped.mean(0)) ** 2).mean(0) + 1e-8).mean((1, 2, 3))
    return torch.cat([x, spread.view(-1, 1, 1, 1).repeat(GROUP, 1, *x.shape[2:])], 1)


def discriminate(d, image, level, alpha):
    x = act(layer(d, f"image_{level}", image, ROOT2))
    for at in range(level, 0, -1):
        x = act(layer(d, f"conv_{at}", x, ROOT2))
        x = down(act(layer(d, f"down_{at}", x, ROOT2)))
        if at == level and alpha < 1:
            x = alpha * x + (1 - alpha) * act(layer(d, f"image_{at - 1}", down(image), ROOT2))
    x = act(layer(d, "tail", stddev(x), ROOT2)).flatten(1)
    return layer(d, "score", act(layer(d, "dense", x, ROOT2)), 1).flatten()


g_shapes, d_shapes = shapes()
g, d = network(g_shapes, 11, width(0)), network(d_shapes, 12)
average = {name: tensor.detach().clone() for name, tensor in g.items()}


def latents(stream, count):
    rows = [stream.fork("latent", i).normal(LATENT) for i in range(count)]
    return torch.from_numpy(np.stack(rows).astype(np.float32))


def adam(net):
    return torch.optim.Adam(net.values(), 1e-3, (0., .99))


moments = [(0, 1), (0, 1), (1, 0), (1, .5), (1, 1), (1, 1), (2, 0), (2, .5), (2, 1), (2, 1)]
log, opt_g, opt_d = [], adam(g), adam(d)
for step, (level, alpha) in enumerate(moments):
    if step in (2, 4, 6, 8):
        opt_g, opt_d = adam(g), adam(d)
    real = wave(BATCH * 16 * 16, step).view(BATCH, 1, 16, 16)
    for _ in range(LEVELS - level):
        real = down(real)
    if alpha < 1:
        real = alpha * real + (1 - alpha) * up(down(real))
    stream = Stream(3).fork("step", step)
    fake = generate(g, latents(stream, BATCH), level, alpha)
    on_real, on_fake = discriminate(d, real, level, alpha), discriminate(d, fake.detach(), level, alpha)
    share = torch.from_numpy(stream.fork("between").uniform(BATCH).astype(np.float32)).view(-1, 1, 1, 1)
    mixed = share * fake.detach() + (1 - share) * real
    # Their networks take images of the full size, at all levels (networks.py, train.py; theano's train.py).
    full = F.interpolate(mixed, scale_factor=2 ** (LEVELS - level)).requires_grad_(True)
    score = discriminate(d, F.avg_pool2d(full, 2 ** (LEVELS - level)), level, alpha).sum()
    slope = torch.autograd.grad(score, full, create_graph=True)[0]
    penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    loss_d = on_fake.mean() - on_real.mean() + .001 * (on_real ** 2).mean() + 10 * penalty
    opt_d.zero_grad(set_to_none=True)
    loss_d.backward()
    opt_d.step()
    # G is asked about others than D was shown (their loss.py; theano's separate_funcs).
    drawn = generate(g, latents(stream.fork("generator latents"), BATCH), level, alpha)
    loss_g = -discriminate(d, drawn, level, alpha).mean()
    opt_g.zero_grad(set_to_none=True)
    loss_g.backward()
    opt_g.step()
    with torch.no_grad():
        for name in g:
            average[name] += (1 - .999) * (g[name] - average[name])
    log.append([loss_d.item(), loss_g.item(), on_real.mean().item(), on_fake.mean().item()])

exact = {name: tensor.detach().double().requires_grad_(True) for name, tensor in network(d_shapes, 12).items()}
images = wave(BATCH * 16 * 16, 1).double().view(BATCH, 1, 16, 16).requires_grad_(True)
slope = torch.autograd.grad(discriminate(exact, images, 2, .5).sum(), images, create_graph=True)[0].flatten(1)
penalties = dict(r1=(slope ** 2).sum(1).mean(), gp=((slope.norm(dim=1) - 1) ** 2).mean())
exact_grads = {name: [grad.flatten().tolist() for grad in torch.autograd.grad(
    value, [exact["tail.weight"], exact["image_1.weight"]], retain_graph=True)] for name, value in penalties.items()}

with torch.no_grad():
    (here / "pggan.json").write_text(json.dumps(dict(
        log=log, drawn=generate(average, latents(Stream(5), 3), 2, 1).flatten().tolist(), g_up=g["up_2.weight"].flatten().tolist(),
        g_dense=g["dense.weight"].flatten().tolist(), d_image=d["image_1.weight"].flatten().tolist(),
        d_tail=d["tail.weight"].flatten().tolist(),
        penalties={name: dict(value=value.item(), grads=exact_grads[name]) for name, value in penalties.items()}, d_score=d["score.bias"].tolist())) + "\n")
