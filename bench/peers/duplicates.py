# SPDX-License-Identifier: Apache-2.0
"""Finds near-duplicates among random 64-bit hashes by a BK-tree at distance 2.

Tools for photographs do the same (imagededup). A 50th of the hashes are copies of others with two
bits changed. Fails if such a pair is missed. Prints one line of JSON.
"""

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
