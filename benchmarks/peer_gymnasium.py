"""Environments in Gymnasium and here: agent steps per second with random actions and no agent.

Runs build/release/environment_speed and Gymnasium in turn, five times each, and prints the best of
both and their ratio. With --streams there are several environments at once, in each kind of vector
environment that Gymnasium has for them: one after the other (sync), in processes (async), and
batched; of Atari's games in ale-py's AtariVectorEnv, with as many threads as --workers, both as
ALE/Pong-v5, which is emulated here, and as ale-py/Pong, which is by ale-py's vector. Steps that
begin an episode do not count.

  .venv/bin/python benchmarks/peer_gymnasium.py --steps 20000 HalfCheetah-v5 Ant-v5
  .venv/bin/python benchmarks/peer_gymnasium.py --steps 200000 --streams 8 CartPole-v1 Acrobot-v1
  .venv/bin/python benchmarks/peer_gymnasium.py --steps 20000 --streams 8 --workers 2 ALE/Pong-v5

MinAtar's games, MinAtar/Breakout-v1 and so on, need `pip install --no-deps MinAtar==1.0.15`.
"""

import argparse
import os
import pathlib
import re
import subprocess
import tempfile
import time

import gymnasium
import numpy

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / 'build' / 'release' / 'environment_speed'


def snake_case(env_id):
  """MinAtar/SpaceInvaders-v1 is space_invaders."""
  name = env_id.split('/')[1].split('-')[0]
  return re.sub('(?<!^)(?=[A-Z])', '_', name).lower()


def single_speed(env_id, steps):
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


def gymnasium_vector(env_id, streams, kind):
  return gymnasium.make_vec(env_id, num_envs=streams, vectorization_mode=kind)


def atari_vector(env_id, streams, threads):
  """ale-py's threads, with the frames, games and sticky actions that are measured here."""
  from ale_py.vector_env import AtariVectorEnv  # pylint: disable=import-outside-toplevel
  game = snake_case(env_id)
  return AtariVectorEnv(game, num_envs=streams, num_threads=threads, stack_num=1, noop_max=0,
                        use_fire_reset=False, reward_clipping=False,
                        repeat_action_probability=0.25)


def vector_speed(make, steps, streams):
  env = make()
  env.action_space.seed(1)
  actions = [env.action_space.sample() for _ in range(1_000)]
  env.reset(seed=1)
  begins = numpy.zeros(streams, bool)
  done = 0
  i = 0
  start = time.perf_counter()
  while done < steps:
    _, _, terminated, truncated, _ = env.step(actions[i % len(actions)])
    done += streams - numpy.count_nonzero(begins)
    begins = terminated | truncated
    i += 1
  seconds = time.perf_counter() - start
  env.close()
  return done / seconds


def native_speed(env_id, steps, streams, workers):
  if env_id.startswith('MinAtar/'):
    env_id = 'MinAtar/' + snake_case(env_id)
  result = subprocess.run([PROGRAM, str(streams), str(workers), str(steps), env_id],
                          capture_output=True, check=True, text=True)
  return float(result.stdout.split()[1])


def peers(env_id, steps, streams, workers):
  """What Gymnasium or ale-py has for the streams: names and functions."""
  if env_id.startswith(('ALE/', 'ale-py/')):
    make = lambda: atari_vector(env_id, streams, workers)
    return {'ale-py': lambda: vector_speed(make, steps, streams)}
  if streams == 1:
    return {'Gymnasium': lambda: single_speed(env_id, steps)}
  kinds = ['sync', 'async']
  if gymnasium.spec(env_id).vector_entry_point:
    kinds.append('vector_entry_point')
  # slow ones make fewer steps
  return {f'Gymnasium {kind}': lambda kind=kind: vector_speed(
              lambda: gymnasium_vector(env_id, streams, kind), steps // 10, streams)
          for kind in kinds}


def main():
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--steps', type=int, default=20_000)
  parser.add_argument('--streams', type=int, default=1)
  parser.add_argument('--workers', type=int, default=1, help='threads that step them here')
  parser.add_argument('ids', nargs='*', default=['HalfCheetah-v5'])
  arguments = parser.parse_args()

  # MuJoCo in Python writes its warnings into the working folder
  with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    if any(env_id.startswith('MinAtar/') for env_id in arguments.ids):
      import minatar.gym  # pylint: disable=import-outside-toplevel
      minatar.gym.register_envs()
    for env_id in arguments.ids:
      rivals = peers(env_id, arguments.steps, arguments.streams, arguments.workers)
      here, there = [], {name: [] for name in rivals}
      for _ in range(5):
        here.append(native_speed(env_id, arguments.steps, arguments.streams, arguments.workers))
        for name, speed in rivals.items():
          there[name].append(speed())
      for name, speeds in there.items():
        print(f'{env_id}: {max(here):,.0f} agent steps/s, {name} {max(speeds):,.0f}, '
              f'ratio {max(here) / max(speeds):.2f}')


if __name__ == '__main__':
  main()
