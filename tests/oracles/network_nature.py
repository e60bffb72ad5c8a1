"""Writes network_nature.safetensors and network_classic.safetensors: Q-values of Dopamine's nets.

Peer: dopamine-rl 4.1.2, `networks.NatureDQNNetwork` and `networks.ClassicControlDQNNetwork`.
The weights are too big to keep (16 MB), so both sides make them from a formula, exactly:

  uint32 mix(uint32 h):                 # MurmurHash3's finaliser, arithmetic modulo 2^32
    h ^= h >> 16;  h *= 0x85ebca6b
    h ^= h >> 13;  h *= 0xc2b2ae35
    h ^= h >> 16;  return h
  uint32 hash(uint32 tensor, uint32 i) = mix(i + tensor * 0x9e3779b9)
  double unit(tensor, i)               = hash(tensor, i) / 4294967296.0 - 0.5     # exact, [-.5, .5)
  kernel[i] = float(unit(tensor, i) * (2.0 * sqrt(6.0 / fan_in)))    # double, then float
  bias[i]   = float(unit(tensor, i) * 0.2)

`i` counts the elements of one tensor in the order of flax's layout: convolution kernels
[height, width, in, out], dense kernels [in, out], the last axis fastest. fan_in is
height * width * in, or in. `tensor` numbers the tensors of one network from 0: kernel 0, bias 1 of
the first layer, kernel 2, bias 3 of the second, and so on. Features are flattened as
[height, width, channel] before the first dense layer.

Nature: convolutions 32@8x8/4, 64@4x4/2, 64@3x3/1, each + ReLU, then 512 + ReLU, then 6 actions;
  tensors 0..9. Input: uint8 [84, 84, 4] (height, width, frame), divided by 255;
  pixel[n][i] = hash(100 + n, i) >> 24 for image n of 2, i over [84, 84, 4].
  Padding SAME: (before, after) is (2, 2), (1, 2), (1, 1) in both axes -> 21, 11, 11.
  The `valid` results are the same formulas with VALID padding -> 20, 9, 7 (no peer, numpy only).
Classic: layers of 512, 512 with ReLU, then the actions; tensors 0..5. Input s of float32 rescaled
  to 2 (s - min) / (max - min) - 1, without clipping; the last state of each is out of range.

`*.float64` is the same network evaluated in numpy's float64 from the float32 weights and inputs.
How to run: see dqn_dopamine.py.
"""

import pathlib

from dqn_dopamine import networks
import jax
import numpy as np
from safetensors.numpy import save_file

ATARI_ACTIONS = 6
# kernel height and width, input channels, output channels, stride
CONVOLUTIONS = ((8, 4, 32, 4), (4, 32, 64, 2), (3, 64, 64, 1))

# Dopamine's gin constants jax_networks.{CARTPOLE,ACROBOT}_{MIN,MAX}_VALS, and the action counts
CLASSIC = {
    'cartpole': dict(actions=2, max_vals=(2.4, 5.0, np.pi / 12.0, np.pi * 2.0)),
    'acrobot': dict(actions=3, max_vals=(1.0, 1.0, 1.0, 1.0, 5.0, 5.0)),
}


def hash32(tensor, count):
  """uint32 hashes of elements 0..count-1 of a numbered tensor."""
  h = np.arange(count, dtype=np.uint32) + np.uint32(tensor * 0x9E3779B9 % 2**32)
  h ^= h >> np.uint32(16)
  h *= np.uint32(0x85EBCA6B)
  h ^= h >> np.uint32(13)
  h *= np.uint32(0xC2B2AE35)
  h ^= h >> np.uint32(16)
  return h


def formula(tensor, shape, scale):
  """float32 values in [-scale / 2, scale / 2)."""
  unit = hash32(tensor, int(np.prod(shape))).astype(np.float64) / 2.0**32 - 0.5
  return (unit * scale).astype(np.float32).reshape(shape)


def layer(index, *kernel_shape):
  """Kernel and bias of the layer with this index."""
  fan_in = int(np.prod(kernel_shape[:-1]))
  return {'kernel': formula(2 * index, kernel_shape, 2.0 * np.sqrt(6.0 / fan_in)),
          'bias': formula(2 * index + 1, kernel_shape[-1:], 0.2)}


def dense64(x, parameters):
  """A dense layer in float64."""
  return x @ parameters['kernel'].astype(np.float64) + parameters['bias']


