"""Draws learning curves of runs, over a published band where one is given.

  pip install matplotlib
  python scripts/plot_curve.py runs/pong-dqn --output curve.svg
  python scripts/plot_curve.py runs/a runs/b --published curves.csv.gz --game pong \
      --agent "DQN (Adam + MSE in JAX)" --output curve.svg

The published file is a CSV, plain or gzipped, with the columns game, agent, run, iteration (of as
many frames as --frames says) and train_average_return. Its band reaches from the lowest to the highest run.
"""

import argparse
import collections
import csv
import gzip
import pathlib

import matplotlib

matplotlib.use('svg')
matplotlib.rcParams['svg.hashsalt'] = 'accumbens'  # the same picture every time
import matplotlib.pyplot as plt


def read_published(path, game, agent):
  """iteration -> the returns of all runs."""
  returns = collections.defaultdict(list)
  with (gzip.open if path.endswith('.gz') else open)(path, 'rt') as file:
    for row in csv.DictReader(file):
      if row['game'] == game and row['agent'] == agent:
        returns[int(float(row['iteration']))].append(float(row['train_average_return']))
  if not returns:
    raise SystemExit(f'{path} has no {agent} on {game}')
  return returns


def main():
  parser = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('runs', nargs='+', help='--base_dir of each run')
  parser.add_argument('--published', help='CSV of published curves')
  parser.add_argument('--game', default='pong')
  parser.add_argument('--agent', default='DQN (Adam + MSE in JAX)')
  parser.add_argument('--column', default='train_average_return')
  parser.add_argument('--title', default='')
  parser.add_argument('--iterations', type=int, help='how many published iterations to draw')
  parser.add_argument('--frames', type=int, default=1_000_000, help='in a published iteration')
  parser.add_argument('--output', required=True)
  arguments = parser.parse_args()

  figure, axes = plt.subplots(figsize=(7, 4))
  if arguments.published:
    returns = read_published(arguments.published, arguments.game, arguments.agent)
    iterations = sorted(returns)[:arguments.iterations]
    frames = [(iteration + 1) * arguments.frames / 1e6 for iteration in iterations]
    axes.fill_between(frames, [min(returns[i]) for i in iterations],
                      [max(returns[i]) for i in iterations], alpha=0.25, color='tab:blue')
    axes.plot(frames, [sum(returns[i]) / len(returns[i]) for i in iterations], color='tab:blue',
              label=f'{arguments.agent}, published: mean and range of '
              f'{len(returns[iterations[0]])} runs')

  for run, colour in zip(arguments.runs, ('tab:red', 'tab:green', 'tab:orange', 'tab:purple',
                                          'tab:brown', 'tab:pink', 'tab:gray', 'tab:olive')):
    with open(pathlib.Path(run) / 'results.csv', encoding='utf-8') as file:
      rows = list(csv.DictReader(file))
    axes.plot([int(row['frames']) / 1e6 for row in rows],
              [float(row[arguments.column]) for row in rows], marker='o', markersize=4,
              color=colour, label=pathlib.Path(run).name)

  axes.set(xlabel='million frames', ylabel=arguments.column.replace('_', ' '),
           title=arguments.title)
  axes.grid(alpha=0.3)
  axes.legend()
  figure.tight_layout()
  figure.savefig(arguments.output, metadata={'Date': None})


if __name__ == '__main__':
  main()
