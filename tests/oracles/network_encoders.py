"""Writes network_encoders.safetensors: outputs of Dopamine's Impala and Fourier networks.

Peer: dopamine-rl 4.1.2, `networks.{ImpalaDQNNetwork, JaxFourierDQNNetwork}` for values. Dopamine has
no other heads on these, so `categorical` and `quantile` are its `ClassicControlRainbowNetwork` on the
features of its `ImpalaEncoder` and `FourierBasis`, and `implicit` is the formula of its
`ImplicitQuantileNetwork` in numpy's float64 on the same features. Weights and the image (number 0)
come from the formula of network_nature.py, layers numbered in the order in which a network has them:
15 convolutions, for IQN the embedding, the hidden layer, the outputs. The Fourier basis has neither
hidden layer nor biases of the outputs, but IQN's embedding has them.

Impala: 6 actions. Fourier: CartPole's and Acrobot's range, the last state 1.5 times out of it.
11 atoms on [-10, 10], or 11 quantiles, or 8 fractions, which are stored. How to run: see
dqn_dopamine.py.
"""

import pathlib

from dqn_dopamine import networks
import jax.numpy as jnp
from network_nature import CLASSIC
from network_nature import dense64
from network_nature import formula
from network_nature import hash32
from network_nature import layer
import numpy as np
from safetensors.numpy import save_file

ATOMS, FRACTIONS, EMBEDDING = 11, 8, 64
IMPALA_ACTIONS, STACK_SIZES, IMPALA_FEATURES = 6, (16, 32, 32), 11 * 11 * 32
TAUS = (hash32(7, FRACTIONS) / 2.0**32).astype(np.float32)


def impala_parameters():
  """flax's parameters of the encoder: five convolutions in each of three stacks."""
  stacks, index, channels = {}, 0, 4
  for number, size in enumerate(STACK_SIZES):
    stack = {}
    for i in range(5):
      stack[f'Conv_{i}'] = layer(index, 3, 3, channels, size)
      channels, index = size, index + 1
    stacks[f'_stacks_{number}'] = stack
  return stacks


def without_bias(tensor, inputs, outputs):
  """A layer without bias, or with one of zeros where the peer cannot do without."""
  return {'kernel': formula(tensor, (inputs, outputs), 2.0 * np.sqrt(6.0 / inputs)),
          'bias': np.zeros(outputs, np.float32)}


def categorical(features, actions, layers):
  """Dopamine's output for features, with all but the last of the layers hidden."""
  names = [f'layers_{i}' for i in range(len(layers) - 1)] + ['final_layer']
  return networks.ClassicControlRainbowNetwork(
      num_actions=actions, num_atoms=ATOMS, num_layers=len(layers) - 1,
      inputs_preprocessed=True).apply(
          {'params': dict(zip(names, layers))}, features, jnp.linspace(-10.0, 10.0, ATOMS))


def implicit(features, embedding, layers):
  """Quantiles [fractions, actions] at TAUS, in float64."""
  cosines = np.cos(np.pi * np.outer(TAUS.astype(np.float64), np.arange(1, EMBEDDING + 1)))
  x = np.asarray(features, np.float64) * np.maximum(dense64(cosines, embedding), 0.0)
  for parameters in layers[:-1]:
    x = np.maximum(dense64(x, parameters), 0.0)
  return dense64(x, layers[-1])


def impala():
  image = (hash32(100, 84 * 84 * 4) >> np.uint32(24)).astype(np.uint8).reshape(84, 84, 4)
  encoder, actions = impala_parameters(), IMPALA_ACTIONS
  hidden = layer(15, IMPALA_FEATURES, 512)
  features = networks.ImpalaEncoder().apply(
      {'params': encoder}, image.astype(np.float32) / np.float32(255.0)).reshape(-1)
  values = networks.ImpalaDQNNetwork(num_actions=actions).apply(
      {'params': {'encoder': encoder, 'Dense_0': hidden, 'Dense_1': layer(16, 512, actions)}},
      image)
  atoms = categorical(features, actions, [hidden, layer(16, 512, actions * ATOMS)])
  return {'impala.q_values': values.q_values, 'impala.logits': atoms.logits,
          'impala.categorical_q_values': atoms.q_values,
          'impala.implicit': implicit(
              features, layer(15, EMBEDDING, IMPALA_FEATURES),
              [layer(16, IMPALA_FEATURES, 512), layer(17, 512, actions)])}


def fourier(name):
  high = np.array(CLASSIC[name]['max_vals'])
  actions = CLASSIC[name]['actions']
  states = np.random.default_rng(2011).uniform(-high, high, (4, len(high))).astype(np.float32)
  states[-1] = (1.5 * high).astype(np.float32)
  basis = networks.FourierBasis(len(high), tuple(-high), tuple(high))
  size = basis.multipliers.shape[0]
  network = networks.JaxFourierDQNNetwork(
      num_actions=actions, min_vals=tuple(-high), max_vals=tuple(high))
  values = without_bias(0, size, actions)
  atoms = without_bias(0, size, actions * ATOMS)
  features = [basis.compute_features(s) for s in states]
  out = [categorical(x, actions, [atoms]) for x in features]
  return {
      'states': states, 'max_vals': high,
      'q_values': np.stack([network.apply(
          {'params': {'Dense_0': {'kernel': values['kernel']}}}, s[:, None]).q_values
                            for s in states]),
      'logits': np.stack([o.logits for o in out]),
      'categorical_q_values': np.stack([o.q_values for o in out]),
      'implicit': np.stack([implicit(x, layer(0, EMBEDDING, size), [without_bias(2, size, actions)])
                            for x in features])}


def main():
  out = {'taus': TAUS} | impala()
  for name in CLASSIC:
    out |= {f'fourier.{name}.{key}': value for key, value in fourier(name).items()}
  save_file({name: np.ascontiguousarray(value) for name, value in out.items()},
            pathlib.Path(__file__).with_suffix('.safetensors'),
            metadata={'peer': 'dopamine-rl 4.1.2, flax 0.9.0, jax 0.4.34'})
  for name, value in sorted(out.items()):
    print(f'{name:40} {np.asarray(value).dtype!s:8} {list(np.shape(value))} {np.ravel(value)[:3]}')


if __name__ == '__main__':
  main()
