#include "accumbens/envs/classic_control/classic_control.h"

#include <torch/torch.h>

#include <cstring>

#include "accumbens/envs/continuous_action.h"
#include "accumbens/envs/discrete_action.h"

namespace accumbens {

ClassicControl::ClassicControl(EnvironmentSpec spec, int64_t max_episode_steps, uint64_t seed)
    : spec_(std::move(spec)),
      max_episode_steps_(max_episode_steps),
      random_(seed, "environment/0") {}

TimeStep ClassicControl::step(const torch::Tensor& actions) {
  StepType step_type = StepType::kFirst;
  Outcome outcome{.reward = 0, .terminated = false};

  if (begins_) {
    // a new episode ignores the action
    variables_ = draw_initial_variables(random_);
    episode_steps_ = 0;
    begins_ = false;
  } else {
    outcome = advance(checked(actions), variables_);

    // a task that ends on its last allowed step has ended, not been cut
    ++episode_steps_;
    begins_ = outcome.terminated || episode_steps_ >= max_episode_steps_;
    step_type = begins_ ? StepType::kLast : StepType::kMid;
  }

  const std::vector<float> values = observe(variables_);
  torch::Tensor observation = torch::empty({1, static_cast<int64_t>(values.size())});
  std::memcpy(observation.mutable_data_ptr<float>(), values.data(), values.size() * sizeof(float));
  return {.step_type = {step_type},
          .reward = {outcome.reward},
          .discount = {outcome.terminated ? 0.0F : 1.0F},
          .lost_life = {0},
          .observation = observation};
}

double ClassicControl::checked(const torch::Tensor& actions) const {
  if (spec_.action_size() == 0) return static_cast<double>(discrete_action(spec_, actions));
  return continuous_action(spec_, actions)[0];
}

void ClassicControl::end_episode(int64_t) {
  begins_ = true;
}

void ClassicControl::state(StateTree& tree) {
  tree("random", random_)("episode_steps", episode_steps_)("begins", begins_);
  std::vector<double> variables(variables_.begin(), variables_.end());
  tree("variables", variables);
  if (variables.size() != variables_.size()) {
    throw Error("the saved state of " + spec_.name + " does not fit: it has " +
                std::to_string(variables.size()) + " variables instead of 4");
  }
  std::copy(variables.begin(), variables.end(), variables_.begin());
}

}  // namespace accumbens
