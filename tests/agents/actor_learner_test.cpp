#include "accumbens/agents/actor_learner.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "accumbens/replay/frame_stack.h"

namespace accumbens {
namespace {

// answers with the sum of each stream's frames
class Summing final : public ActorLearner {
 public:
  std::map<std::string, double> statistics() const override { return {}; }

 protected:
  Answer answer(const TimeStep&, const torch::Tensor& s_t) override {
    return {.action = s_t.flatten(1).sum(1)};
  }
  void learn_from(const TimeStep&, const torch::Tensor&) override {}
  void remember(const torch::Tensor&, const Answer&) override {}
  std::vector<torch::Tensor> acting_parameters() const override { return {}; }
  FrameStack& frame_stack() override { return stack_; }

 private:
  FrameStack stack_{{.observation_shape = {1},
                     .observation_dtype = torch::kFloat32,
                     .stack_size = 3,
                     .num_streams = 2}};
};

// two streams that see the same, and begin if it is 0
TimeStep time_step_of(float frame) {
  const StepType type = frame == 0 ? StepType::kFirst : StepType::kMid;
  return {.step_type = {type, type},
          .reward = {0, 0},
          .discount = {1, 1},
          .lost_life = {0, 0},
          .observation = torch::full({2, 1}, frame)};
}

float answer_to(Agent& agent, float frame) {
  return agent.step(time_step_of(frame))[1].item<float>();
}

// oracle: sums of the last three frames of training, and of evaluation, by hand
TEST(ActorLearner, EpisodesOfTrainingGoOnWithTheirFramesAfterEvaluation) {
  Summing agent;
  for (const float frame : {0.0F, 1.0F, 2.0F}) answer_to(agent, frame);
  agent.set_eval_mode(true);
  answer_to(agent, 0.0F);
  EXPECT_EQ(answer_to(agent, 100.0F), 100.0F);

  // another goes on in the middle of the evaluation
  StateTree saved;
  agent.state(saved);
  Summing resumed;
  resumed.set_eval_mode(true);
  StateTree tree(std::move(saved.contents()));
  resumed.state(tree);

  for (Summing* either : {&agent, &resumed}) {
    EXPECT_EQ(answer_to(*either, 1000.0F), 1100.0F);
    either->set_eval_mode(false);
    EXPECT_EQ(answer_to(*either, 4.0F), 1.0F + 2.0F + 4.0F);
  }
}

}  // namespace
}  // namespace accumbens
