"""Dopamine's JAX agents on CartPole and Acrobot: average training returns by iteration.

Peer: dopamine-rl 4.1.2 with its own configuration files, or with one of configs/dopamine/ where it
ships none; the loop is that of its Runner, the environment Gymnasium's with the file's time limit,
as its own wrapper has it. Writes results.csv with the columns that scripts/score_table.py reads.

Dopamine has networks for a few numbers for DQN and C51 only. Those of full Rainbow, QR-DQN and IQN
are here: its two dense layers for a few numbers, then the layers of its networks for images that give
an action's distribution, without their hidden layer, as in configs/dopamine/.

How to install the peer: see tests/oracles/dqn_dopamine.py; here also
  venv/bin/pip install python-snappy
  venv/bin/python benchmarks/peer_dopamine_gym.py --agent dqn --task CartPole-v0 --seed 1 \
      --iterations 30 --output runs/peer-dqn-1 path/to/dqn_cartpole.gin
  venv/bin/python benchmarks/peer_dopamine_gym.py --agent quantile --task CartPole-v0 --seed 1 \
      --iterations 30 --output runs/peer-quantile-1 configs/dopamine/quantile_cartpole.gin
"""

import argparse
import importlib
import pathlib
import re
import sys

AGENTS = {
    'dqn': ('dqn.dqn_agent', 'JaxDQNAgent'),
    'rainbow': ('rainbow.rainbow_agent', 'JaxRainbowAgent'),
    'full_rainbow': ('full_rainbow.full_rainbow_agent', 'JaxFullRainbowAgent'),
    'quantile': ('quantile.quantile_agent', 'JaxQuantileAgent'),
    'implicit_quantile': ('implicit_quantile.implicit_quantile_agent', 'JaxImplicitQuantileAgent'),
}

# of files in configs/dopamine/: what a name begins with, and the network in place of theirs
OURS = {
    'full_rainbow': ('FullRainbowAgent', 'PeerFullRainbowNetwork'),
    'quantile': ('QuantileAgent', 'PeerQuantileNetwork'),
    'implicit_quantile': ('ImplicitQuantileAgent', 'PeerImplicitQuantileNetwork'),
}


def parse_arguments():
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--agent', choices=AGENTS, required=True)
  parser.add_argument('--task', required=True)
  parser.add_argument('--seed', type=int, default=1)
  parser.add_argument('--iterations', type=int, default=30)
  parser.add_argument('--output', type=pathlib.Path, required=True)
  parser.add_argument('--binding', action='append', default=[])
  parser.add_argument('--keep_replay_scheme', action='store_true',
                      help="undo that 4.1.2 overwrites the file's replay_scheme with 'uniform'")
  parser.add_argument('file', type=pathlib.Path)
  return parser.parse_args()


def main():
  arguments = parse_arguments()
  import gymnasium

  # the real one, before the stand-ins for what Dopamine imports and this does not need
  importlib.import_module('snappy')
  sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'tests' / 'oracles'))
  import dqn_dopamine  # noqa: F401
  module, name = AGENTS[arguments.agent]
  make = getattr(importlib.import_module('dopamine.jax.agents.' + module), name)
  import gin
  import numpy

  # gym_lib's constants; it itself needs gym
  for task, size in (('CARTPOLE', 4), ('ACROBOT', 6)):
    gin.constant(f'gym_lib.{task}_OBSERVATION_SHAPE', (size, 1))
    gin.constant(f'gym_lib.{task}_OBSERVATION_DTYPE', numpy.float64)
    gin.constant(f'gym_lib.{task}_STACK_SIZE', 1)

  add_networks()

  # the file without the experiment around the agent
  text = arguments.file.read_text(encoding='utf-8')
  lines = [line for line in text.splitlines()
           if not re.match(r'import |(create_gym|create_runner|create_agent|TrainRunner|Runner)', line)]
  if arguments.agent in OURS and 'Jax' not in text:
    lines = translated(lines, arguments)
  gin.parse_config(lines + arguments.binding)
  values = {key: int(value.replace('_', '')) for key, value in re.findall(
      r'^Runner\.(training_steps|max_steps_per_episode) = ([\d_]+)', text, re.M)}

  environment = gymnasium.make(arguments.task, max_episode_steps=values['max_steps_per_episode'])
  agent = make(num_actions=int(environment.action_space.n), seed=arguments.seed)
  if arguments.keep_replay_scheme:
    agent._replay_scheme = gin.query_parameter(name + '.replay_scheme')
  environment.reset(seed=arguments.seed)

  arguments.output.mkdir(parents=True, exist_ok=True)
  with open(arguments.output / 'results.csv', 'w', encoding='utf-8') as file:
    print('iteration,train_average_return', file=file)
    for iteration in range(arguments.iterations):
      print(f'{iteration},{train(agent, environment, values["training_steps"])}', file=file,
            flush=True)


