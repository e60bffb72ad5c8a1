"""Draws learning curves of several runs of each agent: means, and their 95 % intervals.

  pip install matplotlib
  python scripts/plot_means.py --output curves.svg \
      --panel asterix PPO=runs/ppo-asterix-1,runs/ppo-asterix-2 DQN=runs/dqn-asterix-1,... \
      --panel breakout PPO=runs/ppo-breakout-1,...

Each --panel is a title and its agents, NAME=FOLDER,... The interval is Student's, over the runs, in each
iteration that all of them have.
"""

import argparse
import csv
import math
import pathlib
import statistics

import matplotlib

matplotlib.use('svg')
matplotlib.rcParams['svg.hashsalt'] = 'accumbens'  # the same picture every time
import matplotlib.pyplot as plt
from matplotlib import ticker

from score_table import half_interval


def read(folder, column):
  """(frames, value) of each iteration."""
  with open(pathlib.Path(folder) / 'results.csv', encoding='utf-8') as file:
    return [(int(row['frames']), float(row[column])) for row in csv.DictReader(file)]


def draw(axes, agent, colour, column):
  name, folders = agent.split('=', 1)
  iterations = list(zip(*(read(folder, column) for folder in folders.split(','))))
  frames = [statistics.fmean(frames for frames, _ in runs) for runs in iterations]
  means = [statistics.fmean(value for _, value in runs) for runs in iterations]
  axes.plot(frames, means, color=colour, label=name)
  halves = [half_interval([value for _, value in runs]) for runs in iterations]
  axes.fill_between(frames, [m - h for m, h in zip(means, halves)],
                    [m + h for m, h in zip(means, halves)], color=colour, alpha=0.2, linewidth=0)


def main():
  parser = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--panel', nargs='+', action='append', required=True,
                      metavar=('TITLE', 'NAME=FOLDER,...'))
  parser.add_argument('--column', default='train_average_return')
  parser.add_argument('--output', required=True)
  arguments = parser.parse_args()

  columns = min(3, len(arguments.panel))
  rows = math.ceil(len(arguments.panel) / columns)
  figure, grid = plt.subplots(rows, columns, squeeze=False,
                              figsize=(7, 4) if columns == 1 else (3.3 * columns, 2.6 * rows))
  for axes in grid.flat[len(arguments.panel):]:
    axes.axis('off')
  for axes, (title, *agents) in zip(grid.flat, arguments.panel):
    for agent, colour in zip(agents, plt.rcParams['axes.prop_cycle'].by_key()['color']):
      draw(axes, agent, colour, arguments.column)
    axes.set(title=title, xlabel='frames')
    axes.grid(alpha=0.3)
    axes.legend(fontsize='small')
    axes.xaxis.set_major_locator(ticker.MaxNLocator(5))
    axes.xaxis.set_major_formatter(ticker.EngFormatter(sep=''))  # 20k, 1M
  for row in grid:
    row[0].set_ylabel(arguments.column.replace('_', ' '))
  figure.tight_layout()
  figure.savefig(arguments.output, metadata={'Date': None})


if __name__ == '__main__':
  main()
