# SPDX-License-Identifier: Apache-2.0
"""A training step of torchvision's fasterrcnn_resnet50_fpn as its users write it (eager, fp32, AdamW),
or with --find the search of boxes in one image, or with --roi its RoIAlign, forwards and backwards.
Half of the images have one box. Prints one line of JSON.
"""

import argparse
import json
import time

import torch
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops import roi_align


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--height", type=int, default=320)
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--minibatch", type=int, default=2)
    parser.add_argument("--find", action="store_true")
    parser.add_argument("--roi", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    h, w, n = args.height, args.width, args.minibatch

    if args.roi:
        maps = torch.randn(n, 256, h // 4, w // 4, requires_grad=True)
        corner = torch.rand(512 * n, 2) * torch.tensor([w, h]) * .7
        boxes = torch.cat([corner, corner + 8 + torch.rand(512 * n, 2) * torch.tensor([w, h]) * .25], 1)
        rois = torch.cat([(torch.arange(512 * n) % n)[:, None], boxes], 1)

        def step():
            maps.grad = None
            roi_align(maps, rois, 7, 1 / 4, 2).sum().backward()
    else:
        backbone = resnet_fpn_backbone(backbone_name="resnet50", weights=None, trainable_layers=3)
        network = FasterRCNN(backbone, 2, min_size=min(h, w), max_size=max(h, w))
        images = [torch.randint(0, 256, (1, h, w), dtype=torch.uint8) for _ in range(n)]
        box = torch.tensor([[w / 4, h / 4, w / 2, h / 2]])
        targets = [dict(boxes=box if i % 2 == 0 else box[:0], labels=torch.ones(1 - i % 2, dtype=torch.long))
                   for i in range(n)]
        adam = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=1e-4)
        network.train(not args.find)

        def batch():
            return [image.expand(3, -1, -1).float() / 255 for image in images]

        def step():
            if args.find:
                with torch.no_grad():
                    network(batch())
                return
            adam.zero_grad()
            sum(network(batch(), targets).values()).backward()
            adam.step()

    for _ in range(args.warmup):
        step()
    seconds = []
    for _ in range(args.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    seconds = sorted(seconds)[len(seconds) // 2]
    print(json.dumps({"case": "rcnn", "seconds_per_step": seconds, "images_per_second": n / seconds}))


if __name__ == "__main__":
    main()
