#include "accumbens/networks/continuous.h"

#include <ATen/ops/_foreach_lerp.h>
#include <torch/utils.h>

#include <optional>
#include <utility>

namespace accumbens {
namespace {

// keeps parameters out of the graph while it lives
class Frozen {
 public:
  explicit Frozen(std::vector<torch::Tensor> parameters) : parameters_(std::move(parameters)) {
    std::erase_if(parameters_, [](const torch::Tensor& one) { return !one.requires_grad(); });
    for (torch::Tensor& parameter : parameters_) parameter.set_requires_grad(false);
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;
  ~Frozen() {
    for (torch::Tensor& parameter : parameters_) parameter.set_requires_grad(true);
  }

 private:
  std::vector<torch::Tensor> parameters_;
};

std::vector<int64_t> sizes_of(int64_t inputs, const std::vector<int64_t>& hidden_sizes,
                              int64_t outputs) {
  std::vector<int64_t> sizes{inputs};
  sizes.insert(sizes.end(), hidden_sizes.begin(), hidden_sizes.end());
  sizes.push_back(outputs);
  return sizes;
}

}  // namespace

torch::Tensor ContinuousActorCritic::values(const torch::Tensor& x, const torch::Tensor& a,
                                            bool frozen) {
  std::optional<Frozen> constant;
  if (frozen && torch::GradMode::is_enabled()) constant.emplace(value_parameters());
  return values_of(x, a);
}

std::vector<torch::Tensor> ContinuousActorCritic::acting_parameters() const {
  return joined(encoder_parameters(), policy_parameters());
}

std::vector<torch::Tensor> ContinuousActorCritic::critic_parameters() const {
  return joined(encoder_parameters(), value_parameters());
}

PixelEncoder::PixelEncoder(int64_t channels, int64_t height, int64_t width,
                           Initialization initialization, RandomStream& random)
    : convolutions_(*this, "VALID", channels, height, width,
                    [&](torch::Tensor& weight, torch::Tensor& bias) {
                      initialize_layer(weight, bias, initialization, random);
                    }) {}

torch::Tensor PixelEncoder::forward(const torch::Tensor& s) {
  // stacked frames may have channels of their own
  return convolutions_(s.flatten(1, s.dim() - 3));
}

DenseActorCritic::DenseActorCritic(std::shared_ptr<StateEncoder> encoder_of_states,
                                   const ActorCriticHeads& heads, RandomStream& random)
    : encoder(register_module("encoder", std::move(encoder_of_states))) {
  const int64_t features = encoder->features();
  const DenseNetwork::Shape policy{
      .sizes = sizes_of(features, heads.hidden_sizes, heads.action_size * heads.policy_outputs)};
  const DenseNetwork::Shape values{
      .sizes = sizes_of(features + heads.action_size, heads.hidden_sizes, /*outputs=*/1),
      .count = heads.num_critics,
      .spec = {.one_output = true}};
  actor = register_module("actor",
                          std::make_shared<DenseNetwork>(policy, heads.initialization, random));
  critics = register_module("critics",
                            std::make_shared<DenseNetwork>(values, heads.initialization, random));
}

void move_parameters(const std::vector<torch::Tensor>& sources,
                     const std::vector<torch::Tensor>& targets, double tau) {
  const torch::NoGradGuard no_grad;
  at::_foreach_lerp_(targets, sources, tau);
}

}  // namespace accumbens
