#pragma once

#include "accumbens/agents/episodic_agent.h"
#include "accumbens/config/options.h"
#include "accumbens/core/random.h"

// declared once: Gin, `explain` and the checks know them from here
struct RepeatingAgentOptions {
  double switch_probability = 0.1;

  void fields(auto& field) {
    field("switch_probability", switch_probability,
          "of drawing another action, at every agent step", accumbens::in_closed(0, 1));
  }
};

/// An agent from scratch: it repeats its action, and now and then switches to one drawn at random.
/// It learns nothing, and is what the others have to beat.
class RepeatingAgent final : public accumbens::EpisodicAgent {
 public:
  RepeatingAgent(const RepeatingAgentOptions& options, int64_t num_actions, uint64_t seed)
      : options_(options), num_actions_(num_actions), random_(seed, "exploration") {}

  // saved and loaded by the same line, so that a stopped run goes on bit for bit
  void state(accumbens::StateTree& tree) override { tree("action", action_)("random", random_); }

 protected:
  int64_t begin_episode(const torch::Tensor& /*observation*/) override {
    return action_ = random_.below(num_actions_);
  }

  int64_t step(float /*reward*/, const torch::Tensor& /*observation*/) override {
    if (random_.uniform() < options_.switch_probability) action_ = random_.below(num_actions_);
    return action_;
  }

  void end_episode(float /*reward*/, const torch::Tensor& /*observation*/,
                   bool /*terminal*/) override {}

 private:
  RepeatingAgentOptions options_;
  int64_t num_actions_;
  accumbens::RandomStream random_;
  int64_t action_ = 0;
};
