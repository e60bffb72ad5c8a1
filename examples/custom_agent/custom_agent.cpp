// Two agents from outside the library, in a program that is otherwise `accumbens` itself.
#include "accumbens/app/command_line.h"
#include "accumbens/run/value_agents.h"
#include "repeating_agent.h"
#include "softmax_dqn_agent.h"

using namespace accumbens;

int main(int argc, char** argv) {
  return run_command_line(argc, argv, [](Catalogue& catalogue) {
    // an agent from scratch
    catalogue.registry.add<RepeatingAgentOptions>("RepeatingAgent",
                                                  {.summary = "repeats its action"});
    catalogue.agents["repeating"] = {
        "repeats its action",
        [](const Catalogue&, const Configuration& configuration, const AgentContext& context) {
          return std::make_unique<RepeatingAgent>(
              configuration.get<RepeatingAgentOptions>("RepeatingAgent"),
              context.environment.num_actions, context.seed);
        },
        "RepeatingAgent"};

    // a DQN with one method overridden
    catalogue.registry.add<SoftmaxDqnOptions>(
        "SoftmaxDQNAgent", {.summary = "DQN with softmax exploration", .base = "DQNAgent"});
    catalogue.agents["softmax_dqn"] = {
        "DQN with softmax exploration",
        dqn_maker<SoftmaxDqnAgent, SoftmaxDqnOptions>("SoftmaxDQNAgent"), "SoftmaxDQNAgent"};
  });
}
