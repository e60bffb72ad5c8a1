"""Gymnasium environments for gymnasium_environment_test.cpp: one for each space and each failure.

Each is registered as odd_environments:<Name>-v0. Observations count: the n-th of an episode holds
n, and an episode's number is added a hundredfold, so that a test can tell which one it was shown.
"""

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode


class Counting(gymnasium.Env):
  """Terminates after `ends` steps, is truncated after `cut`; the reward is the step's number."""

  observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float64)
  action_space = spaces.Discrete(3, start=5)

  def __init__(self, ends=0, cut=0):
    self.ends = ends
    self.cut = cut
    self.episode = 0

  def observe(self):
    return np.array([100.0 * self.episode + self.count, self.first_draw])

  def reset(self, *, seed=None, options=None):
    super().reset(seed=seed)
    self.episode += 1
    self.count = 0
    self.first_draw = self.np_random.random()
    return self.observe(), {}

  def step(self, action):
    assert self.action_space.contains(action), action
    self.action = action
    self.count += 1
    return self.observe(), self.count, self.count == self.ends, self.count == self.cut, {}


class EchoesAction(Counting):
  """Shows each number of the action it was given."""

  def observe(self):
    size = self.observation_space.shape[0]
    if self.count == 0:
      return np.zeros(size, np.float32)
    return np.asarray(self.action, np.float32).flatten()


class Choices(EchoesAction):
  """Each observation is of the array that the last step was given, which it then spoils."""

  observation_space = spaces.Box(-100, 100, (3,), np.float32)
  action_space = spaces.MultiDiscrete([2, 3, 4], start=[0, 10, 20])

  def step(self, action):
    result = super().step(action)
    action[:] = 0
    return result


class Arms(EchoesAction):
  """Actions with a shape, in float64, whose bounds float32 does not have."""

  observation_space = spaces.Box(-100, 100, (4,), np.float32)
  action_space = spaces.Box(np.array([[-0.1, -1], [-2, -3]]), np.array([[0.1, 1], [2, 3]]),
                            dtype=np.float64)


class Shows(Counting):
  """Whatever space it is given; `shown` are its observations, in turn."""

  def __init__(self, space, *shown):
    super().__init__()
    self.observation_space = space
    self.shown = shown

  def observe(self):
    return self.shown[min(self.count, len(self.shown) - 1)]


class Rewards(Counting):
  """A reward that is not one, from the third step on."""

  def __init__(self, reward):
    super().__init__()
    self.reward = reward

  def step(self, action):
    observation, reward, *rest = super().step(action)
    return observation, self.reward if self.count > 2 else reward, *rest


class Raises(Counting):
  """Fails in its fifth step."""

  def step(self, action):
    if self.count == 4:
      raise ValueError('the fifth step is too much')
    return super().step(action)


class OldStep(Counting):
  """Answers as Gym did."""

  def step(self, action):
    observation, reward, terminated, truncated, info = super().step(action)
    return observation, reward, terminated or truncated, info


class OldReset(Counting):
  """Answers as Gym did."""

  def reset(self, *, seed=None, options=None):
    return super().reset(seed=seed)[0]


class Slow(Counting):
  """Lets other threads run in the middle of a step."""

  def step(self, action):
    import time
    time.sleep(1e-4)
    return super().step(action)


class AtOnce(Counting):
  """Resets itself within the last step, as Gymnasium's vector environments may."""

  metadata = {'autoreset_mode': AutoresetMode.SAME_STEP}

  def step(self, action):
    last, reward, terminated, truncated, info = super().step(action)
    if not (terminated or truncated):
      return last, reward, terminated, truncated, info
    first, first_info = self.reset()
    return first, reward, terminated, truncated, self.with_end(first_info, last, info)

  def with_end(self, first_info, last, info):
    return first_info | {'final_obs': last, 'final_info': info}


class AtOnceForGood(AtOnce):
  """Forgets what the episode ended with."""

  def with_end(self, first_info, last, info):
    return first_info


class Painted(Counting):
  """Frames have the colour of the observation."""

  metadata = {'render_modes': ['rgb_array']}

  def __init__(self, render_mode=None, **kwargs):
    super().__init__(**kwargs)
    self.render_mode = render_mode

  def render(self):
    return np.full((2, 3, 3), 100 * self.episode + self.count, np.uint8)


class NextStep(Counting):
  """Says that it resets itself in the step after the last."""

  metadata = {'autoreset_mode': AutoresetMode.NEXT_STEP}


class Halves(gymnasium.RewardWrapper):
  """A wrapper of one's own."""

  def reward(self, reward):
    return reward / 2


