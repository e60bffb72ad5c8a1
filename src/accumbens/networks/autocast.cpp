#include "accumbens/networks/autocast.h"

#include <ATen/autocast_mode.h>

namespace accumbens {

Autocast::Autocast(torch::DeviceType device, torch::ScalarType type)
    : device_(device),
      before_{.enabled = at::autocast::is_autocast_enabled(device),
              .cached = at::autocast::is_autocast_cache_enabled(),
              .type = at::autocast::get_autocast_dtype(device)} {
  // cached weights would outlive the update that changes them
  const bool enabled = type != torch::kFloat32;
  set({.enabled = enabled, .cached = false, .type = enabled ? type : before_.type});
}

Autocast::~Autocast() {
  set(before_);
}

void Autocast::set(const State& state) const {
  at::autocast::set_autocast_enabled(device_, state.enabled);
  at::autocast::set_autocast_cache_enabled(state.cached);
  at::autocast::set_autocast_dtype(device_, state.type);
}

}  // namespace accumbens
