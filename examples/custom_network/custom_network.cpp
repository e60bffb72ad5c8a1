// A network from outside the library: two streams for values and advantages (Wang et al., 2016).
#include <torch/nn/modules/linear.h>

#include "accumbens/app/command_line.h"
#include "accumbens/run/catalogue.h"

using namespace accumbens;

// declared once: Gin, `explain` and the checks know them from here
struct DuelingOptions {
  int64_t hidden_units = 128;

  void fields(auto& field) {
    field("hidden_units", hidden_units, "units of the hidden layer", at_least(1));
  }
};

class DuelingNetwork final : public QNetwork {
 public:
  DuelingNetwork(const DuelingOptions& options, int64_t inputs, int64_t num_actions,
                 RandomStream& random)
      : hidden_(inputs, options.hidden_units),
        value_(options.hidden_units, 1),
        advantage_(options.hidden_units, num_actions) {
    // torch saves and trains what is registered; the weights come from the run's seed
    register_module("hidden", hidden_);
    register_module("value", value_);
    register_module("advantage", advantage_);
    for (torch::nn::Linear layer : {hidden_, value_, advantage_}) {
      initialize_layer(layer->weight, layer->bias, Initialization::kXavierUniform, random);
    }
  }

  // s: [B, stack, ...]
  QOutput forward(const torch::Tensor& s) override {
    const torch::Tensor x = hidden_->forward(s.to(torch::kFloat32).flatten(1)).relu();  // [B, H]
    const torch::Tensor advantage = advantage_->forward(x);                             // [B, A]
    return {value_->forward(x) + advantage - advantage.mean(/*dim=*/1, /*keepdim=*/true)};
  }

 private:
  torch::nn::Linear hidden_, value_, advantage_;
};

int main(int argc, char** argv) {
  return run_command_line(argc, argv, [](Catalogue& catalogue) {
    catalogue.registry.add<DuelingOptions>("DuelingNetwork", {.summary = "values and advantages"});
    catalogue.networks["DuelingNetwork"] = {
        "values and advantages", [](const Configuration& configuration,
                                    const NetworkContext& context, RandomStream& random) {
          int64_t inputs = context.stack_size;
          for (const int64_t size : context.environment.observation_shape) inputs *= size;
          return std::make_shared<DuelingNetwork>(
              configuration.get<DuelingOptions>("DuelingNetwork"), inputs,
              context.environment.num_actions, random);
        }};
  });
}
