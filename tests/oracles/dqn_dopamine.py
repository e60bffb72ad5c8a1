"""Imports Dopamine's JAX agents (dopamine-rl 4.1.2) for the scripts beside this file.

The wheel imports modules that its JAX code paths never call (`baselines` is on no index,
TensorFlow, TensorFlow Probability, gym and ale-py are only named in type annotations and
environment code). They are replaced by empty stand-ins; nothing of Dopamine itself is replaced.

A fresh environment (Python 3.11):
  python3 -m venv venv
  venv/bin/pip install jax==0.4.34 jaxlib==0.4.34 flax==0.9.0 optax==0.2.3 \
      orbax-checkpoint==0.6.4 chex==0.1.87 "numpy<2.3" gin-config absl-py gymnasium \
      opencv-python-headless safetensors
  venv/bin/pip install --no-deps dopamine-rl==4.1.2
  venv/bin/python tests/oracles/dqn_loss.py
"""

import importlib.abc
import importlib.machinery
import os
import sys
import unittest.mock

# one device, one thread order: the same bytes on every run
os.environ.setdefault('JAX_PLATFORMS', 'cpu')

# modules that Dopamine imports and the functions used here never call
STAND_INS = ('baselines', 'tensorflow', 'tensorflow_probability', 'gym', 'ale_py', 'snappy')


class _StandInFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
  """Answers an import of a stand-in, or of anything inside one, with a mock module."""

  def find_spec(self, name, path, target=None):
    if name.split('.')[0] not in STAND_INS:
      return None
    return importlib.machinery.ModuleSpec(name, self, is_package=True)

  def create_module(self, spec):
    module = unittest.mock.MagicMock(name=spec.name)
    module.__path__ = []
    return module

  def exec_module(self, module):
    pass


sys.meta_path.insert(0, _StandInFinder())

from dopamine.jax import losses  # noqa: E402
from dopamine.jax import networks  # noqa: E402
from dopamine.jax.agents.dqn import dqn_agent  # noqa: E402

__all__ = ['dqn_agent', 'losses', 'networks']
from dopamine.jax.agents.implicit_quantile import implicit_quantile_agent  # noqa: E402
from dopamine.jax.agents.quantile import quantile_agent  # noqa: E402
from dopamine.jax.agents.rainbow import rainbow_agent  # noqa: E402
