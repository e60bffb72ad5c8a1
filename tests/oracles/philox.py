"""Golden values of RandomStream, from an independent implementation of Philox4x32-10.

The implementation is checked against the known answers of Random123 (Salmon et al., 2011,
kat_vectors). Writes philox.json beside this file:  python3 tests/oracles/philox.py
"""

import json
import math
import pathlib

MASK32 = 0xFFFFFFFF
MASK64 = 0xFFFFFFFFFFFFFFFF


def philox4x32_10(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c[0], 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c[2], 2**32)
        c = [high1 ^ c[1] ^ k[0], low1, high0 ^ c[3] ^ k[1], low0]
        k = [(k[0] + 0x9E3779B9) & MASK32, (k[1] + 0xBB67AE85) & MASK32]
    return c


def lcg(seed):
    """Random actions that do not depend on a library's version."""
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield seed >> 33


KNOWN_ANSWERS = [
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([MASK32] * 4, [MASK32] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0],
     [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
]
for counter, key, answer in KNOWN_ANSWERS:
    assert philox4x32_10(counter, key) == answer


def stream_key(seed, name):
    """FNV-1a of the name, mixed with the seed by SplitMix64's finaliser."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK64
    value = (value + seed * 0x9E3779B97F4A7C15) & MASK64
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK64
    return value ^ (value >> 31)


class Stream:
    def __init__(self, seed, name):
        key = stream_key(seed, name)
        self.key = [key & MASK32, key >> 32]
        self.counter = 0
        self.values = []

    def bits(self):
        if not self.values:
            x = philox4x32_10([self.counter & MASK32, self.counter >> 32, 0, 0], self.key)
            self.values = [x[0] | x[1] << 32, x[2] | x[3] << 32]
            self.counter += 1
        return self.values.pop(0)

    def uniform(self):
        return (self.bits() >> 11) / 2**53

    def below(self, n):
        # only values from (2**64 mod n) on are shared out evenly
        while True:
            draw = self.bits()
            if draw >= 2**64 % n:
                return draw % n

    def normal(self):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())


if __name__ == "__main__":
    cases = []
    for seed, name in [(0, ""), (0, "exploration"), (1, "exploration"), (MASK64, "environment/7")]:
        bits, uniform, below, normal = (Stream(seed, name) for _ in range(4))
        cases.append({
            "seed": seed,
            "name": name,
            "bits": [bits.bits() for _ in range(8)],
            "uniform": [uniform.uniform() for _ in range(8)],
            "below": [below.below(n) for n in (1, 2, 6, 1000, 3 * 2**61, 2**62 + 1, 2**63 - 1, 10)],
            "normal": [normal.normal() for _ in range(8)],
        })
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases, indent=1) + "\n")
