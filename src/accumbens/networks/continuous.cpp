#include "accumbens/networks/continuous.h"

#include <ATen/ops/_foreach_lerp.h>
#include <torch/utils.h>

#include <optional>
#include <utility>

namespace accumbens {
namespace {

std::vector<torch::Tensor> joined(std::vector<torch::Tensor> tensors,
                                  const std::vector<torch::Tensor>& more) {
  tensors.insert(tensors.end(), more.begin(), more.end());
  return tensors;
}

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

std::shared_ptr<DenseNetwork> dense(int64_t inputs, const std::vector<int64_t>& hidden_sizes,
                                    int64_t outputs, DenseNetwork::Shape shape,
                                    Initialization initialization, RandomStream& random) {
  shape.sizes = {inputs};
  shape.sizes.insert(shape.sizes.end(), hidden_sizes.begin(), hidden_sizes.end());
  shape.sizes.push_back(outputs);
  return std::make_shared<DenseNetwork>(shape, initialization, random);
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
    : encoder(register_module("encoder", std::move(encoder_of_states))),
      actor(register_module("actor", dense(encoder->features(), heads.hidden_sizes,
                                           heads.action_size * heads.policy_outputs, {},
                                           heads.initialization, random))),
      critics(register_module(
          "critics",
          dense(encoder->features() + heads.action_size, heads.hidden_sizes, /*outputs=*/1,
                {.sizes = {}, .count = heads.num_critics, .spec = {.one_output = true}},
                heads.initialization, random))) {}

void move_parameters(const std::vector<torch::Tensor>& sources,
                     const std::vector<torch::Tensor>& targets, double tau) {
  const torch::NoGradGuard no_grad;
  at::_foreach_lerp_(targets, sources, tau);
}

}  // namespace accumbens
