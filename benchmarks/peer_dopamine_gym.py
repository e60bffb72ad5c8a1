"""Dopamine's JAX agents on CartPole and Acrobot: average training returns by iteration.

Peer: dopamine-rl 4.1.2 with its own configuration files; the loop is that of its Runner, the
environment Gymnasium's with the file's time limit, as its own wrapper has it. Writes results.csv
with the columns that scripts/score_table.py reads.

How to install the peer: see tests/oracles/dqn_dopamine.py; here also
  venv/bin/pip install python-snappy
  venv/bin/python benchmarks/peer_dopamine_gym.py --agent dqn --task CartPole-v0 --seed 1 \
      --iterations 30 --output runs/peer-dqn-1 path/to/dqn_cartpole.gin
"""

import argparse
import importlib
import pathlib
import re
import sys

AGENTS = {
    'dqn': ('dqn.dqn_agent', 'JaxDQNAgent'),
    'rainbow': ('rainbow.rainbow_agent', 'JaxRainbowAgent'),
    'full_rainbow': ('full_rainbow.full_rainbow_agent', 'JaxFullRainbowAgent'),
    'quantile': ('quantile.quantile_agent', 'JaxQuantileAgent'),
    'implicit_quantile': ('implicit_quantile.implicit_quantile_agent', 'JaxImplicitQuantileAgent'),
}


def parse_arguments():
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--agent', choices=AGENTS, required=True)
  parser.add_argument('--task', required=True)
  parser.add_argument('--seed', type=int, default=1)
  parser.add_argument('--iterations', type=int, default=30)
  parser.add_argument('--output', type=pathlib.Path, required=True)
  parser.add_argument('--binding', action='append', default=[])
  parser.add_argument('file', type=pathlib.Path)
  return parser.parse_args()


def main():
  arguments = parse_arguments()
  import gymnasium

  # the real one, before the stand-ins for what Dopamine imports and this does not need
  importlib.import_module('snappy')
  sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'tests' / 'oracles'))
  import dqn_dopamine  # noqa: F401
  module, name = AGENTS[arguments.agent]
  make = getattr(importlib.import_module('dopamine.jax.agents.' + module), name)
  import gin
  import numpy

  # gym_lib's constants; it itself needs gym
  for task, size in (('CARTPOLE', 4), ('ACROBOT', 6)):
    gin.constant(f'gym_lib.{task}_OBSERVATION_SHAPE', (size, 1))
    gin.constant(f'gym_lib.{task}_OBSERVATION_DTYPE', numpy.float64)
    gin.constant(f'gym_lib.{task}_STACK_SIZE', 1)

  # the file without the experiment around the agent
  text = arguments.file.read_text(encoding='utf-8')
  lines = [line for line in text.splitlines()
           if not re.match(r'import |(create_gym|create_runner|create_agent|TrainRunner|Runner)', line)]
  gin.parse_config(lines + arguments.binding)
  values = {key: int(value.replace('_', '')) for key, value in re.findall(
      r'^Runner\.(training_steps|max_steps_per_episode) = ([\d_]+)', text, re.M)}

  environment = gymnasium.make(arguments.task, max_episode_steps=values['max_steps_per_episode'])
  agent = make(num_actions=int(environment.action_space.n), seed=arguments.seed)
  environment.reset(seed=arguments.seed)

  arguments.output.mkdir(parents=True, exist_ok=True)
  with open(arguments.output / 'results.csv', 'w', encoding='utf-8') as file:
    print('iteration,train_average_return', file=file)
    for iteration in range(arguments.iterations):
      print(f'{iteration},{train(agent, environment, values["training_steps"])}', file=file,
            flush=True)


def train(agent, environment, steps):
  """Whole episodes of at least so many steps; returns the average return."""
  returns, done = [], 0
  while done < steps:
    action = agent.begin_episode(environment.reset()[0])
    total = 0.0
    while True:
      observation, reward, terminated, truncated, _ = environment.step(action)
      total += reward
      done += 1
      clipped = max(-1, min(1, reward))
      if terminated or truncated:
        agent.end_episode(clipped, terminated)
        break
      action = agent.step(clipped, observation)
    returns.append(total)
  return sum(returns) / len(returns)


if __name__ == '__main__':
  main()
