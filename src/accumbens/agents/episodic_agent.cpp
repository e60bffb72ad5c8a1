#include "accumbens/agents/episodic_agent.h"

#include "accumbens/core/error.h"

namespace accumbens {

torch::Tensor EpisodicAgent::step(const TimeStep& time_step) {
  if (time_step.batch_size() != 1) {
    throw Error("an EpisodicAgent plays one environment, not " +
                std::to_string(time_step.batch_size()) + "; derive from Agent for several");
  }
  const torch::Tensor observation = time_step.observation[0];

  int64_t action = 0;
  if (time_step.first(0)) {
    action = begin_episode(observation);
  } else if (time_step.last(0)) {
    end_episode(time_step.reward[0], observation, /*terminal=*/time_step.discount[0] == 0);
  } else {
    action = step(time_step.reward[0], observation);
  }
  return torch::full({1}, action, torch::kInt64);
}

}  // namespace accumbens
