# SPDX-License-Identifier: Apache-2.0
"""core/rng once more, in NumPy: so that golden values and tests can share drawn numbers without storing them."""
import numpy as np

MASK = (1 << 64) - 1


def mix(value):
    value = (value + 0x9e3779b97f4a7c15) & MASK
    value = ((value ^ (value >> 30)) * 0xbf58476d1ce4e5b9) & MASK
    value = ((value ^ (value >> 27)) * 0x94d049bb133111eb) & MASK
    return value ^ (value >> 31)


class Stream:
    def __init__(self, key):
        self.key = key

    def fork(self, purpose, index=0):
        name = 0xcbf29ce484222325
        for byte in purpose.encode():
            name = ((name ^ byte) * 0x100000001b3) & MASK
        return Stream(mix(mix(self.key ^ name) ^ index))

    def bits32(self, count):
        """The first `count` numbers of the stream (Philox 4x32-10, Salmon et al. 2011)."""
        blocks = np.arange((count + 3) // 4, dtype=np.uint64)
        low = np.uint64(0xffffffff)
        c = [blocks & low, blocks >> np.uint64(32), blocks * 0, blocks * 0]
        key = [self.key & 0xffffffff, self.key >> 32]
        for _ in range(10):
            a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
            c = [(b >> np.uint64(32)) ^ c[1] ^ np.uint64(key[0]), b & low,
                 (a >> np.uint64(32)) ^ c[3] ^ np.uint64(key[1]), a & low]
            key = [(key[0] + 0x9E3779B9) & 0xffffffff, (key[1] + 0xBB67AE85) & 0xffffffff]
        return np.stack(c, 1).reshape(-1)[:count]

    def bits64(self, count):
        words = self.bits32(2 * count)
        return words[::2] << np.uint64(32) | words[1::2]

    def uniform(self, count):
        return (self.bits64(count) >> np.uint64(11)).astype(np.float64) * 2.0 ** -53

    def below(self, n, count):
        """For small n: the chance of a rejected draw is n / 2^64, and there is none here."""
        values = self.bits64(count)
        assert (values < np.uint64(MASK - MASK % n)).all()
        return (values % np.uint64(n)).astype(np.int64)

    def normal(self, count):
        u = self.uniform(count + count % 2)
        radius, angle = np.sqrt(-2 * np.log(1 - u[::2])), 2 * np.pi * u[1::2]
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)[:count]
