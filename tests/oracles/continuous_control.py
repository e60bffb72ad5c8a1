"""Golden data for Pendulum and MountainCarContinuous from Gymnasium 1.x: 10,000 steps each.

Actions are random, some of them out of bounds; in every other episode the car accelerates with its
motion nine times in ten, which reaches the goal. MountainCarContinuous computes in float32 but for
its initial state, which is rounded here. Writes pendulum_v1.bin and mountain_car_continuous_v0.bin
beside this file. One record per event: the float32 action, a byte of flags (1 first, 2 terminated,
4 truncated, 8 sampled), the float64 reward and, where sampled (first and last steps, and every
tenth), the float64 state and the float32 observation. Little-endian.

    python tests/oracles/continuous_control.py
"""

import pathlib
import struct

import gymnasium
import numpy as np

from cartpole_acrobot import FIRST, SAMPLED, TERMINATED, TRUNCATED
from philox import lcg


def record(env_id, path, steps=10_000):
  env = gymnasium.make(env_id)
  car = env_id.startswith('MountainCar')
  limit = float(env.action_space.high[0])
  random = lcg(1)
  out = bytearray()
  begins = True
  t = 0
  episodes = 0
  for step in range(steps):
    action = np.float32((next(random) % 2001 / 1000 - 1) * limit * 1.2)
    if car and episodes % 2 and next(random) % 10:
      action = np.float32(1 if env.unwrapped.state[1] >= 0 else -1)
    reward = 0.0
    if begins:
      episodes += 1
      observation, _ = env.reset(seed=step)
      if car:
        env.unwrapped.state = env.unwrapped.state.astype(np.float32)
      flags = FIRST
      t = 0
    else:
      observation, reward, terminated, truncated, _ = env.step(np.array([action]))
      flags = TERMINATED * terminated + TRUNCATED * (truncated and not terminated)
      t += 1
    begins = bool(flags & (TERMINATED | TRUNCATED))
    if flags or t % 10 == 0:
      flags |= SAMPLED
    out += struct.pack('<fBd', action, flags, reward)
    if flags & SAMPLED:
      out += np.asarray(env.unwrapped.state, '<f8').tobytes()
      out += observation.astype('<f4').tobytes()
  path.write_bytes(out)
  print(f'{path.name}: {len(out)} bytes, gymnasium {gymnasium.__version__}, numpy {np.__version__}')


if __name__ == '__main__':
  here = pathlib.Path(__file__).parent
  record('Pendulum-v1', here / 'pendulum_v1.bin')
  record('MountainCarContinuous-v0', here / 'mountain_car_continuous_v0.bin')
