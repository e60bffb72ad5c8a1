"""Stable-Baselines3's SAC on Pendulum-v1: agent steps per second of training.

The work: two hidden layers of 64, batches of 100, an update at every agent step after the first 200,
the learning rate and the rest as in configs/literature/sac_pendulum.gin. Prints one JSON line.
`other_cpu_seconds` is what everything else on the machine used meanwhile (Linux): a figure counts
only where it is near 0.

How to install the peer: see peer_sb3_dqn.py.
  venv/bin/python benchmarks/peer_sb3_sac.py --steps 3000 --threads 1
"""

import argparse

from peer_sb3_dqn import report_speed
from stable_baselines3 import SAC
import torch


def main():
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--steps', type=int, default=3_000)
  parser.add_argument('--threads', type=int, default=1)
  arguments = parser.parse_args()
  torch.set_num_threads(arguments.threads)

  model = SAC('MlpPolicy', 'Pendulum-v1', learning_rate=1e-3, learning_starts=200, batch_size=100,
              policy_kwargs={'net_arch': [64, 64]}, device='cpu', seed=1)
  model.learn(400)
  start = model.num_timesteps
  report_speed(
      lambda: model.learn(arguments.steps, reset_num_timesteps=False).num_timesteps - start)


if __name__ == '__main__':
  main()
