"""Golden data for the MuJoCo tasks from Gymnasium 1.4.0 (version 5, mujoco 3.17.0): 10,000 steps each.

Initial states and actions come from philox.py's lcg, so that none is stored: every number is
(lcg % 2001 / 1000 - 1) times the reset noise, or times 1.2 bounds, which is out of bounds now and
then. An episode ends with the task, never by time, so HalfCheetah's lasts 10,000 steps. Writes
mujoco_<task>.bin beside this file: for every ten steps the float64 reward of the last one and the
CRC-32 of all ten (float64 observation, float64 reward, a byte that is 1 at the end of an episode; an
initial observation comes before its first step's). Little-endian.

mujoco_unstable.bin has ten steps of each task without resets from a state that diverges: a velocity of
1e12, where MuJoCo begins anew by itself. One record per step: the float64 reward and the CRC-32 of
observation, reward and end.

    python tests/oracles/mujoco_tasks.py
"""

import os
import pathlib
import struct
import tempfile
import zlib

import gymnasium
import mujoco
import numpy as np

from philox import lcg

NOISE = {'Ant': 0.1, 'HalfCheetah': 0.1, 'Hopper': 5e-3, 'Humanoid': 1e-2, 'Walker2d': 5e-3}


def make(task):
  env = gymnasium.make(task + '-v5').unwrapped
  assert env._reset_noise_scale == NOISE[task]
  return env


def begin(env, qpos, qvel):
  mujoco.mj_resetData(env.model, env.data)
  env.set_state(np.array(qpos), np.array(qvel))
  return env._get_obs().tobytes()


def step(env, random):
  action = np.array([(next(random) % 2001 / 1000 - 1) * 1.2 * float(high)
                     for high in env.action_space.high], np.float32)
  observation, reward, terminated, _, _ = env.step(action)
  outcome = observation.tobytes() + struct.pack('<dB', reward, terminated)
  return outcome, reward, terminated


def record(task, path, steps=10_000):
  env = make(task)
  noise = NOISE[task]
  random = lcg(1)
  out = bytearray()
  shown = b''
  episodes = 0
  begins = True
  for i in range(1, steps + 1):
    if begins:
      qpos = [x + noise * (next(random) % 2001 / 1000 - 1) for x in env.init_qpos]
      qvel = [x + noise * (next(random) % 2001 / 1000 - 1) for x in env.init_qvel]
      shown += begin(env, qpos, qvel)
      episodes += 1
    outcome, reward, begins = step(env, random)
    shown += outcome
    if i % 10 == 0:
      out += struct.pack('<dI', reward, zlib.crc32(shown))
      shown = b''
  path.write_bytes(out)
  print(f'{path.name}: {len(out)} bytes, {episodes} episodes, gymnasium {gymnasium.__version__}, '
        f'mujoco {mujoco.__version__}, numpy {np.__version__}')


def record_unstable(path):
  out = bytearray()
  for task in sorted(NOISE):
    env = make(task)
    random = lcg(1)
    begin(env, env.init_qpos, [1e12] + [0.0] * (env.model.nv - 1))
    for _ in range(10):
      outcome, reward, _ = step(env, random)
      out += struct.pack('<dI', reward, zlib.crc32(outcome))
  path.write_bytes(out)
  print(f'{path.name}: {len(out)} bytes')


if __name__ == '__main__':
  here = pathlib.Path(__file__).resolve().parent
  # MuJoCo writes its warnings into the working folder
  with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for task in NOISE:
      record(task, here / f'mujoco_{task.lower()}.bin')
    record_unstable(here / 'mujoco_unstable.bin')
