"""Stable-Baselines3's DQN on Pong: agent steps per second while it learns.

The work: Nature CNN (VALID padding, 3136 features, 512 hidden), batch 32, one update per 4 agent
steps, Huber loss, Adam, 84x84x4 uint8 observations, target copy every 8,000 agent steps. The clock
runs only after the warm-up. Prints one JSON line. `other_cpu_seconds` is what everything else on
the machine used meanwhile (Linux): torch's threads wait for each other, so a busy machine slows
this several times over, and a figure counts only where it is near 0.

  python3 -m venv venv
  venv/bin/pip install torch==2.13.0 stable-baselines3==2.9.2 ale-py==0.12.1 gymnasium \
      opencv-python-headless
  venv/bin/python benchmarks/peer_sb3_dqn.py --steps 10000 --threads 2
"""

import argparse
import json
import os
import time

import ale_py
import gymnasium
import stable_baselines3
from stable_baselines3 import DQN
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack
import torch


def machine_cpu_seconds():
  """Seconds all processors of the machine have been busy: user, nice and system time."""
  with open('/proc/stat', encoding='ascii') as file:
    ticks = file.readline().split()[1:4]
  return sum(map(int, ticks)) / os.sysconf('SC_CLK_TCK')


def report_speed(learn):
  """Prints the agent steps per second of a call that learns and returns how many there were."""
  start, own, machine = time.perf_counter(), time.process_time(), machine_cpu_seconds()
  agent_steps = learn()
  seconds = time.perf_counter() - start
  own, machine = time.process_time() - own, machine_cpu_seconds() - machine
  print(json.dumps({
      'peer': f'stable-baselines3 {stable_baselines3.__version__}',
      'agent_steps_per_second': round(agent_steps / seconds),
      'other_cpu_seconds': round(machine - own, 1)}))


class LearningClock(BaseCallback):
  """Starts at the first agent step after the warm-up."""

  def __init__(self, warm_up):
    super().__init__()
    self.warm_up = warm_up
    self.started_at = None
    self.own_cpu = 0.0
    self.machine_cpu = 0.0
    self.first_step = 0
    self.first_update = 0

  def _on_step(self):
    if self.started_at is None and self.num_timesteps > self.warm_up:
      self.started_at = time.perf_counter()
      self.own_cpu = time.process_time()
      self.machine_cpu = machine_cpu_seconds()
      self.first_step = self.num_timesteps
      self.first_update = self.model._n_updates
    return True


def main():
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--steps', type=int, default=10_000, help='agent steps measured')
  parser.add_argument('--warm_up', type=int, default=1_000, help='agent steps without learning')
  parser.add_argument('--threads', type=int, default=2, help='threads of torch')
  parser.add_argument('--capacity', type=int, default=20_000, help='transitions in the replay')
  parser.add_argument('--seed', type=int, default=1)
  arguments = parser.parse_args()

  # frame skip 4 and 84x84 come from Stable-Baselines3's own wrappers
  torch.set_num_threads(arguments.threads)
  gymnasium.register_envs(ale_py)
  environment = VecFrameStack(
      make_atari_env('PongNoFrameskip-v4', n_envs=1, seed=arguments.seed), n_stack=4)

  model = DQN(
      'CnnPolicy', environment, learning_rate=6.25e-5, buffer_size=arguments.capacity,
      learning_starts=arguments.warm_up, batch_size=32, gamma=0.99, train_freq=4,
      gradient_steps=1, target_update_interval=8_000, exploration_fraction=1.0,
      exploration_initial_eps=0.01, exploration_final_eps=0.01,
      policy_kwargs=dict(optimizer_class=torch.optim.Adam, optimizer_kwargs=dict(eps=1.5e-4)),
      optimize_memory_usage=False, seed=arguments.seed, device='cpu', verbose=0)

  clock = LearningClock(arguments.warm_up)
  model.learn(arguments.warm_up + arguments.steps, callback=clock)
  seconds = time.perf_counter() - clock.started_at
  own_cpu = time.process_time() - clock.own_cpu
  machine_cpu = machine_cpu_seconds() - clock.machine_cpu
  steps = model.num_timesteps - clock.first_step

  print(json.dumps({
      'peer': f'stable-baselines3 {stable_baselines3.__version__}, torch {torch.__version__}',
      'work': 'DQN, Pong, Nature CNN VALID, batch 32, one update per 4 agent steps',
      'threads': arguments.threads,
      'agent_steps': steps,
      'updates': model._n_updates - clock.first_update,
      'seconds': round(seconds, 2),
      'own_cpu_seconds': round(own_cpu, 2),
      'other_cpu_seconds': round(max(machine_cpu - own_cpu, 0.0), 2),
      'agent_steps_per_second': round(steps / seconds, 1),
      'frames_per_second': round(4 * steps / seconds, 1),
  }))


if __name__ == '__main__':
  main()
