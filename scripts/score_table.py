"""A table of scores over several runs of each agent: mean and 95 % interval, in Markdown.

  python scripts/score_table.py --last 10 dqn=runs/dqn-1,runs/dqn-2,runs/dqn-3 c51=runs/c51-1,...

A run's score is the mean of its average training returns of the last iterations in results.csv. The
interval is Student's, over the runs.
"""

import argparse
import csv
import math
import pathlib
import statistics

# of Student's distribution, two-sided 95 %, by degrees of freedom
T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def score(folder, last, column):
  with open(pathlib.Path(folder) / 'results.csv', encoding='utf-8') as file:
    returns = [float(row[column]) for row in csv.DictReader(file)]
  if len(returns) < last:
    raise SystemExit(f'{folder} has {len(returns)} iterations, fewer than {last}')
  return statistics.fmean(returns[-last:])


def half_interval(values):
  """Student's 95 % interval of a mean is it plus or minus this."""
  runs = len(values)
  return T[runs - 1] * statistics.stdev(values) / math.sqrt(runs) if runs > 1 else math.nan


def main():
  parser = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('agents', nargs='+', metavar='NAME=FOLDER,...')
  parser.add_argument('--last', type=int, default=10, help='iterations that count')
  parser.add_argument('--column', default='train_average_return')
  arguments = parser.parse_args()

  print(f'| agent | runs | mean of the last {arguments.last} iterations | 95 % interval | lowest run '
        '| highest run |\n| --- | --- | --- | --- | --- | --- |')
  for agent in arguments.agents:
    name, folders = agent.split('=', 1)
    scores = [score(folder, arguments.last, arguments.column) for folder in folders.split(',')]
    mean, runs, half = statistics.fmean(scores), len(scores), half_interval(scores)
    print(f'| {name} | {runs} | {mean:.1f} | ± {half:.1f} | {min(scores):.1f} | {max(scores):.1f} |')


if __name__ == '__main__':
  main()
