#include "accumbens/networks/classic_control.h"

#include <string>

namespace accumbens {

ClassicControlDqnNetwork::ClassicControlDqnNetwork(const ClassicControlDqnOptions& options,
                                                   int64_t observation_size, int64_t stack_size,
                                                   const HeadSpec& head, RandomStream& random) {
  if (options.min_vals) {
    if (static_cast<int64_t>(options.min_vals->size()) != observation_size) {
      throw ConfigError("ClassicControlDQNNetwork.min_vals has " +
                        std::to_string(options.min_vals->size()) +
                        " values, but observations have " + std::to_string(observation_size) +
                        "; give one for each");
    }
    min_vals_ = register_buffer("min_vals", torch::tensor(*options.min_vals, torch::kFloat32));
    max_vals_ = register_buffer("max_vals", torch::tensor(*options.max_vals, torch::kFloat32));
  }

  int64_t inputs = observation_size * stack_size;
  for (int64_t i = 0; i < options.num_layers; ++i) {
    auto layer = register_module("dense" + std::to_string(i),
                                 torch::nn::Linear(inputs, options.hidden_units));
    initialize_layer(layer->weight, layer->bias, Initialization::kXavierUniform, random);
    layers_.push_back(layer);
    inputs = options.hidden_units;
  }
  make_head(head, inputs, /*hidden_units=*/0, Initialization::kXavierUniform, random);
}

torch::Tensor ClassicControlDqnNetwork::encode(const torch::Tensor& s) {
  torch::Tensor x = s.to(torch::kFloat32).flatten(2);  // [B, stack, observation]
  if (min_vals_.defined()) x = 2.0 * (x - min_vals_) / (max_vals_ - min_vals_) - 1.0;

  x = x.flatten(1);  // [B, stack * observation]
  for (torch::nn::Linear& layer : layers_) x = layer->forward(x).relu_();
  return x;
}

}  // namespace accumbens
