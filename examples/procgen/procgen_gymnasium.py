"""Procgen's sixteen games (Cobbe et al., 2020) as Gymnasium environments, procgen/coinrun-v0 etc.

Procgen draws the next level at once, so the last picture of an episode is never seen: the one before
is shown again. The limit of a thousand steps is an end like any other, as it is to Procgen.
"""

import _cffi_backend

# Procgen's library would bring its own free() into a process with another malloc()
_cffi_backend.RTLD_DEEPBIND = 0

# pylint: disable=wrong-import-position
import gymnasium
import numpy
from procgen import ProcgenGym3Env
from procgen.env import ENV_NAMES

NEW_LEVEL = -1  # an action


class Procgen(gymnasium.Env):
  """One game; options are ProcgenGym3Env's, e.g. num_levels, start_level and distribution_mode."""

  metadata = {'render_modes': ['rgb_array'], 'render_fps': 15}
  observation_space = gymnasium.spaces.Box(0, 255, (64, 64, 3), numpy.uint8)
  action_space = gymnasium.spaces.Discrete(15)

  def __init__(self, game, render_mode=None, **options):
    self.render_mode = render_mode
    self._make = lambda seed: ProcgenGym3Env(num=1, env_name=game, rand_seed=seed, **options)
    self._levels = None
    self._picture = None

  def _act(self, action):
    """The reward, and whether a new level has begun."""
    self._levels.act(numpy.array([action], numpy.int32))
    reward, observation, first = self._levels.observe()
    if action == NEW_LEVEL or not first[0]:
      self._picture = observation['rgb'][0]
    return float(reward[0]), bool(first[0])

  def reset(self, *, seed=None, options=None):
    super().reset(seed=seed)
    if self._levels is None or seed is not None:
      self._levels = self._make(int(self.np_random.integers(2**31 - 1)))
    self._act(NEW_LEVEL)
    return self._picture, {}

  def step(self, action):
    reward, over = self._act(action)
    return self._picture, reward, over, False, {}

  def render(self):
    return self._picture


for name in ENV_NAMES:
  gymnasium.register(f'procgen/{name}-v0', entry_point=Procgen, kwargs={'game': name})
