#pragma once

#include <torch/types.h>

#include <string>

namespace accumbens {

/// What convolutions and matrix products of this thread on a kind of device are computed in while
/// it lives: bfloat16 (torch's autocast), which is faster on processors and GPUs that have it and
/// keeps three digits, or float32. Their outputs are of that type. Parameters and their gradients
/// are float32 in any case.
class Autocast {
 public:
  /// type: kBFloat16 or kFloat32.
  Autocast(torch::DeviceType device, torch::ScalarType type);
  ~Autocast();

  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  // what is said now, and what was said before
  struct State {
    bool enabled;
    bool cached;
    torch::ScalarType type;
  };
  void set(const State& state) const;

  torch::DeviceType device_;
  State before_;
};

/// "float32" or "bfloat16", as options name them.
inline torch::ScalarType autocast_type(const std::string& name) {
  return name == "bfloat16" ? torch::kBFloat16 : torch::kFloat32;
}

}  // namespace accumbens