def translated(lines, arguments):
  """Those of a file in configs/dopamine/ in the names of Dopamine's JAX agents."""
  ours, network = OURS[arguments.agent]
  agent, task = AGENTS[arguments.agent][1], arguments.task.split('-')[0].upper()
  text = '\n'.join(lines)
  text = re.sub(rf'^{ours}\.weighted_losses = False.*', '', text, flags=re.M)  # as in Dopamine
  text = re.sub(rf'^{ours}\.', f'{agent}.', text, flags=re.M)
  # what full Rainbow does not name itself is its base class's
  base = agent
  if arguments.agent == 'full_rainbow':
    base = 'JaxDQNAgent'
    own = 'network|num_atoms|vmax|replay_scheme|double_dqn|dueling|noisy'
    text = re.sub(rf'^{agent}\.(?!({own})\b)', f'{base}.', text, flags=re.M)
  text = re.sub(r'\bClassicControl\w+Network\b', network, text)
  text = text.replace('@identity_epsilon', '@dopamine.jax.agents.dqn.dqn_agent.identity_epsilon')
  capacity = re.search(r'^ReplayBuffer\.max_capacity = (\w+)', text, re.M)[1]
  return text.splitlines() + [
      f'{base}.observation_shape = %gym_lib.{task}_OBSERVATION_SHAPE',
      f'{base}.observation_dtype = %jax_networks.{task}_OBSERVATION_DTYPE',
      f'{base}.epsilon_train = 0.01',  # the default here; that of Dopamine's QR-DQN is 0.1
      f'PrioritizedSamplingDistribution.max_capacity = {capacity}',
  ]


def add_networks():
  """Registers the networks for a few numbers that Dopamine does not have."""
  import gin
  from dopamine.jax import networks
  from flax import linen as nn
  import jax
  import jax.numpy as jnp

  def dense(x, features):
    return nn.Dense(features, kernel_init=nn.initializers.xavier_uniform())(x)

  def encode(x, low, high):
    """As ClassicControlDQNNetwork."""
    x = (x.astype(jnp.float32).reshape(-1) - jnp.array(low)) / (jnp.array(high) - jnp.array(low))
    x = 2.0 * x - 1.0
    for _ in range(2):
      x = nn.relu(dense(x, 512))
    return x

  @gin.configurable
  class PeerFullRainbowNetwork(nn.Module):
    num_actions: int
    num_atoms: int
    min_vals: tuple
    max_vals: tuple
    noisy: bool = True
    dueling: bool = True
    distributional: bool = True
    inputs_preprocessed: bool = False

    @nn.compact
    def __call__(self, x, support, eval_mode=False, key=None):
      assert self.dueling and self.distributional
      key = jax.random.PRNGKey(0) if key is None else key  # none is given only for the shapes
      x = encode(x, self.min_vals, self.max_vals)
      net = networks.feature_layer(key, self.noisy, eval_mode=eval_mode)
      advantages = net(x, features=self.num_actions * self.num_atoms)
      value = net(x, features=self.num_atoms).reshape((1, self.num_atoms))
      advantages = advantages.reshape((self.num_actions, self.num_atoms))
      logits = value + (advantages - jnp.mean(advantages, axis=0, keepdims=True))
      probabilities = nn.softmax(logits)
      q_values = jnp.sum(support * probabilities, axis=1)
      return networks.atari_lib.RainbowNetworkType(q_values, logits, probabilities)

  @gin.configurable
  class PeerQuantileNetwork(nn.Module):
    num_actions: int
    num_atoms: int
    min_vals: tuple
    max_vals: tuple
    inputs_preprocessed: bool = False

    @nn.compact
    def __call__(self, x):
      x = dense(encode(x, self.min_vals, self.max_vals), self.num_actions * self.num_atoms)
      quantiles = x.reshape((self.num_actions, self.num_atoms))
      return networks.atari_lib.RainbowNetworkType(
          jnp.mean(quantiles, axis=1), quantiles, nn.softmax(quantiles))

  @gin.configurable
  class PeerImplicitQuantileNetwork(nn.Module):
    num_actions: int
    quantile_embedding_dim: int
    min_vals: tuple
    max_vals: tuple
    inputs_preprocessed: bool = False

    @nn.compact
    def __call__(self, x, num_quantiles, rng):
      x = encode(x, self.min_vals, self.max_vals)
      taus = jax.random.uniform(rng, shape=[num_quantiles, 1])
      multiples = jnp.arange(1, self.quantile_embedding_dim + 1).astype(jnp.float32) * jnp.pi
      embedding = nn.relu(dense(jnp.cos(taus * multiples), x.shape[-1]))
      return networks.atari_lib.ImplicitQuantileNetworkType(
          dense(x * embedding, self.num_actions), taus)


def train(agent, environment, steps):
  """Whole episodes of at least so many steps; returns the average return."""
  returns, done = [], 0
  while done < steps:
    action = agent.begin_episode(environment.reset()[0])
    total = 0.0
    while True:
      observation, reward, terminated, truncated, _ = environment.step(action)
      total += reward
      done += 1
      clipped = max(-1, min(1, reward))
      if terminated or truncated:
        agent.end_episode(clipped, terminated)
        break
      action = agent.step(clipped, observation)
    returns.append(total)
  return sum(returns) / len(returns)


if __name__ == '__main__':
  main()
