"""Stable-Baselines3's PPO on CartPole-v1 or Pong: agent steps per second of training.

The work: 8 environments, rollouts of 128 steps, 4 epochs of minibatches of 256; on CartPole two
hidden layers of 64 for the policy and as many for the value, on Pong Nature's network with CleanRL's
numbers. Prints one JSON line. `other_cpu_seconds` is what everything else on the machine used
meanwhile (Linux): a figure counts only where it is near 0.

How to install the peer: see peer_sb3_dqn.py.
  venv/bin/python benchmarks/peer_sb3_ppo.py --steps 100000 --threads 1
  venv/bin/python benchmarks/peer_sb3_ppo.py --task Pong --steps 10240 --threads 2
"""

import argparse

import ale_py
import gymnasium
from peer_sb3_dqn import report_speed
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_atari_env, make_vec_env
from stable_baselines3.common.vec_env import VecFrameStack
import torch


def make_model(task):
  sizes = dict(n_steps=128, n_epochs=4, batch_size=256, device='cpu', seed=1)
  if task == 'CartPole':
    return PPO('MlpPolicy', make_vec_env('CartPole-v1', 8, seed=1), **sizes)
  gymnasium.register_envs(ale_py)
  frames = VecFrameStack(make_atari_env('PongNoFrameskip-v4', 8, seed=1), 4)
  return PPO('CnnPolicy', frames, learning_rate=2.5e-4, clip_range=0.1, ent_coef=0.01, **sizes)


def main():
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--task', choices=['CartPole', 'Pong'], default='CartPole')
  parser.add_argument('--steps', type=int, default=100_000)
  parser.add_argument('--threads', type=int, default=1)
  arguments = parser.parse_args()
  torch.set_num_threads(arguments.threads)

  model = make_model(arguments.task)
  model.learn(2_048)
  report_speed(lambda: model.learn(arguments.steps).num_timesteps)


if __name__ == '__main__':
  main()
