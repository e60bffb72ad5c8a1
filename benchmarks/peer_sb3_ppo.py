"""Stable-Baselines3's PPO on CartPole-v1: agent steps per second of training.

The work: 8 environments, rollouts of 128 steps, 4 epochs of minibatches of 256, two hidden layers
of 64 for the policy and as many for the value. Prints one JSON line. `other_cpu_seconds` is what
everything else on the machine used meanwhile (Linux): a figure counts only where it is near 0.

How to install the peer: see peer_sb3_dqn.py.
  venv/bin/python benchmarks/peer_sb3_ppo.py --steps 100000 --threads 1
"""

import argparse

from peer_sb3_dqn import report_speed
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
import torch


def main():
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--steps', type=int, default=100_000)
  parser.add_argument('--threads', type=int, default=1)
  arguments = parser.parse_args()
  torch.set_num_threads(arguments.threads)

  model = PPO('MlpPolicy', make_vec_env('CartPole-v1', 8, seed=1), n_steps=128, n_epochs=4,
              batch_size=256, device='cpu', seed=1)
  model.learn(2_048)
  report_speed(lambda: model.learn(arguments.steps).num_timesteps)


if __name__ == '__main__':
  main()
