"""Writes rlax_losses.safetensors: rlax's value losses, as DQN Zoo uses them, with gradients.

Peer: rlax 0.1.9 (jax 0.10.2), float32 on a CPU. B = 8 transitions, A = 4 actions, N = 51 atoms on
[-10, 10] or 20 quantiles; inputs are drawn here and stored beside the results.

  python3 -m venv venv && venv/bin/pip install rlax==0.1.9 jax==0.10.2 safetensors
  venv/bin/python tests/oracles/rlax_losses.py
"""

import os
import pathlib

os.environ.setdefault('JAX_PLATFORMS', 'cpu')

import jax
import jax.numpy as jnp
import numpy as np
import rlax
from safetensors.numpy import save_file

B, A, ATOMS, QUANTILES = 8, 4, 51, 20

# rlax checks with chex that jax's own types come in
generator = np.random.default_rng(20170721)


def normal(*shape, scale=1.0):
  return (scale * generator.normal(size=shape)).astype(np.float32)


def total_and_gradient(loss, x, *rest):
  """Losses [B] and the gradient of their mean with respect to x [B, ...]."""
  losses = jax.vmap(loss)(x, *rest)
  gradient = jax.grad(lambda y: jax.vmap(loss)(y, *rest).mean())(jnp.asarray(x))
  return np.asarray(losses), np.asarray(gradient)


def main():
  a_tm1 = np.array([0, 1, 2, 3, 3, 2, 1, 0], np.int32)
  r_t = np.array([0.0, 1.0, -1.0, 12.5, -13.0, 0.25, 1.0, -1.0], np.float32)
  discount_t = np.array([0.99, 0.99, 0.97, 0.99, 0.97, 0.5, 0.0, 0.0], np.float32)
  out = {'a_tm1': a_tm1.astype(np.int64), 'r_t': r_t, 'discount_t': discount_t}

  # double Q-learning
  q_tm1, q_t, q_t_selector = normal(B, A), normal(B, A), normal(B, A)
  out |= {'q_tm1': q_tm1, 'q_t': q_t, 'q_t_selector': q_t_selector}
  out['double_q.td_error'] = np.asarray(
      jax.vmap(rlax.double_q_learning)(q_tm1, a_tm1, r_t, discount_t, q_t, q_t_selector))

  # the projection, with atoms on the support exactly and far outside
  support = np.linspace(-10, 10, ATOMS).astype(np.float32)
  atoms = np.sort(normal(B, 13, scale=8.0), axis=1)
  atoms[:, 0], atoms[:, 5], atoms[:, 12] = support[0], support[25], support[-1]
  atoms[0, :] = support[10:23]
  atoms = np.sort(atoms, axis=1)
  probabilities = np.asarray(jax.nn.softmax(normal(B, 13), axis=1))
  out |= {'support': support, 'atoms': atoms, 'probabilities': probabilities}
  out['projection'] = np.asarray(
      jax.vmap(rlax.categorical_l2_project, (0, 0, None))(atoms, probabilities, support))

  # C51 and its double form
  logits_tm1, logits_t = normal(B, A, ATOMS), normal(B, A, ATOMS)
  out |= {'logits_tm1': logits_tm1, 'logits_t': logits_t}
  out['categorical.losses'], out['categorical.gradient'] = total_and_gradient(
      lambda logits, a, r, d, target: rlax.categorical_q_learning(
          support, logits, a, r, d, support, target),
      logits_tm1, a_tm1, r_t, discount_t, logits_t)
  out['categorical_double.losses'], out['categorical_double.gradient'] = total_and_gradient(
      lambda logits, a, r, d, target, selector: rlax.categorical_double_q_learning(
          support, logits, a, r, d, support, target, selector),
      logits_tm1, a_tm1, r_t, discount_t, logits_t, q_t_selector)

  # quantile regression
  quantiles_tm1, quantiles_t = normal(B, QUANTILES, A, scale=2), normal(B, QUANTILES, A, scale=2)
  taus = generator.uniform(size=(B, QUANTILES)).astype(np.float32)
  out |= {'quantiles_tm1': quantiles_tm1, 'quantiles_t': quantiles_t, 'taus': taus}
  for kappa in (0.0, 0.5, 1.0):
    name = f'quantile_kappa_{kappa}'
    out[f'{name}.losses'], out[f'{name}.gradient'] = total_and_gradient(
        lambda quantiles, tau, a, r, d, target, k=kappa: rlax.quantile_q_learning(
            quantiles, tau, a, r, d, target, target, huber_param=k),
        quantiles_tm1, taus, a_tm1, r_t, discount_t, quantiles_t)

  # DQN Zoo's loss with importance weights (dqn_zoo/prioritized/agent.py): gradients are clipped
  # behind the weights
  weights = generator.uniform(0.1, 1.0, size=B).astype(np.float32)
  big_q_tm1 = normal(B, A, scale=3.0)
  out |= {'weights': weights, 'big_q_tm1': big_q_tm1}

  def weighted_loss(q):
    td_errors = jax.vmap(rlax.double_q_learning)(q, a_tm1, r_t, discount_t, q_t, q_t_selector)
    td_errors = rlax.clip_gradient(td_errors, -1 / B, 1 / B)
    return jnp.mean(rlax.l2_loss(td_errors) * weights)

  out['clipped_gradient.loss'] = np.asarray(weighted_loss(big_q_tm1))
  out['clipped_gradient.gradient'] = np.asarray(jax.grad(weighted_loss)(jnp.asarray(big_q_tm1)))

  save_file({name: np.ascontiguousarray(value) for name, value in out.items()},
            pathlib.Path(__file__).with_suffix('.safetensors'),
            metadata={'peer': f'rlax {rlax.__version__}, jax {jax.__version__}'})
  for name, value in sorted(out.items()):
    print(f'{name:32} {value.dtype!s:8} {list(value.shape)}')


if __name__ == '__main__':
  main()
