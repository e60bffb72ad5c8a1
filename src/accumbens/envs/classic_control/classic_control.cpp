#include "accumbens/envs/classic_control/classic_control.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/core/error.h"

namespace accumbens {

ClassicControl::ClassicControl(EnvironmentSpec spec, int64_t max_episode_steps, uint64_t seed)
    : spec_(std::move(spec)),
      max_episode_steps_(max_episode_steps),
      random_(seed, "environment/0") {}

StreamStep ClassicControl::step_stream(const StreamAction& action, void* observation) {
  StreamStep step;
  if (begins_) {
    // a new episode ignores the action
    variables_ = draw_initial_variables(random_);
    episode_steps_ = 0;
    begins_ = false;
  } else {
    const Outcome outcome = advance(checked(action), variables_);
    step = answer(outcome.reward, outcome.terminated,
                  /*truncated=*/++episode_steps_ >= max_episode_steps_);
  }
  observe(variables_, static_cast<float*>(observation));
  return step;
}

double ClassicControl::checked(const StreamAction& action) const {
  if (spec_.action_size() == 0) return static_cast<double>(discrete_action(spec_, action));
  return continuous_action(action)[0];
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

  // nothing is further away: a pendulum's angle alone has no bounds, and moves by 0.4 at most
  constexpr int64_t kMost = 1'000'000'000'000;
  tree.require("episode_steps", episode_steps_ >= 0 && episode_steps_ <= kMost);
  tree.require("variables", std::ranges::all_of(variables_, [](double variable) {
                 return std::abs(variable) <= double{kMost};
               }));
}

}  // namespace accumbens