class Films(gymnasium.Wrapper):
  """Writes the colour of each frame to a file."""

  def __init__(self, env, file, words=()):
    super().__init__(env)
    self.file = open(file, 'w')
    self.file.write(''.join(words))

  def step(self, action):
    result = super().step(action)
    self.file.write(f' {self.render().max()}')
    self.file.flush()
    return result


def several(**kwargs):
  return gymnasium.make_vec('CartPole-v1', num_envs=2)


def with_actions(space):
  environment = Counting()
  environment.action_space = space
  return environment


def image(*shape):
  return np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)


dict_space = spaces.Dict({
    'z': spaces.Box(-1, 1, (2, 2), np.float32),
    'a': spaces.Discrete(3),
    'pair': spaces.Tuple([spaces.MultiBinary(2), spaces.MultiDiscrete([2, 3])]),
    'bytes': spaces.Box(0, 255, (3,), np.uint8),
})

dict_shown = {
    'z': np.array([[0.5, -0.5], [1, -1]], np.float32),
    'a': 2,
    'pair': (np.array([0, 1], np.int8), np.array([1, 0])),
    'bytes': np.array([7, 8, 255], np.uint8),
}

# name -> entry point; a function is called with the arguments of gymnasium.make
registered = {
    'Counting': Counting,
    'Choices': Choices,
    'Arms': Arms,
    'Raises': Raises,
    'OldStep': OldStep,
    'OldReset': OldReset,
    'Slow': Slow,
    'AtOnce': AtOnce,
    'AtOnceForGood': AtOnceForGood,
    'Painted': Painted,
    'NextStep': NextStep,
    'Several': several,
    'RewardNan': lambda: Rewards(float('nan')),
    'RewardNone': lambda: Rewards(None),

    # observations
    'Image': lambda: Shows(spaces.Box(0, 255, (4, 5), np.uint8), image(4, 5)),
    'ChannelsLast': lambda: Shows(spaces.Box(0, 255, (4, 5, 3), np.uint8), image(4, 5, 3)),
    'ChannelsFirst': lambda: Shows(spaces.Box(0, 255, (3, 4, 5), np.uint8), image(3, 4, 5)),
    'Reversed': lambda: Shows(spaces.Box(0, 255, (4, 5), np.uint8), image(4, 5)[::-1]),
    'Number': lambda: Shows(spaces.Box(0, 9, (), np.float64), 2.5),
    'Category': lambda: Shows(spaces.Discrete(4, start=-2), -1),
    'Categories': lambda: Shows(spaces.MultiDiscrete([3, 2]), np.array([2, 0])),
    'Bits': lambda: Shows(spaces.MultiBinary(3), np.array([1, 0, 1], np.int8)),
    'Dict': lambda: Shows(dict_space, dict_shown),
    'Text': lambda: Shows(spaces.Dict({'mission': spaces.Text(9)}), {'mission': 'go'}),
    'Graph': lambda: Shows(spaces.Graph(spaces.Discrete(2), None), None),
    'Nothing': lambda: Shows(spaces.Box(0, 1, (0,), np.float32), np.zeros(0, np.float32)),

    # observations that are others from the second on
    'WrongShape': lambda: Shows(spaces.Box(0, 1, (2,), np.float32), np.zeros(2), np.zeros(3)),
    'WrongType': lambda: Shows(spaces.Box(0, 255, (2,), np.uint8), image(2), np.zeros(2, np.int64)),
    'NoNumbers': lambda: Shows(spaces.Box(0, 1, (1,), np.float32), np.zeros(1), np.array(['a'])),
    'Nan': lambda: Shows(spaces.Box(0, 1, (1,), np.float32), np.zeros(1), np.array([np.nan])),
    'NoneShown': lambda: Shows(spaces.Box(0, 1, (), np.float32), 0.0, None),
    'OutsideCategory': lambda: Shows(spaces.Discrete(4), 0, 4),
    'NegativeCategory': lambda: Shows(spaces.Discrete(4), 0, -1),
    'NoKey': lambda: Shows(spaces.Dict({'a': spaces.Discrete(2)}), {'a': 1}, {'b': 1}),

    # actions that agents cannot choose
    'Unbounded': lambda: with_actions(spaces.Box(-np.inf, 1, (2,), np.float32)),
    'WholeNumbers': lambda: with_actions(spaces.Box(0, 9, (2,), np.int64)),
    'TooMany': lambda: with_actions(spaces.MultiDiscrete([17, 241])),
    'Words': lambda: with_actions(spaces.Text(3)),
}

for name, entry_point in registered.items():
  gymnasium.register(f'{name}-v0', entry_point, disable_env_checker=True)
gymnasium.register('OnlyMany-v0', vector_entry_point='odd_environments:several')
