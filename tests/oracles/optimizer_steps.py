"""Writes optimizer_steps.safetensors: ten steps of each optimizer Dopamine can create.

Peer: dopamine-rl 4.1.2, `dqn_agent.create_optimizer`, on optax 0.2.3. Every case starts from
`initial` and applies `gradients[0..9]`; `<case>.float32` and `<case>.float64` hold the parameters
after each step, [10, 5, 7]. The cases' arguments are CASES below. In optax (v = second moment,
m = first moment, c = steps done before this one, t = c + 1, no bias correction in RMSProp):
  adam              p -= lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
  rmsprop           p -= lr * g / sqrt(v + eps)             epsilon inside the root; torch's outside
  rmsprop centered  p -= lr * g / sqrt(v - m^2 + eps)
  sgd               p -= lr * g
  annealed          lr * (1 - min(c, anneal_steps) / anneal_steps): the first step takes all of lr
`main` checks each file against these formulas written in numpy. How to run: see dqn_dopamine.py.
"""

import pathlib

from dqn_dopamine import dqn_agent
import jax
from jax.experimental import enable_x64
import jax.numpy as jnp
import numpy as np
import optax
from safetensors.numpy import save_file

STEPS, SHAPE = 10, (5, 7)
CASES = {
    'adam': dict(name='adam', learning_rate=0.01, beta1=0.9, beta2=0.999, eps=1.5e-4),
    'adam_annealed': dict(name='adam', learning_rate=0.01, beta1=0.9, beta2=0.999, eps=1.5e-4,
                          anneal_learning_rate=True, anneal_steps=8),
    'rmsprop_centered': dict(name='rmsprop', learning_rate=0.01, beta2=0.95, eps=1e-5,
                             centered=True),
    'rmsprop': dict(name='rmsprop', learning_rate=0.01, beta2=0.95, eps=1e-5, centered=False),
    'sgd': dict(name='sgd', learning_rate=0.01),
}


def run_peer(arguments, initial, gradients):
  """Parameters after each step, [10, 5, 7], in the type of `initial`."""
  optimizer = dqn_agent.create_optimizer(**arguments)
  parameters = jnp.asarray(initial)
  state = optimizer.init(parameters)
  trace = []
  for gradient in gradients:
    updates, state = optimizer.update(jnp.asarray(gradient), state, params=parameters)
    parameters = optax.apply_updates(parameters, updates)
    trace.append(np.asarray(parameters))
  return np.stack(trace)


def run_formula(arguments, initial, gradients):
  """The docstring's formulas, in float64."""
  a = dict(beta1=0.9, beta2=0.999, eps=1.5e-4, centered=False, anneal_steps=1_000_000,
           anneal_learning_rate=False) | arguments
  decay = a['beta1'] if a['name'] == 'adam' else a['beta2']
  p, m, v, trace = initial.copy(), 0.0, 0.0, []
  for c, g in enumerate(gradients):
    rate = a['learning_rate']
    if a['anneal_learning_rate']:
      rate *= 1.0 - min(c, a['anneal_steps']) / a['anneal_steps']
    m = decay * m + (1.0 - decay) * g
    v = a['beta2'] * v + (1.0 - a['beta2']) * g**2
    if a['name'] == 'adam':
      m_hat, v_hat = m / (1.0 - a['beta1']**(c + 1)), v / (1.0 - a['beta2']**(c + 1))
      p = p - rate * m_hat / (np.sqrt(v_hat) + a['eps'])
    elif a['name'] == 'rmsprop':
      p = p - rate * g / np.sqrt(v - (m**2 if a['centered'] else 0.0) + a['eps'])
    else:
      p = p - rate * g
    trace.append(p)
  return np.stack(trace)


def main():
  # gradients of many sizes, so that epsilon decides some elements and not others; some are zero
  generator = np.random.default_rng(532)
  initial = generator.normal(0.0, 0.1, SHAPE).astype(np.float32)
  gradients = generator.normal(size=(STEPS, *SHAPE))
  gradients *= 10.0 ** generator.uniform(-5.0, 1.0, SHAPE)
  gradients[:, 0, 0] = 0.0
  gradients = gradients.astype(np.float32)

  tensors = {'initial': initial, 'gradients': gradients}
  for case, arguments in CASES.items():
    tensors[f'{case}.float32'] = run_peer(arguments, initial, gradients)
    with enable_x64():
      tensors[f'{case}.float64'] = run_peer(
          arguments, initial.astype(np.float64), gradients.astype(np.float64))
    assert tensors[f'{case}.float32'].dtype == np.float32
    assert tensors[f'{case}.float64'].dtype == np.float64

    # the peer agrees with the formulas, tightly where it computes in float64
    formula = run_formula(arguments, initial.astype(np.float64), gradients.astype(np.float64))
    print(case, 'max |float64 - formula|', abs(tensors[f'{case}.float64'] - formula).max(),
          'max |float32 - formula|', abs(tensors[f'{case}.float32'] - formula).max())
    np.testing.assert_allclose(tensors[f'{case}.float64'], formula, rtol=0, atol=1e-9)

  save_file(tensors, pathlib.Path(__file__).with_suffix('.safetensors'),
            metadata={'peer': 'dopamine-rl 4.1.2, optax 0.2.3, jax 0.4.34'})
  for name, value in sorted(tensors.items()):
    print(f'{name:28} {value.dtype!s:8} {list(value.shape)}')


if __name__ == '__main__':
  main()
