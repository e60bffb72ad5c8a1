#pragma once

#include <torch/types.h>

#include <map>
#include <string>

#include "accumbens/core/safetensors.h"

namespace accumbens {

/// The tensors of tests/oracles/<name>.safetensors.
inline std::map<std::string, torch::Tensor> golden_tensors(const std::string& name) {
  return read_safetensors(ACCUMBENS_SOURCE_DIR "/tests/oracles/" + name + ".safetensors").tensors;
}

}  // namespace accumbens
