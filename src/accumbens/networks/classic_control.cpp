#include "accumbens/networks/classic_control.h"

#include <string>

namespace accumbens {

ClassicControlDqnNetwork::ClassicControlDqnNetwork(const ClassicControlDqnOptions& options,
                                                   int64_t observation_size, int64_t stack_size,
                                                   int64_t num_actions, RandomStream& random) {
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
  for (int64_t i = 0; i <= options.num_layers; ++i) {
    const int64_t outputs = i < options.num_layers ? options.hidden_units : num_actions;
    auto layer = register_module("dense" + std::to_string(i), torch::nn::Linear(inputs, outputs));
    initialize_layer(layer->weight, layer->bias, Initialization::kXavierUniform, random);
    layers_.push_back(layer);
    inputs = outputs;
  }
}

QOutput ClassicControlDqnNetwork::forward(const torch::Tensor& s) {
  torch::Tensor x = s.to(torch::kFloat32).flatten(2);  // [B, stack, observation]
  if (min_vals_.defined()) x = 2.0 * (x - min_vals_) / (max_vals_ - min_vals_) - 1.0;

  x = x.flatten(1);  // [B, stack * observation]
  for (size_t i = 0; i + 1 < layers_.size(); ++i) x = layers_[i]->forward(x).relu_();
  return {layers_.back()->forward(x)};
}

}  // namespace accumbens
