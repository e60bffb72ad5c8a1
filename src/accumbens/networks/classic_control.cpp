#include "accumbens/networks/classic_control.h"

#include <string>

#include "accumbens/networks/dense.h"

namespace accumbens {

ClassicControlDqnNetwork::ClassicControlDqnNetwork(const ClassicControlDqnOptions& options,
                                                   int64_t observation_size, int64_t stack_size,
                                                   const HeadSpec& head, RandomStream& random)
    : rescale_(*this, "ClassicControlDQNNetwork", options.min_vals, options.max_vals,
               observation_size) {
  const Initialization initialization = initialization_named(options.initialization);
  const auto sizes = options.layer_sizes.value_or(
      std::vector<int64_t>(static_cast<size_t>(options.num_layers), options.hidden_units));

  int64_t inputs = observation_size * stack_size;
  for (const int64_t units : sizes) {
    auto layer =
        register_module("dense" + std::to_string(layers_.size()), torch::nn::Linear(inputs, units));
    initialize_layer(layer->weight, layer->bias, initialization, random);
    layers_.push_back(layer);
    inputs = units;
  }
  make_head(head, inputs, /*hidden_units=*/0, initialization, random);
}

torch::Tensor ClassicControlDqnNetwork::encode(const torch::Tensor& s) {
  torch::Tensor x = rescale_(s.to(torch::kFloat32).flatten(2));  // [B, stack, observation]
  if (rescale_.given()) x = 2.0 * x - 1.0;

  return dense_layers(x.flatten(1), layers_, {.activated_output = true});
}

}  // namespace accumbens
