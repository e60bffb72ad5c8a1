"""Writes policy_gradient.safetensors: rlax's advantages, n-step returns and PPO loss with gradient.

Peer: rlax 0.1.9 (jax 0.10.2), float32 on a CPU. T = 12 steps of one stream with an end in the
middle; N = 16 samples. Inputs are drawn here and stored beside the results. How to run: see
rlax_losses.py.
"""

import os
import pathlib

os.environ.setdefault('JAX_PLATFORMS', 'cpu')

import jax
import jax.numpy as jnp
import numpy as np
import rlax
from safetensors.numpy import save_file

T, N, A = 12, 16, 5
generator = np.random.default_rng(20160608)


def main():
  r_t = generator.normal(size=T).astype(np.float32)
  discount_t = np.full(T, 0.97, np.float32)
  discount_t[5] = 0.0
  values = generator.normal(size=T + 1).astype(np.float32)
  out = {'r_t': r_t, 'discount_t': discount_t, 'values': values}
  for lambda_ in (0.0, 0.9, 1.0):
    out[f'advantages_{lambda_}'] = np.asarray(
        rlax.truncated_generalized_advantage_estimation(r_t, discount_t, lambda_, values))

  for n in (1, 4, T):
    out[f'returns_{n}'] = np.asarray(
        rlax.n_step_bootstrapped_returns(r_t, discount_t, values[1:], n))

  # the policy's loss as a function of its logits
  logits = (2 * generator.normal(size=(N, A))).astype(np.float32)
  old_logits = logits + (0.3 * generator.normal(size=(N, A))).astype(np.float32)
  actions = generator.integers(A, size=N)
  advantages = generator.normal(size=N).astype(np.float32)
  old_log_prob = np.asarray(rlax.softmax().logprob(actions, old_logits))

  def loss(x):
    ratio = jnp.exp(rlax.softmax().logprob(actions, x) - old_log_prob)
    return rlax.clipped_surrogate_pg_loss(ratio, advantages, 0.2)

  out |= {
      'logits': logits, 'actions': actions, 'advantages': advantages, 'old_log_prob': old_log_prob,
      'loss': np.asarray(loss(logits)), 'gradient': np.asarray(jax.grad(loss)(jnp.asarray(logits))),
      'entropy': np.asarray(rlax.softmax().entropy(logits)),
  }
  save_file({name: np.ascontiguousarray(value) for name, value in out.items()},
            pathlib.Path(__file__).with_suffix('.safetensors'),
            metadata={'peer': f'rlax {rlax.__version__}, jax {jax.__version__}'})
  for name, value in sorted(out.items()):
    print(f'{name:20} {value.dtype!s:8} {list(value.shape)}')


if __name__ == '__main__':
  main()
