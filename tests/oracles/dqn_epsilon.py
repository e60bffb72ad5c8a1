"""Writes dqn_epsilon.safetensors: Dopamine's linearly decaying epsilon at chosen agent steps.

Peer: dopamine-rl 4.1.2, `dqn_agent.linearly_decaying_epsilon` (float32). Rows are
(decay_period, step, warmup_steps, final epsilon) -> epsilon. How to run: see dqn_dopamine.py.
"""

import pathlib

from dqn_dopamine import dqn_agent
import numpy as np
from safetensors.numpy import save_file


def main():
  # before, at and after each corner of the schedule
  rows = []
  for period, warmup, final in ((250_000, 20_000, 0.01), (1_000_000, 50_000, 0.1), (10, 0, 0.0)):
    end = warmup + period
    steps = {0, 1, warmup - 1, warmup, warmup + 1, warmup + period // 2, end - 1, end, end + 1}
    rows += [(period, step, warmup, final) for step in sorted(steps | {4 * end}) if step >= 0]
  epsilon = [dqn_agent.linearly_decaying_epsilon(*row) for row in rows]
  tensors = {'arguments': np.array(rows, np.float64), 'epsilon': np.array(epsilon, np.float32)}
  save_file(tensors, pathlib.Path(__file__).with_suffix('.safetensors'),
            metadata={'peer': 'dopamine-rl 4.1.2, jax 0.4.34'})
  for row, value in zip(rows, epsilon):
    print(row, float(value))


if __name__ == '__main__':
  main()
