"""Reads and writes safetensors with Hugging Face's own package, for tests/run/safetensors_test.cpp.

safetensors_roundtrip.py print FILE   one line per tensor: name, type, shape, values as float
safetensors_roundtrip.py write FILE   writes the tensors that the test expects
"""

import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

TYPES = [
    torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.bool,
]


def name(dtype):
  return str(dtype).removeprefix('torch.')


def main(command, path):
  if command == 'write':
    tensors = {name(t): torch.tensor([[0, 1, 2], [3, 4, 5]]).to(t) for t in TYPES}
    tensors['scalar'] = torch.tensor(0.1, dtype=torch.float64)
    tensors['empty'] = torch.empty((0, 3))
    save_file(tensors, path, metadata={'written by': 'Python'})
    return
  with safe_open(path, framework='pt') as file:
    for key, value in sorted((file.metadata() or {}).items()):
      print('metadata', key, value)
  for key, tensor in sorted(load_file(path).items()):
    values = [repr(v) for v in tensor.to(torch.float64).flatten().tolist()]
    print(key, name(tensor.dtype), list(tensor.shape), *values)


main(*sys.argv[1:])
