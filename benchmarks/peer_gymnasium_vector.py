"""Gymnasium's vector environments: agent steps per second with random actions and no agent.

  .venv/bin/python benchmarks/peer_gymnasium_vector.py --streams 8 CartPole-v1 Acrobot-v1

Prints one line for each id and each kind of vector environment: one process after the other (sync),
processes (async), and the batched implementation where the environment has one. The best of five.
"""

import argparse
import time

import gymnasium


def steps_per_second(environment, rounds):
  environment.reset(seed=1)
  actions = [environment.action_space.sample() for _ in range(100)]
  best = 0.0
  for _ in range(5):
    start = time.perf_counter()
    for i in range(rounds):
      environment.step(actions[i % 100])
    best = max(best, rounds * environment.num_envs / (time.perf_counter() - start))
  return best


def main():
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--streams', type=int, default=8)
  parser.add_argument('--rounds', type=int, default=1_000)
  parser.add_argument('ids', nargs='+')
  arguments = parser.parse_args()
  for name in arguments.ids:
    kinds = ['sync', 'async']
    if gymnasium.spec(name).vector_entry_point:
      kinds.append('vector_entry_point')
    for kind in kinds:
      environment = gymnasium.make_vec(name, num_envs=arguments.streams, vectorization_mode=kind)
      speed = steps_per_second(environment, arguments.rounds)
      print(f'gymnasium {gymnasium.__version__} {name} {kind}: {speed:.0f} agent steps/s')
      environment.close()


if __name__ == '__main__':
  main()
