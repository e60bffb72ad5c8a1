"""Golden data for SAC as in its paper, TD3 and DDPG: updates of Stable-Baselines3 2.9.2.

Writes sb3_continuous.safetensors beside this file: for each agent the weights of the network and of
the target network before and after its updates by plain gradient descent, and the noise that torch
drew; for all of them one batch. One update of SAC, two of TD3 and DDPG.

Stable-Baselines3 moves SAC's critics before its policy follows them, Accumbens (and Dopamine) both
at once unless asked for the former. So the policy's weights are there twice: after Stable-Baselines3's
own update ("in_turn"), and after one whose critics stay where they are.

  python3 -m venv venv && venv/bin/pip install stable-baselines3==2.9.2 torch==2.13.0 safetensors
  venv/bin/python tests/oracles/sb3_continuous.py
"""

import pathlib

import gymnasium
import numpy as np
from safetensors.torch import save_file
import stable_baselines3 as sb3
from stable_baselines3.common import logger
from stable_baselines3.common.type_aliases import ReplayBufferSamples
import torch as th

N, STATE, ACTION, UNITS = 8, 5, 2, 16
GAMMA, TAU, RATE, SEED = 0.9, 0.25, 0.5, 7


class Spaces(gymnasium.Env):
  observation_space = gymnasium.spaces.Box(-9, 9, (STATE,), np.float32)
  action_space = gymnasium.spaces.Box(-1, 1, (ACTION,), np.float32)


def dense(sequential):
  return [layer for layer in sequential if isinstance(layer, th.nn.Linear)]


def weights(actor, critics, prefix):
  """Names and shapes as in Accumbens: weights [out, in], the critics side by side."""
  out = {}
  if hasattr(actor, 'log_std'):  # the last layer has means, then log-deviations
    last = (actor.mu, actor.log_std)
    layers = [(x.weight, x.bias) for x in dense(actor.latent_pi)]
    layers.append((th.cat([x.weight for x in last]), th.cat([x.bias for x in last])))
  else:
    layers = [(x.weight, x.bias) for x in dense(actor.mu)]
  for i, (weight, bias) in enumerate(layers):
    out[f'{prefix}/actor.layer{i}.weight'] = weight
    out[f'{prefix}/actor.layer{i}.bias'] = bias
    of_critics = [dense(network)[i] for network in critics.q_networks]
    out[f'{prefix}/critics.weight{i}'] = th.stack([x.weight for x in of_critics])
    out[f'{prefix}/critics.bias{i}'] = th.stack([x.bias[None] for x in of_critics])
  return {name: x.detach().clone().contiguous() for name, x in out.items()}


def make(algorithm, batch, **more):
  """A model that learns from the batch."""
  policy_kwargs = {'net_arch': [UNITS, UNITS], 'optimizer_class': th.optim.SGD}
  model = algorithm('MlpPolicy', Spaces(), learning_rate=RATE, gamma=GAMMA, tau=TAU, seed=1,
                    policy_kwargs=policy_kwargs, device='cpu', **more)
  model.set_logger(logger.configure(None, []))
  model.replay_buffer.sample = lambda *_, **__: batch
  th.manual_seed(3)
  targets = [model.critic_target]
  if hasattr(model, 'actor_target'):
    targets.append(model.actor_target)
  for target in targets:
    for parameter in target.parameters():
      parameter.data += 0.1 * th.randn_like(parameter)
  return model


def updated(model, steps):
  target_actor = getattr(model, 'actor_target', model.actor)
  data = weights(model.actor, model.critic, 'network')
  data |= weights(target_actor, model.critic_target, 'target_network')
  th.manual_seed(SEED)
  model.train(steps, N)
  data |= weights(model.actor, model.critic, 'after')
  data |= weights(target_actor, model.critic_target, 'target_after')
  return data


def sac(batch):
  kwargs = {'ent_coef': 'auto_0.5', 'target_entropy': -1.0}

  def model():
    made = make(sb3.SAC, batch, **kwargs)
    made.ent_coef_optimizer = th.optim.SGD([made.log_ent_coef], lr=RATE)
    return made

  whole, still = model(), model()
  still.critic.optimizer = th.optim.SGD([th.nn.Parameter(th.zeros(1))], lr=RATE)
  data = {'log_alpha': whole.log_ent_coef.detach().clone()}
  data |= updated(whole, 1)
  data |= {name.replace('after', 'in_turn', 1): x for name, x in data.items()
           if name.startswith('after/actor')}
  policy = {name: x for name, x in updated(still, 1).items() if 'after/actor' in name}
  data |= policy | {'log_alpha_after': whole.log_ent_coef.detach().clone()}

  # the policy draws first
  th.manual_seed(SEED)
  zeros, ones = th.zeros(N, ACTION), th.ones(N, ACTION)
  data['noise_tm1'], data['noise_t'] = th.normal(zeros, ones), th.normal(zeros, ones)
  return data


def deterministic(algorithm, batch, **kwargs):
  data = updated(make(algorithm, batch, **kwargs), 2)
  th.manual_seed(SEED)
  for step in range(2):
    data[f'noise{step}'] = th.empty(N, ACTION).normal_(0, 1)
  return data


def main():
  random = np.random.default_rng(1)
  draw = lambda *shape: th.tensor(random.normal(size=shape), dtype=th.float32)
  dones = (th.arange(N) % 3 == 0).float()[:, None]
  batch = ReplayBufferSamples(observations=draw(N, STATE), actions=0.5 * draw(N, ACTION).tanh(),
                              next_observations=draw(N, STATE), dones=dones, rewards=draw(N, 1))
  data = {'s_tm1': batch.observations, 'a_tm1': batch.actions, 'r_t': batch.rewards[:, 0],
          's_t': batch.next_observations, 'discount_t': GAMMA * (1 - dones[:, 0])}
  agents = {
      'sac': sac(batch),
      'td3': deterministic(sb3.TD3, batch, policy_delay=2, target_policy_noise=0.4,
                           target_noise_clip=0.5),
      'ddpg': deterministic(sb3.DDPG, batch),
  }
  for agent, golden in agents.items():
    data |= {f'{agent}/{name}': x for name, x in golden.items()}
  path = pathlib.Path(__file__).with_suffix('.safetensors')
  save_file(data, path, metadata={'peer': f'stable-baselines3 {sb3.__version__}, torch {th.__version__}'})
  print(f'{path.name}: {path.stat().st_size} bytes')


if __name__ == '__main__':
  main()
