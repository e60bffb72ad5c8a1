#include "accumbens/run/dopamine.h"

#include <map>
#include <numbers>
#include <sstream>

namespace accumbens {
namespace {

struct Absent {
  const char* name;
  const char* module;
  const char* summary;
  const char* parameters;
};

// names and parameters of Dopamine 4.1.2
const std::vector<Absent> kAbsent = {
    // replay
    {"OutOfGraphReplayBuffer", "dopamine.tf.replay_memory.circular_replay_buffer",
     "the inside of TensorFlow's replay; ReplayBuffer or WrappedReplayBuffer set the sizes",
     "observation_shape stack_size replay_capacity batch_size update_horizon gamma "
     "max_sample_attempts extra_storage_types observation_dtype terminal_dtype action_shape "
     "action_dtype reward_shape reward_dtype checkpoint_duration keep_every"},
    {"OutOfGraphPrioritizedReplayBuffer", "dopamine.tf.replay_memory.prioritized_replay_buffer",
     "the inside of TensorFlow's prioritized replay",
     "observation_shape stack_size replay_capacity batch_size update_horizon gamma "
     "max_sample_attempts extra_storage_types observation_dtype terminal_dtype action_shape "
     "action_dtype reward_shape reward_dtype"},

    // logs and checkpoints
    {"Checkpointer", "dopamine.discrete_domains.checkpointer",
     "Dopamine's checkpoints; Runner.checkpoint_minutes says how often they are written here",
     "base_directory checkpoint_file_prefix sentinel_file_identifier checkpoint_frequency "
     "checkpoint_duration keep_every"},
    {"Logger", "dopamine.discrete_domains.logger", "Dopamine's logs; results.csv is written here",
     "logging_dir logs_duration"},
    {"CollectorDispatcher", "dopamine.metrics.collector_dispatcher",
     "Dopamine's metrics; all of the logs are always written here", "base_dir collectors"},
    {"ConsoleCollector", "dopamine.metrics.console_collector", "Dopamine's log of the console",
     "base_dir save_to_file"},
    {"GymPreprocessing", "dopamine.discrete_domains.gym_lib", "Dopamine's wrapper of environments",
     "environment use_legacy_gym"},
};

void register_constants(Registry& registry) {
  const Value cartpole_low =
      tuple_of({-2.4, -5.0, -std::numbers::pi / 12.0, -std::numbers::pi * 2.0});
  const Value cartpole_high = tuple_of({2.4, 5.0, std::numbers::pi / 12.0, std::numbers::pi * 2.0});
  const Value acrobot_low = tuple_of({-1.0, -1.0, -1.0, -1.0, -5.0, -5.0});
  const Value acrobot_high = tuple_of({1.0, 1.0, 1.0, 1.0, 5.0, 5.0});

  const std::pair<const char*, int> tasks[] = {
      {"CARTPOLE", 4}, {"ACROBOT", 6}, {"LUNAR", 8}, {"MOUNTAINCAR", 2}};
  for (const auto& [task, size] : tasks) {
    const std::string name = task;
    registry.add_constant("gym_lib." + name + "_OBSERVATION_SHAPE", tuple_of({size, 1}));
    registry.add_constant("gym_lib." + name + "_OBSERVATION_DTYPE", "float64");
    registry.add_constant("gym_lib." + name + "_STACK_SIZE", 1);
    registry.add_constant("jax_networks." + name + "_OBSERVATION_DTYPE", "float64");
  }
  registry.add_constant("jax_networks.CARTPOLE_MIN_VALS", cartpole_low);
  registry.add_constant("jax_networks.CARTPOLE_MAX_VALS", cartpole_high);
  registry.add_constant("jax_networks.ACROBOT_MIN_VALS", acrobot_low);
  registry.add_constant("jax_networks.ACROBOT_MAX_VALS", acrobot_high);
  registry.add_constant("jax_networks.MOUNTAINCAR_MIN_VALS", tuple_of({-1.2, -0.07}));
  registry.add_constant("jax_networks.MOUNTAINCAR_MAX_VALS", tuple_of({0.6, 0.07}));
  registry.add_constant("sac_agent.IMAGE_DTYPE", "uint8");
  registry.add_constant("sac_agent.STATE_DTYPE", "float32");
}

}  // namespace

std::map<std::string, std::string> unused_by_agents(std::map<std::string, std::string> more) {
  more.merge(std::map<std::string, std::string>{
      {"observation_shape", kFromEnvironment},
      {"eval_mode", "use `accumbens evaluate`"},
      {"summary_writer", kOwnFiles},
      {"summary_writing_frequency", "bind Runner.summary_writing_frequency"},
      {"allow_partial_reload", "checkpoints are whole"},
      {"seed", "bind Runner.seed"},
      {"collector_allowlist", kOwnFiles}});
  return more;
}

void register_dopamine(Registry& registry) {
  register_constants(registry);

  const std::string fixed = "TensorFlow's own";
  registry.add<TfAdamOptions>("AdamOptimizer",
                              {.modules = {"tf.train"},
                               .summary = "TensorFlow's Adam",
                               .unused = {{"use_locking", fixed}, {"name", fixed}}});
  registry.add<TfRmsPropOptions>("RMSPropOptimizer",
                                 {.modules = {"tf.train"},
                                  .summary = "TensorFlow's RMSProp",
                                  .unused = {{"use_locking", fixed}, {"name", fixed}}});

  for (const Absent& absent : kAbsent) {
    std::istringstream words(absent.parameters);
    std::vector<std::string> parameters;
    for (std::string word; words >> word;) parameters.push_back(word);
    registry.add_absent(absent.name, parameters,
                        {.modules = {absent.module}, .summary = absent.summary});
  }

  // the loss of Dopamine's TensorFlow agent, which its files do not say
  registry.add_module("dopamine.tf.agents.dqn.dqn_agent", "DQNAgent.loss_type = 'huber'\n");

  // and how its prioritized replay draws
  registry.add_module("dopamine.tf.replay_memory.prioritized_replay_buffer",
                      "PrioritizedSamplingDistribution.sampling = 'stratified'\n");

  // what its continuous runner begins with, and that it takes Gym's time limits away
  const std::string no_limit = "create_gym_environment.max_episode_steps = 0\n";
  registry.add_module(
      "dopamine.continuous_domains.run_experiment",
      "Runner.clip_rewards = False\nRunner.max_steps_per_episode = 1_000\n" + no_limit);
  registry.add_module("dopamine.discrete_domains.gym_lib", no_limit);
  registry.add_module("flax");
  registry.add_module("gin.tf.external_configurables");
}

std::pair<std::string, OptimizerOptions> optimizer_options(const Configuration& configuration,
                                                           const std::string& optimizer) {
  if (optimizer.ends_with("AdamOptimizer")) {
    const auto tf = configuration.get<TfAdamOptions>(optimizer.substr(1));
    return {"adam", OptimizerOptions{.learning_rate = tf.learning_rate,
                                     .beta1 = tf.beta1,
                                     .beta2 = tf.beta2,
                                     .eps = tf.epsilon,
                                     .eps_hat = true}};
  }
  if (optimizer.ends_with("RMSPropOptimizer")) {
    const auto tf = configuration.get<TfRmsPropOptions>(optimizer.substr(1));
    return {"rmsprop", OptimizerOptions{.learning_rate = tf.learning_rate,
                                        .beta2 = tf.decay,
                                        .eps = tf.epsilon,
                                        .centered = tf.centered,
                                        .momentum = tf.momentum}};
  }
  return {optimizer, configuration.get<OptimizerOptions>("create_optimizer")};
}

}  // namespace accumbens
