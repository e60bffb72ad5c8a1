"""Writes dqn_loss.safetensors: Dopamine's DQN target, loss and gradients on one batch.

Peer: dopamine-rl 4.1.2, `dopamine.jax.agents.dqn.dqn_agent.{target_q, train}`, in float32.
Q-function: Linear(6, 16) - ReLU - Linear(16, 4), weights in torch's layout [out, in] and named as
in torch::nn::Sequential(Linear, ReLU, Linear). B = 8 transitions, 2 of them terminal, rewards
outside [-1, 1] too. How to run: see dqn_dopamine.py.
"""

import pathlib

from dqn_dopamine import dqn_agent, losses, networks
from flax import linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from safetensors.numpy import save_file

BATCH, INPUTS, HIDDEN, ACTIONS = 8, 6, 16, 4
GAMMA = 0.99


class SmallNetwork(nn.Module):
  """6 -> 16 -> 4, returning the named tuple that Dopamine's agents expect."""

  @nn.compact
  def __call__(self, x):
    x = nn.relu(nn.Dense(HIDDEN, name='layer_0')(x))
    return networks.atari_lib.DQNNetworkType(nn.Dense(ACTIONS, name='layer_2')(x))


def random_parameters(generator):
  """Weights of one network in flax's layout (kernels [in, out])."""
  def dense(inputs, outputs):
    return {
        'kernel': generator.normal(0.0, 1.0 / np.sqrt(inputs), (inputs, outputs)),
        'bias': generator.normal(0.0, 0.1, (outputs,)),
    }

  parameters = {'params': {'layer_0': dense(INPUTS, HIDDEN), 'layer_2': dense(HIDDEN, ACTIONS)}}
  return jax.tree_util.tree_map(lambda x: jnp.asarray(x, jnp.float32), parameters)


def in_torch_layout(prefix, parameters):
  """{'<prefix>.0.weight': [out, in], '<prefix>.0.bias': [out], ...}."""
  tensors = {}
  for layer in ('0', '2'):
    dense = parameters['params'][f'layer_{layer}']
    tensors[f'{prefix}.{layer}.weight'] = np.ascontiguousarray(np.asarray(dense['kernel']).T)
    tensors[f'{prefix}.{layer}.bias'] = np.asarray(dense['bias'])
  return tensors


# `train` returns the optimizer's state: one that stores the gradient hands it out unrounded
keep_gradient = optax.GradientTransformation(
    init=lambda parameters: jax.tree_util.tree_map(jnp.zeros_like, parameters),
    update=lambda gradient, state, params=None: (
        jax.tree_util.tree_map(jnp.zeros_like, gradient), gradient),
)


def main():
  generator = np.random.default_rng(20150226)
  network = SmallNetwork()
  online = random_parameters(generator)
  target = random_parameters(generator)

  # a batch with what goes wrong in practice: terminal rows, rewards beyond the clipping range
  s_tm1 = generator.normal(size=(BATCH, INPUTS)).astype(np.float32)
  a_tm1 = np.array([0, 1, 2, 3, 3, 2, 1, 0], np.int64)
  r_t = np.array([0.0, 1.0, -1.0, 2.5, -3.0, 0.25, 1.0, -1.0], np.float32)
  terminal = np.array([0, 0, 0, 0, 0, 0, 1, 1], np.uint8)
  s_t = generator.normal(size=(BATCH, INPUTS)).astype(np.float32)
  tensors = {'s_tm1': s_tm1, 'a_tm1': a_tm1, 'r_t': r_t, 'terminal': terminal, 's_t': s_t}
  tensors |= in_torch_layout('online', online) | in_torch_layout('target', target)

  # what both networks say
  tensors['q_tm1'] = np.asarray(jax.vmap(lambda s: network.apply(online, s))(s_tm1).q_values)
  tensors['q_t'] = np.asarray(jax.vmap(lambda s: network.apply(target, s))(s_t).q_values)

  # Bellman targets for n = 1 and n = 3 (the reward is taken as already summed)
  for n_step in (1, 3):
    tensors[f'target_q_n{n_step}'] = np.asarray(dqn_agent.target_q(
        lambda s: network.apply(target, s), s_t, r_t, terminal, GAMMA**n_step))

  # loss and gradients of Dopamine's train step, n = 1
  for loss_type in ('mse', 'huber'):
    gradient, _, loss = dqn_agent.train(
        network, online, target, keep_gradient, keep_gradient.init(online), s_tm1,
        a_tm1.astype(np.int32), s_t, r_t, terminal, GAMMA, loss_type)
    tensors[f'{loss_type}.loss'] = np.asarray(loss).reshape(1)
    tensors |= in_torch_layout(f'{loss_type}.gradient', gradient)

    # per transition, before the mean
    chosen = tensors['q_tm1'][np.arange(BATCH), a_tm1]
    loss_fn = losses.huber_loss if loss_type == 'huber' else losses.mse_loss
    tensors[f'{loss_type}.losses'] = np.asarray(loss_fn(tensors['target_q_n1'], chosen))
    np.testing.assert_allclose(tensors[f'{loss_type}.losses'].mean(), float(loss), rtol=1e-6)

  # the batch must exercise both branches of Huber
  error = np.abs(tensors['target_q_n1'] - chosen)
  assert (error > 1.05).any() and (error < 0.95).any(), error

  save_file(tensors, pathlib.Path(__file__).with_suffix('.safetensors'),
            metadata={'peer': 'dopamine-rl 4.1.2, jax 0.4.34', 'gamma': str(GAMMA)})
  for name, value in sorted(tensors.items()):
    print(f'{name:28} {value.dtype!s:8} {list(value.shape)}')
  print('|td error|', error)


if __name__ == '__main__':
  main()
