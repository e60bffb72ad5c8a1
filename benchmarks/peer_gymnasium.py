"""One environment at a time in Gymnasium and here: agent steps per second with random actions.

Runs build/release/environment_speed and Gymnasium's env.step in turn, five times each, and prints the
best of both and their ratio.

  .venv/bin/python benchmarks/peer_gymnasium.py --steps 20000 HalfCheetah-v5 Ant-v5
"""

import argparse
import os
import pathlib
import subprocess
import tempfile
import time

import gymnasium

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / 'build' / 'release' / 'environment_speed'


def gymnasium_speed(env_id, steps):
  env = gymnasium.make(env_id)
  env.action_space.seed(1)
  actions = [env.action_space.sample() for _ in range(1_000)]
  env.reset(seed=1)
  start = time.perf_counter()
  for step in range(steps):
    _, _, terminated, truncated, _ = env.step(actions[step % len(actions)])
    if terminated or truncated:
      env.reset()
  return steps / (time.perf_counter() - start)


def native_speed(env_id, steps):
  result = subprocess.run([PROGRAM, str(steps), env_id], capture_output=True, check=True, text=True)
  return float(result.stdout.split()[1])


def main():
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--steps', type=int, default=20_000)
  parser.add_argument('ids', nargs='*', default=['HalfCheetah-v5'])
  arguments = parser.parse_args()

  # MuJoCo in Python writes its warnings into the working folder
  with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for env_id in arguments.ids:
      here, peer = [], []
      for _ in range(5):
        here.append(native_speed(env_id, arguments.steps))
        peer.append(gymnasium_speed(env_id, arguments.steps))
      print(f'{env_id}: {max(here):,.0f} agent steps/s, Gymnasium {max(peer):,.0f}, '
            f'ratio {max(here) / max(peer):.2f}')


if __name__ == '__main__':
  main()
