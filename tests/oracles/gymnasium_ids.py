"""Golden data for environments that are played through Gymnasium: 10,000 steps each.

The environment is seeded with 7 at its first reset and goes on by itself. Actions are random: of
discrete ones the generator's next number modulo n, of each continuous number one of five from the
lower to the upper bound. Writes gymnasium_ids.bin beside this file: the environments in the order
below; a record for each of the first 400 steps and every tenth that follows: a byte of flags (1
first, 2 terminated, 4 truncated), the float32 reward and a float64, the sum of (i + 1) times the
i-th number of the observation as gymnasium.spaces.flatten has it. Little-endian.

    python tests/oracles/gymnasium_ids.py
"""

import pathlib
import struct

import gymnasium
import numpy as np

from philox import lcg

ENVIRONMENTS = [
    ('FrozenLake-v1', {'map_name': '8x8'}),
    ('Taxi-v4', {}),
    ('Blackjack-v1', {}),
    ('LunarLander-v3', {}),
    ('LunarLander-v3', {'continuous': True}),
    ('BipedalWalker-v3', {}),
]


def record(env_id, kwargs, out, steps=10_000):
  env = gymnasium.make(env_id, **kwargs)
  random = lcg(1)
  begins = True
  for step in range(steps):
    if isinstance(env.action_space, gymnasium.spaces.Discrete):
      action = next(random) % env.action_space.n
    else:
      fifths = np.array([next(random) % 5 for _ in env.action_space.low], np.float32)
      action = env.action_space.low + (env.action_space.high - env.action_space.low) * fifths / 4
    reward = 0.0
    if begins:
      observation, _ = env.reset(seed=7 if step == 0 else None)
      flags = 1
    else:
      observation, reward, terminated, truncated, _ = env.step(action)
      flags = 2 * terminated + 4 * truncated
    begins = flags > 1
    if step >= 400 and step % 10 > 0:
      continue
    flat = gymnasium.spaces.flatten(env.observation_space, observation).astype(np.float32)
    weights = np.arange(1, flat.size + 1, dtype=np.float64)
    out += struct.pack('<Bfd', flags, reward, float(np.dot(weights, flat.astype(np.float64))))


if __name__ == '__main__':
  data = bytearray()
  for name, arguments in ENVIRONMENTS:
    record(name, arguments, data)
  path = pathlib.Path(__file__).parent / 'gymnasium_ids.bin'
  path.write_bytes(data)
  print(f'{path.name}: {len(data)} bytes, gymnasium {gymnasium.__version__}, numpy {np.__version__}')
