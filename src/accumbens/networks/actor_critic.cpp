#include "accumbens/networks/actor_critic.h"

#include <ATen/ops/linalg_qr.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "accumbens/core/random_tensor.h"
#include "accumbens/networks/autocast.h"
#include "accumbens/networks/dense.h"

namespace accumbens {

void initialize_orthogonal(torch::Tensor& weight, torch::Tensor& bias, double gain,
                           RandomStream& random) {
  const torch::NoGradGuard no_grad;

  // of a tall matrix of normals, made unique by the signs of r's diagonal
  const int64_t outputs = weight.size(0);
  const int64_t inputs = weight.numel() / outputs;
  const int64_t tall = std::max(outputs, inputs);
  const int64_t wide = std::min(outputs, inputs);
  auto [q, r] = at::linalg_qr(normals({tall, wide}, random), "reduced");
  q = q * r.diagonal().sign();

  weight.copy_(gain * (outputs >= inputs ? q : q.t()).reshape(weight.sizes()));
  bias.zero_();
}

ClassicControlActorCriticNetwork::ClassicControlActorCriticNetwork(
    const ClassicControlActorCriticOptions& options, int64_t inputs, int64_t num_actions,
    int64_t action_size, RandomStream& random) {
  const auto make = [&](const std::string& name, int64_t outputs, double output_gain) {
    std::vector<torch::nn::Linear> layers;
    const auto add = [&](int64_t size, double gain) {
      const int64_t before = layers.empty() ? inputs : layers.back()->options.out_features();
      auto layer =
          register_module(name + std::to_string(layers.size()), torch::nn::Linear(before, size));
      initialize_orthogonal(layer->weight, layer->bias, gain, random);
      layers.push_back(layer);
    };
    for (const int64_t size : options.layer_sizes) add(size, std::sqrt(2.0));
    add(outputs, output_gain);
    return layers;
  };
  actor_ = make("actor", num_actions + action_size, options.policy_gain);
  critic_ = make("critic", 1, 1.0);
  if (action_size > 0) log_std_ = register_parameter("log_std", torch::zeros({action_size}));
}

PolicyOutput ClassicControlActorCriticNetwork::forward(const torch::Tensor& s) {
  const torch::Tensor x = s.to(torch::kFloat32).flatten(1);  // [B, inputs]
  const auto run = [&](const std::vector<torch::nn::Linear>& layers, bool one_output = false) {
    return dense_layers(x, layers, {.activation = Activation::kTanh, .one_output = one_output});
  };
  PolicyOutput output{.value = run(critic_, /*one_output=*/true)};
  if (log_std_.defined()) {
    output.mean = run(actor_);
    output.log_std = log_std_.expand_as(output.mean);
  } else {
    output.logits = run(actor_);
  }
  return output;
}

PolicyOutput EncodedActorCritic::forward(const torch::Tensor& s) {
  torch::Tensor x = hidden_->forward(encode(s)).relu_();  // [B, hidden_units]

  // bfloat16 would make one probability of neighbours
  const Autocast exact(x.device().type(), torch::kFloat32);
  x = x.to(torch::kFloat32);
  return {.logits = actor_->forward(x), .value = critic_->forward(x).squeeze(1)};
}

void EncodedActorCritic::make_outputs(int64_t features, int64_t hidden_units, int64_t num_actions,
                                      RandomStream& random) {
  const auto layer = [&](const char* name, int64_t inputs, int64_t outputs, double gain) {
    auto made = register_module(name, torch::nn::Linear(inputs, outputs));
    initialize_orthogonal(made->weight, made->bias, gain, random);
    return made;
  };
  hidden_ = layer("hidden", features, hidden_units, std::sqrt(2.0));
  actor_ = layer("actor", hidden_units, num_actions, 0.01);
  critic_ = layer("critic", hidden_units, 1, 1.0);
}

NatureActorCriticNetwork::NatureActorCriticNetwork(int64_t stack_size, int64_t height,
                                                   int64_t width, int64_t num_actions,
                                                   RandomStream& random)
    : convolutions_(*this, "VALID", stack_size, height, width,
                    [&](torch::Tensor& weight, torch::Tensor& bias) {
                      initialize_orthogonal(weight, bias, std::sqrt(2.0), random);
                    }) {
  make_outputs(convolutions_.features(), /*hidden_units=*/512, num_actions, random);
}

}  // namespace accumbens
