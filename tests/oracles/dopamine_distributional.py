"""Writes dopamine_distributional.safetensors: losses of Dopamine's Rainbows, QR-DQN and IQN.

Peer: dopamine-rl 4.1.2, `train` of rainbow_agent, full_rainbow_agent, quantile_agent and
implicit_quantile_agent, in float32. The networks are tables: the state is a row number, and the
gradient is that of the row's outputs. B = 8 transitions, A = 4 actions, two of them terminal. How
to run: see dqn_dopamine.py.
"""

import pathlib

from dqn_dopamine import implicit_quantile_agent, networks, quantile_agent, rainbow_agent
from dopamine.jax.agents.full_rainbow import full_rainbow_agent
from flax import linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from safetensors.numpy import save_file

B, A, ATOMS, QUANTILES, TAU, TAU_PRIME, SELECT = 8, 4, 51, 20, 6, 5, 7
GAMMA = 0.99


class CategoricalTable(nn.Module):
  rows: int = B

  @nn.compact
  def __call__(self, row, support, key=None):
    del key
    logits = self.param('table', nn.initializers.zeros, (self.rows, A, ATOMS))[row]
    probabilities = nn.softmax(logits)
    return networks.atari_lib.RainbowNetworkType(
        jnp.sum(support * probabilities, axis=1), logits, probabilities)


class QuantileTable(nn.Module):

  @nn.compact
  def __call__(self, row):
    logits = self.param('table', nn.initializers.zeros, (B, A, QUANTILES))[row]
    return networks.atari_lib.RainbowNetworkType(
        jnp.mean(logits, axis=1), logits, nn.softmax(logits))


class ImplicitTable(nn.Module):
  """One table for each number of samples, so that the draws are known."""

  @nn.compact
  def __call__(self, row, num_quantiles, rng):
    del rng
    values = self.param(f'values_{num_quantiles}', nn.initializers.zeros, (B, num_quantiles, A))
    taus = self.param(f'taus_{num_quantiles}', nn.initializers.zeros, (B, num_quantiles, 1))
    return networks.atari_lib.ImplicitQuantileNetworkType(
        values[row], jax.lax.stop_gradient(taus[row]))


# `train` returns the optimizer's state: one that stores the gradient hands it out unrounded
keep_gradient = optax.GradientTransformation(
    init=lambda parameters: jax.tree_util.tree_map(jnp.zeros_like, parameters),
    update=lambda gradient, state, params=None: (
        jax.tree_util.tree_map(jnp.zeros_like, gradient), gradient),
)


def main():
  generator = np.random.default_rng(20180614)

  def normal(*shape, scale=1.0):
    return jnp.asarray(scale * generator.normal(size=shape), jnp.float32)

  rows = np.arange(B)
  a_tm1 = np.array([0, 1, 2, 3, 3, 2, 1, 0], np.int32)
  r_t = np.array([0.0, 1.0, -1.0, 2.5, -13.0, 0.25, 1.0, -1.0], np.float32)
  terminal = np.array([0, 0, 0, 0, 0, 0, 1, 1], np.uint8)
  out = {'a_tm1': a_tm1.astype(np.int64), 'r_t': r_t, 'terminal': terminal}

  # Rainbow's loss, with weights as its replay gives them
  support = jnp.linspace(-10.0, 10.0, ATOMS)
  weights = jnp.asarray(generator.uniform(0.1, 1.0, B), jnp.float32)
  online = {'params': {'table': normal(B, A, ATOMS)}}
  target = {'params': {'table': normal(B, A, ATOMS)}}
  gradient, _, losses, _ = rainbow_agent.train(
      CategoricalTable(), online, target, keep_gradient, keep_gradient.init(online), rows, a_tm1,
      rows, r_t, terminal, weights, support, GAMMA)
  out |= {'categorical.online': online['params']['table'],
          'categorical.target': target['params']['table'], 'categorical.weights': weights,
          'categorical.losses': losses, 'categorical.gradient': gradient['params']['table']}

  # QR-DQN
  online = {'params': {'table': normal(B, A, QUANTILES, scale=2.0)}}
  target = {'params': {'table': normal(B, A, QUANTILES, scale=2.0)}}
  out |= {'quantile.online': online['params']['table'],
          'quantile.target': target['params']['table']}
  for kappa in (0.5, 1.0):
    gradient, _, losses, _ = quantile_agent.train(
        QuantileTable(), online, target, keep_gradient, keep_gradient.init(online), rows, a_tm1,
        rows, r_t, terminal, kappa, QUANTILES, GAMMA)
    out |= {f'quantile_kappa_{kappa}.losses': losses,
            f'quantile_kappa_{kappa}.gradient': gradient['params']['table']}

  # IQN, with and without the online network's choice of actions
  def implicit_parameters():
    return {'params': {
        f'{what}_{n}': normal(B, n, A, scale=2.0) if what == 'values' else jnp.asarray(
            generator.uniform(size=(B, n, 1)), jnp.float32)
        for n in (TAU, TAU_PRIME, SELECT) for what in ('values', 'taus')}}

  online, target = implicit_parameters(), implicit_parameters()
  out |= {'implicit.online': online['params'][f'values_{TAU}'],
          'implicit.taus': online['params'][f'taus_{TAU}'][:, :, 0],
          'implicit.target': target['params'][f'values_{TAU_PRIME}'],
          'implicit.selector': target['params'][f'values_{SELECT}'],
          'implicit.selector_double': online['params'][f'values_{SELECT}']}
  for double in (False, True):
    for kappa in (0.5, 1.0):
      _, gradient, _, loss = implicit_quantile_agent.train(
          ImplicitTable(), online, target, keep_gradient, keep_gradient.init(online), rows, a_tm1,
          rows, r_t, terminal, TAU, TAU_PRIME, SELECT, GAMMA, double, kappa,
          jax.random.PRNGKey(0))
      name = f'implicit{"_double" if double else ""}_kappa_{kappa}'
      out |= {f'{name}.loss': jnp.reshape(loss, (1,)),
              f'{name}.gradient': gradient['params'][f'values_{TAU}']}

  # full Rainbow's loss, with and without the online network's choice of actions; states s_t have
  # rows of their own, after those of s_tm1
  online = {'params': {'table': normal(2 * B, A, ATOMS)}}
  target = {'params': {'table': normal(2 * B, A, ATOMS)}}
  out |= {'full_rainbow.online': online['params']['table'],
          'full_rainbow.target': target['params']['table']}
  for double in (False, True):
    gradient, _, losses, loss, _ = full_rainbow_agent.train(
        CategoricalTable(2 * B), online, target, keep_gradient, keep_gradient.init(online), rows,
        a_tm1, rows + B, r_t, terminal, weights, support, GAMMA, double, True, False,
        jax.random.PRNGKey(0))
    name = f'full_rainbow{"_double" if double else ""}'
    out |= {f'{name}.losses': losses, f'{name}.loss': jnp.reshape(loss, (1,)),
            f'{name}.gradient': gradient['params']['table']}

  save_file({name: np.ascontiguousarray(value) for name, value in out.items()},
            pathlib.Path(__file__).with_suffix('.safetensors'),
            metadata={'peer': 'dopamine-rl 4.1.2, jax 0.4.34', 'gamma': str(GAMMA)})
  for name, value in sorted(out.items()):
    print(f'{name:32} {value.dtype!s:8} {list(value.shape)}')


if __name__ == '__main__':
  main()
