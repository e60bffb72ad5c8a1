"""Golden data for SAC: one update of dopamine-rl 4.1.2 with plain gradient descent of rate 1.

Writes sac_dopamine.safetensors beside this file: the weights of the network and of the target
network, a batch, the noise that JAX drew, the losses, and the weights and log(alpha) afterwards.
How to install the peer: see dqn_dopamine.py; here also

    venv/bin/pip install tensorflow-probability==0.25.0
    venv/bin/python tests/oracles/sac_dopamine.py
"""

import pathlib

import tensorflow_probability.substrates.jax  # noqa: F401, before it has a stand-in
import dqn_dopamine  # noqa: F401, stands in for what is never called
from dopamine.jax import continuous_networks
from dopamine.jax.agents.sac import sac_agent
import jax
import jax.numpy as jnp
import numpy as np
import optax
from safetensors.numpy import save_file

N, STATE, ACTION, UNITS = 8, 5, 2, 16
LOW, HIGH = (-2.0, -1.0), (2.0, 3.0)
GAMMA, TARGET_ENTROPY, SCALE = 0.9, -1.0, 0.5


def weights(params, prefix):
  """Names and shapes as in Accumbens: weights [out, in], the critics side by side."""
  p = params['params']
  out = {}
  for i in range(3):
    dense = lambda part: p[part][f'Dense_{i}']
    out[f'{prefix}/actor.layer{i}.weight'] = dense('_actor')['kernel'].T
    out[f'{prefix}/actor.layer{i}.bias'] = dense('_actor')['bias']
    critics = ('_critic1', '_critic2')
    out[f'{prefix}/critics.weight{i}'] = jnp.stack([dense(c)['kernel'].T for c in critics])
    out[f'{prefix}/critics.bias{i}'] = jnp.stack([dense(c)['bias'][None] for c in critics])
  return out


def drawn_noise(network, params, states, keys):
  """What was drawn for each state: back from the action to the normal behind it."""
  centre, reach = (np.array(HIGH) + LOW) / 2, (np.array(HIGH) - LOW) / 2
  noise = []
  for state, key in zip(states, keys):
    actor = network.apply(params, state, key, method=network.actor)
    u = np.arctanh((np.asarray(actor.sampled_action, np.float64) - centre) / reach)
    p = params['params']['_actor']
    x = state
    for i in range(2):
      x = jax.nn.relu(x @ p[f'Dense_{i}']['kernel'] + p[f'Dense_{i}']['bias'])
    mean, log_std = np.split(np.asarray(x @ p['Dense_2']['kernel'] + p['Dense_2']['bias'],
                                        np.float64), 2)
    noise.append((u - mean) / np.exp(log_std))
  return np.stack(noise)


def main():
  limits = (LOW, HIGH)
  network = continuous_networks.ActorCriticNetwork((ACTION,), 2, UNITS, limits)
  rng = np.random.RandomState(1)
  key = jax.random.PRNGKey(7)
  online = network.init(jax.random.PRNGKey(1), jnp.zeros(STATE), key)
  target = network.init(jax.random.PRNGKey(2), jnp.zeros(STATE), key)
  shift = lambda x: x + 0.05 * rng.standard_normal(x.shape).astype(np.float32)
  online, target = jax.tree.map(shift, online), jax.tree.map(shift, target)

  # Dopamine finds log-probabilities back through tanh in float32, which is exact in its middle only
  for params in (online, target):
    bias = params['params']['_actor']['Dense_2']['bias']
    params['params']['_actor']['Dense_2']['bias'] = bias.at[ACTION:].add(-1.5)

  states, next_states = (rng.standard_normal((N, STATE)).astype(np.float32) for _ in range(2))
  actions = rng.uniform(LOW, HIGH, (N, ACTION)).astype(np.float32)
  rewards = rng.standard_normal(N).astype(np.float32)
  terminals = (np.arange(N) % 3 == 0).astype(np.float32)
  log_alpha = jnp.full(1, -0.7)

  keys = [jax.random.split(k, 2) for k in jax.random.split(key, num=N)]
  noise_t = drawn_noise(network, target, next_states, [k[0] for k in keys])
  noise_tm1 = drawn_noise(network, online, states, [k[1] for k in keys])

  descent = optax.sgd(1.0)
  result = sac_agent.train(network, descent, descent, descent.init(online),
                           descent.init(log_alpha), online, target, log_alpha, key, states,
                           actions, next_states, rewards, terminals, GAMMA, TARGET_ENTROPY, SCALE)
  data = weights(online, 'network') | weights(target, 'target_network')
  data |= weights(result['network_params'], 'after')
  data |= {
      's_tm1': states, 'a_tm1': actions, 'r_t': rewards, 's_t': next_states,
      'discount_t': GAMMA * (1 - terminals), 'noise_t': noise_t, 'noise_tm1': noise_tm1,
      'log_alpha': log_alpha, 'log_alpha_after': result['log_alpha'],
      'critic_loss': result['Losses/Critic'], 'policy_loss': result['Losses/Actor'],
      'alpha_loss': result['Losses/Alpha'],
  }
  path = pathlib.Path(__file__).with_name('sac_dopamine.safetensors')
  save_file({name: np.asarray(x, np.float32).reshape(x.shape) for name, x in data.items()}, path)
  print(f'{path.name}: {path.stat().st_size} bytes')


if __name__ == '__main__':
  main()