def convolution64(x, parameters, stride, padding):
  """A convolution of [H, W, C] in float64; SAME pads as TensorFlow does."""
  kernel = parameters['kernel'].astype(np.float64)
  size = kernel.shape[0]
  if padding == 'SAME':
    total = max((-(-len(x) // stride) - 1) * stride + size - len(x), 0)
    x = np.pad(x, ((total // 2, total - total // 2),) * 2 + ((0, 0),))
  windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(0, 1))
  windows = windows[::stride, ::stride]  # [H', W', C, size, size]
  return np.einsum('abcij,ijco->abo', windows, kernel, optimize=True) + parameters['bias']


def nature64(layers, image, padding):
  """(hidden [512], q-values [A]) in float64."""
  x = image / 255.0
  for parameters, (_, _, _, stride) in zip(layers, CONVOLUTIONS):
    x = np.maximum(convolution64(x, parameters, stride, padding), 0.0)
  hidden = np.maximum(dense64(x.reshape(-1), layers[3]), 0.0)
  return hidden, dense64(hidden, layers[4])


def nature():
  images = np.stack([(hash32(100 + n, 84 * 84 * 4) >> np.uint32(24)).astype(np.uint8)
                     .reshape(84, 84, 4) for n in range(2)])  # [2, 84, 84, 4]
  tensors = {'pixel_sums': images.reshape(2, -1).sum(axis=1, dtype=np.int64)}
  convolutions = [layer(i, k, k, c, o) for i, (k, c, o, _) in enumerate(CONVOLUTIONS)]

  for padding, features in (('SAME', 11 * 11 * 64), ('VALID', 7 * 7 * 64)):
    layers = convolutions + [layer(3, features, 512), layer(4, 512, ATARI_ACTIONS)]
    outputs = [nature64(layers, image, padding) for image in images]
    name = padding.lower()
    tensors[f'{name}.hidden.float64'] = np.stack([hidden for hidden, _ in outputs])
    tensors[f'{name}.q_values.float64'] = np.stack([q_values for _, q_values in outputs])

    # the peer itself has SAME padding only
    if padding == 'SAME':
      network = networks.NatureDQNNetwork(num_actions=ATARI_ACTIONS)
      names = ('Conv_0', 'Conv_1', 'Conv_2', 'Dense_0', 'Dense_1')
      apply = jax.jit(lambda x: network.apply({'params': dict(zip(names, layers))}, x).q_values)
      tensors['same.q_values'] = np.stack([apply(image) for image in images])
      np.testing.assert_allclose(tensors['same.q_values'], tensors['same.q_values.float64'],
                                 rtol=1e-4, atol=1e-5)
      # the first weights and pixels, to tell a wrong formula from a wrong network
      tensors['first_kernel'] = layers[0]['kernel'].reshape(-1)[:16]
      tensors['first_bias'] = layers[0]['bias'][:16]
      tensors['first_pixels'] = images.reshape(2, -1)[:, :16]
  return tensors


def classic():
  tensors = {}
  generator = np.random.default_rng(1983)
  for name, case in CLASSIC.items():
    high = np.array(case['max_vals'])
    low = -high
    states = generator.uniform(low, high, (5, len(high))).astype(np.float32)
    states[-1] = (1.5 * high).astype(np.float32)
    layers = [layer(0, len(high), 512), layer(1, 512, 512), layer(2, 512, case['actions'])]

    network = networks.ClassicControlDQNNetwork(
        num_actions=case['actions'], min_vals=tuple(low), max_vals=tuple(high))
    parameters = {'params': dict(zip(('layers_0', 'layers_1', 'final_layer'), layers))}
    # the agent's state is [observation, stack]
    q_values = np.stack([network.apply(parameters, s[:, None]).q_values for s in states])

    x = 2.0 * (states.astype(np.float64) - low) / (high - low) - 1.0
    for parameters in layers[:-1]:
      x = np.maximum(dense64(x, parameters), 0.0)
    q_values64 = dense64(x, layers[-1])
    np.testing.assert_allclose(q_values, q_values64, rtol=1e-4, atol=1e-5)
    tensors |= {f'{name}.states': states, f'{name}.min_vals': low, f'{name}.max_vals': high,
                f'{name}.q_values': q_values, f'{name}.q_values.float64': q_values64}
  return tensors


def main():
  folder = pathlib.Path(__file__).parent
  for name, tensors in (('network_nature', nature()), ('network_classic', classic())):
    save_file(tensors, folder / f'{name}.safetensors',
              metadata={'peer': 'dopamine-rl 4.1.2, flax 0.9.0, jax 0.4.34'})
    for key, value in sorted(tensors.items()):
      print(f'{name}: {key:28} {value.dtype!s:8} {list(value.shape)}')
    for key, value in sorted(tensors.items()):
      if 'hidden' not in key:
        print(key, value.tolist())


if __name__ == '__main__':
  main()
