#include "accumbens/networks/value_head.h"

#include <numbers>

#include "accumbens/core/error.h"
#include "accumbens/networks/autocast.h"

namespace accumbens {

ValueHead::ValueHead(const HeadSpec& spec, int64_t features, int64_t hidden_units,
                     Initialization initialization, RandomStream& random)
    : spec_(spec) {
  using Kind = HeadSpec::Kind;
  const auto layer = [&](const char* name, int64_t inputs, int64_t outputs,
                         Bias bias = Bias::kPerOutput) {
    auto made =
        std::make_shared<NoisyLinear>(inputs, outputs, initialization, spec.noise, random, bias);
    layers_.push_back(made.get());
    return register_module(name, made);
  };

  if (spec.kind == Kind::kImplicitQuantile) {
    multiples_of_pi_ =
        register_constant(*this, "multiples_of_pi",
                          torch::arange(1, spec.embedding_size + 1) * std::numbers::pi_v<float>);
    embedding_ = layer("embedding", spec.embedding_size, features);
  }
  if (spec.kind == Kind::kCategorical) {
    support_ = register_constant(*this, "support", spec.support.clone());
  }

  const bool per_atom = spec.kind == Kind::kCategorical || spec.kind == Kind::kQuantile;
  const int64_t atoms = per_atom ? spec.num_atoms : 1;
  if (hidden_units > 0) hidden_ = layer("hidden", features, hidden_units);
  const int64_t inputs = hidden_units > 0 ? hidden_units : features;
  output_ = layer("output", inputs, spec.num_actions * atoms, spec.bias);
  if (!spec.dueling) return;
  if (spec.separate_streams && hidden_units == 0) {
    throw ConfigError(
        "separate_streams needs a network with a hidden layer after its encoder, as those of "
        "images; this one has none: leave separate_streams out");
  }
  if (spec.separate_streams) {
    value_hidden_ = layer("value_hidden", features, hidden_units);
  }
  value_ = layer("value", inputs, atoms, spec.bias == Bias::kShared ? Bias::kPerOutput : spec.bias);
}

torch::Tensor ValueHead::outputs(const torch::Tensor& x) const {
  const torch::Tensor hidden = hidden_ ? hidden_->forward(x).relu_() : x;
  const torch::Tensor value_hidden = value_hidden_ ? value_hidden_->forward(x).relu_() : hidden;

  // bfloat16 would round values of 100 to halves
  const Autocast exact(x.device().type(), torch::kFloat32);
  torch::Tensor y = output_->forward(hidden.to(torch::kFloat32));
  if (!value_) return y;

  // dueling: advantages without their mean over actions, around the value
  const torch::Tensor value =
      value_->forward(value_hidden.to(torch::kFloat32)).unsqueeze(-2);  // [B, 1, atoms]
  y = y.view({y.size(0), spec_.num_actions, -1});                       // [B, A, atoms]
  return (value + y - y.mean(/*dim=*/1, /*keepdim=*/true)).flatten(/*start_dim=*/1);
}

QOutput ValueHead::forward(const torch::Tensor& features) const {
  const torch::Tensor y = outputs(features);  // [B, A * atoms]
  const auto per_action = [&] { return y.view({y.size(0), spec_.num_actions, -1}); };
  switch (spec_.kind) {
    case HeadSpec::Kind::kValue:
      return {.q_values = y};
    case HeadSpec::Kind::kCategorical: {
      const torch::Tensor logits = per_action();
      const torch::Tensor probabilities = logits.softmax(/*dim=*/-1);
      return {.q_values = (probabilities * support_).sum(-1),
              .logits = logits,
              .probabilities = probabilities};
    }
    case HeadSpec::Kind::kQuantile: {
      const torch::Tensor quantiles = per_action();
      return {.q_values = quantiles.mean(-1), .quantiles = quantiles};
    }
    case HeadSpec::Kind::kImplicitQuantile:
      break;
  }
  throw Error("an implicit quantile network needs the fractions that are asked for");
}

QOutput ValueHead::forward_at(const torch::Tensor& features, const torch::Tensor& taus) const {
  // each state's features, once for each of its fractions
  const torch::Tensor cosines = (taus.unsqueeze(-1) * multiples_of_pi_).cos();  // [B, N, embedding]
  torch::Tensor embedding = embedding_->forward(cosines).relu_();               // [B, N, features]
  const torch::Tensor x = torch::GradMode::is_enabled()
                              ? embedding * features.unsqueeze(1)
                              : embedding.mul_(features.unsqueeze(1));  // by far the largest tensor
  const torch::Tensor y = outputs(x);                                   // [B, N, A]
  return {.q_values = y.mean(1), .quantiles = y.transpose(1, 2)};
}

void ValueHead::sample_noise(RandomStream& random) {
  for (NoisyLinear* layer : layers_) layer->sample_noise(random);
}

void ValueHead::clear_noise() {
  for (NoisyLinear* layer : layers_) layer->clear_noise();
}

}  // namespace accumbens
