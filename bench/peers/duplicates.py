# SPDX-License-Identifier: Apache-2.0
"""Near-duplicates of random 64-bit hashes, every 50th of which is another with two bits changed, by a BK-tree at distance 2.

As tools for photographs do it (imagededup). Fails where a planted pair is missed. Prints one line of JSON."""

import json
import random
import sys
import time

from pybktree import BKTree

images = int(sys.argv[1])
planted = images // 50
draw = random.Random(1)
hashes = [draw.getrandbits(64) for _ in range(images - planted)]
hashes += [hashes[i] ^ (1 << draw.randrange(32)) ^ (1 << draw.randrange(32, 64)) for i in range(planted)]
start = time.perf_counter()
tree = BKTree(lambda a, b: (a ^ b).bit_count(), hashes)
found = sum(len(tree.find(value, 2)) > 1 for value in hashes)
seconds = time.perf_counter() - start
if found < 2 * planted:
    raise SystemExit(f"duplicates.py: {found} of {2 * planted} found")
print(json.dumps({"case": "duplicates", "images": images, "images_per_second": images / seconds}))
