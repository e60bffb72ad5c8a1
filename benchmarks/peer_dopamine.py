"""Dopamine's JAX agents on Pong: agent steps per second while they learn.

Peer: dopamine-rl 4.1.2. The values are those of its rainbow.gin, c51.gin, quantile.gin,
implicit_quantile.gin, full_rainbow.gin and dqn.gin (batch 32, one update per 4 agent steps); the
loop is that of its Runner without logs. The clock starts after the warm-up of 1,000 agent steps and
100 more, in which JAX compiles. Prints one JSON line per agent. `other_cpu_seconds` is what
everything else on the machine used meanwhile (Linux): a figure counts only where it is near 0.

How to install the peer: see tests/oracles/dqn_dopamine.py; here also
  venv/bin/pip install ale-py==0.12.1 python-snappy
  venv/bin/python benchmarks/peer_dopamine.py --steps 500 --threads 2 rainbow c51 quantile
"""

import argparse
import importlib
import json
import os
import pathlib
import sys
import time


def machine_cpu_seconds():
  """Seconds all processors of the machine have been busy: user, nice and system time."""
  with open('/proc/stat', encoding='ascii') as file:
    ticks = file.readline().split()[1:4]
  return sum(map(int, ticks)) / os.sysconf('SC_CLK_TCK')


def parse_arguments():
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--steps', type=int, default=500, help='agent steps that are timed')
  parser.add_argument('--threads', type=int, default=2, help='processors to run on')
  parser.add_argument('agents', nargs='+')
  return parser.parse_args()


def main():
  arguments = parse_arguments()
  # XLA takes as many threads as the process may use processors
  os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:arguments.threads]))
  for agent in arguments.agents:
    print(json.dumps(measure(agent, arguments.steps)), flush=True)


def measure(name, steps):
  # the real ones, before the stand-ins for what Dopamine imports and this does not need
  for module in ('ale_py.env', 'snappy'):
    importlib.import_module(module)
  import gymnasium
  gymnasium.register_envs(sys.modules['ale_py'])

  sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'tests' / 'oracles'))
  import dqn_dopamine as dopamine
  from dopamine.discrete_domains import atari_lib
  from dopamine.jax.agents.full_rainbow import full_rainbow_agent
  import gin

  gin.clear_config()
  gin.parse_config([
      'ReplayBuffer.max_capacity = 20_000',
      'ReplayBuffer.batch_size = 32',
      'PrioritizedSamplingDistribution.max_capacity = 20_000',
      f'create_optimizer.learning_rate = {5e-5 if "quantile" in name else 6.25e-5}',
      f'create_optimizer.eps = {3.125e-4 if "quantile" in name else 1.5e-4}',
      'JaxDQNAgent.min_replay_history = 1000',
  ])
  common = dict(num_actions=6, seed=1, min_replay_history=1000, epsilon_fn=lambda *_: 0.01)
  make = {
      'dqn': lambda: dopamine.dqn_agent.JaxDQNAgent(**common),
      'c51': lambda: dopamine.rainbow_agent.JaxRainbowAgent(replay_scheme='uniform', **common),
      'rainbow': lambda: dopamine.rainbow_agent.JaxRainbowAgent(update_horizon=3, **common),
      'full_rainbow': lambda: full_rainbow_agent.JaxFullRainbowAgent(num_actions=6, seed=1),
      'quantile': lambda: dopamine.quantile_agent.JaxQuantileAgent(update_horizon=3, **common),
      'implicit_quantile': lambda: dopamine.implicit_quantile_agent.JaxImplicitQuantileAgent(
          update_horizon=3, num_tau_samples=64, num_tau_prime_samples=64, **common),
  }
  agent = make[name]()

  environment = atari_lib.AtariPreprocessing(
      gymnasium.make('ALE/Pong-v5', repeat_action_probability=0.25, frameskip=1).env)

  # episodes as Dopamine's Runner plays them
  def play():
    while True:
      action = agent.begin_episode(environment.reset())
      while True:
        observation, reward, terminal, _ = environment.step(action)
        yield
        reward = max(-1, min(1, reward))
        if terminal:
          agent.end_episode(reward, terminal)
          break
        action = agent.step(reward, observation)

  stream = play()
  for _ in range(1100):
    next(stream)
  start, own, machine = time.perf_counter(), time.process_time(), machine_cpu_seconds()
  for _ in range(steps):
    next(stream)
  seconds = time.perf_counter() - start
  own, machine = time.process_time() - own, machine_cpu_seconds() - machine
  return {'agent': name, 'agent_steps_per_second': round(steps / seconds, 1),
          'seconds': round(seconds, 1), 'other_cpu_seconds': round(machine - own, 1)}


if __name__ == '__main__':
  main()
