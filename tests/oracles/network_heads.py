"""Writes network_heads.safetensors: outputs of Dopamine's Rainbow, QR-DQN, IQN and dueling nets.

Peer: dopamine-rl 4.1.2, `networks.{RainbowNetwork, QuantileNetwork, ImplicitQuantileNetwork,
FullRainbowNetwork}`, the last one dueling and without noise. Weights and the image (number 0) come
from the formula of network_nature.py; layers are numbered in the order in which Dopamine makes them:
three convolutions, for IQN the embedding, the hidden layer, the outputs, the value. 6 actions; 51
atoms on [-10, 10], 20 quantiles, or 8 fractions, which are stored. How to run: see dqn_dopamine.py.
"""

import pathlib

from dqn_dopamine import networks
import jax
import jax.numpy as jnp
from network_nature import CONVOLUTIONS
from network_nature import hash32
from network_nature import layer
import numpy as np
from safetensors.numpy import save_file

ACTIONS, ATOMS, QUANTILES, FRACTIONS, FEATURES = 6, 51, 20, 8, 11 * 11 * 64


def parameters(*dense_shapes):
  """flax's parameters: the convolutions, then dense layers of [in, out]."""
  named = {f'Conv_{i}': layer(i, k, k, c, o) for i, (k, c, o, _) in enumerate(CONVOLUTIONS)}
  named |= {f'Dense_{i}': layer(3 + i, *shape) for i, shape in enumerate(dense_shapes)}
  return {'params': named}


def main():
  image = (hash32(100, 84 * 84 * 4) >> np.uint32(24)).astype(np.uint8).reshape(84, 84, 4)
  support = jnp.linspace(-10.0, 10.0, ATOMS)
  out = {}

  output = networks.RainbowNetwork(num_actions=ACTIONS, num_atoms=ATOMS).apply(
      parameters((FEATURES, 512), (512, ACTIONS * ATOMS)), image, support)
  out |= {'categorical.logits': output.logits, 'categorical.probabilities': output.probabilities,
          'categorical.q_values': output.q_values}

  output = networks.QuantileNetwork(num_actions=ACTIONS, num_atoms=QUANTILES).apply(
      parameters((FEATURES, 512), (512, ACTIONS * QUANTILES)), image)
  out |= {'quantile.quantiles': output.logits, 'quantile.q_values': output.q_values}

  output = networks.ImplicitQuantileNetwork(
      num_actions=ACTIONS, quantile_embedding_dim=64).apply(
          parameters((64, FEATURES), (FEATURES, 512), (512, ACTIONS)), image,
          num_quantiles=FRACTIONS, rng=jax.random.PRNGKey(0))
  out |= {'implicit.taus': output.quantiles[:, 0], 'implicit.quantiles': output.quantile_values}

  output = networks.FullRainbowNetwork(
      num_actions=ACTIONS, num_atoms=ATOMS, noisy=False, dueling=True).apply(
          parameters((FEATURES, 512), (512, ACTIONS * ATOMS), (512, ATOMS)), image, support,
          key=jax.random.PRNGKey(0))
  out |= {'dueling.logits': output.logits, 'dueling.q_values': output.q_values}

  save_file({name: np.ascontiguousarray(value) for name, value in out.items()},
            pathlib.Path(__file__).with_suffix('.safetensors'),
            metadata={'peer': 'dopamine-rl 4.1.2, flax 0.9.0, jax 0.4.34'})
  for name, value in sorted(out.items()):
    print(f'{name:28} {value.dtype!s:8} {list(value.shape)}')


if __name__ == '__main__':
  main()
