"""Prints an event file as TensorBoard's own readers see it, for tests/run/sinks_test.cpp.

tensorboard_read.py DIRECTORY   "event STEP WALL_TIME ..." per raw event of the one file there, with
                                its file version or tags, then "TAG STEP VALUE" per scalar
"""

import glob
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

directory = sys.argv[1]
[path] = glob.glob(directory + '/events.out.tfevents.*')
for event in LegacyEventFileLoader(path).Load():
  print('event', event.step, repr(event.wall_time), event.file_version,
        *[value.tag for value in event.summary.value])
accumulator = EventAccumulator(directory, size_guidance={'scalars': 0})
accumulator.Reload()
for tag in sorted(accumulator.Tags()['scalars']):
  for scalar in accumulator.Scalars(tag):
    print(tag, scalar.step, repr(scalar.value))
