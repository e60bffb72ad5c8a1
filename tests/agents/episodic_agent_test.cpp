#include "accumbens/agents/episodic_agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

using testing::ElementsAre;

// writes down what it is told, and answers with the number of calls
class Scribe final : public EpisodicAgent {
 public:
  using EpisodicAgent::step;
  void state(StateTree&) override {}

  std::vector<std::string> told;

 protected:
  int64_t begin_episode(const torch::Tensor& observation) override {
    return tell("begin " + text(observation));
  }
  int64_t step(float reward, const torch::Tensor& observation) override {
    return tell("step " + std::to_string(static_cast<int>(reward)) + " " + text(observation));
  }
  void end_episode(float reward, const torch::Tensor& observation, bool terminal) override {
    tell("end " + std::to_string(static_cast<int>(reward)) + " " + text(observation) +
         (terminal ? " terminal" : " cut"));
  }

 private:
  int64_t tell(const std::string& what) {
    told.push_back(what);
    return static_cast<int64_t>(told.size());
  }
  static std::string text(const torch::Tensor& observation) {
    EXPECT_EQ(observation.dim(), 1);
    return std::to_string(static_cast<int>(observation[0].item<float>()));
  }
};

TimeStep time_step(StepType type, float reward, float discount, float observation) {
  return {.step_type = {type},
          .reward = {reward},
          .discount = {discount},
          .lost_life = {0},
          .observation = torch::full({1, 2}, observation)};
}

// oracle: Dopamine's interface, written out by hand
TEST(EpisodicAgent, HearsOfTheBeginningTheStepsAndTheEndOfEachEpisode) {
  Scribe agent;
  EXPECT_EQ(agent.step(time_step(StepType::kFirst, 0, 1, 10)).item<int64_t>(), 1);
  EXPECT_EQ(agent.step(time_step(StepType::kMid, 3, 1, 11)).item<int64_t>(), 2);
  agent.step(time_step(StepType::kLast, 4, 0, 12));
  EXPECT_EQ(agent.step(time_step(StepType::kFirst, 0, 1, 20)).item<int64_t>(), 4);
  agent.step(time_step(StepType::kLast, 5, 1, 21));
  EXPECT_THAT(agent.told, ElementsAre("begin 10", "step 3 11", "end 4 12 terminal", "begin 20",
                                      "end 5 21 cut"));
}

// oracle: the header
TEST(EpisodicAgent, RefusesSeveralEnvironments) {
  Scribe agent;
  const TimeStep two{.step_type = {StepType::kFirst, StepType::kFirst},
                     .reward = {0, 0},
                     .discount = {1, 1},
                     .lost_life = {0, 0},
                     .observation = torch::zeros({2, 2})};
  EXPECT_THROW(agent.step(two), Error);
}

}  // namespace
}  // namespace accumbens
