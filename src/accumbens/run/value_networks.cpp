#include "accumbens/networks/classic_control.h"
#include "accumbens/networks/nature_dqn.h"
#include "accumbens/run/dopamine.h"
#include "accumbens/run/value_agents.h"

namespace accumbens {
namespace {

std::shared_ptr<QNetwork> make_nature_dqn(const NatureDqnOptions& options,
                                          const NetworkContext& context, RandomStream& random) {
  const EnvironmentSpec& environment = context.environment;
  if (environment.observation_shape.size() != 2) {
    throw ConfigError("the agent's network needs images, but " + environment.name +
                      " has none; bind its parameter network = @ClassicControlDQNNetwork");
  }
  return std::make_shared<NatureDqnNetwork>(options, context.stack_size,
                                            environment.observation_shape[0],
                                            environment.observation_shape[1], context.head, random);
}

std::shared_ptr<QNetwork> make_classic_control_dqn(const ClassicControlDqnOptions& options,
                                                   const NetworkContext& context,
                                                   RandomStream& random) {
  int64_t observation_size = 1;
  for (const int64_t size : context.environment.observation_shape) observation_size *= size;
  return std::make_shared<ClassicControlDqnNetwork>(options, observation_size, context.stack_size,
                                                    context.head, random);
}

// Dopamine's TensorFlow networks have their ranges built in
Catalogue::MakeNetwork make_classic_control_dqn_within(const Registry& registry,
                                                       const std::string& task) {
  const auto range = [&](const std::string& end) {
    std::vector<double> values;
    field_detail::assign(*registry.constant("jax_networks." + task + end), values);
    return values;
  };
  const ClassicControlDqnOptions options{.min_vals = range("_MIN_VALS"),
                                         .max_vals = range("_MAX_VALS")};
  return [options](const Configuration&, const NetworkContext& context, RandomStream& random) {
    return make_classic_control_dqn(options, context, random);
  };
}

}  // namespace

void add_value_networks(Catalogue& catalogue) {
  // networks for images
  const auto add_images = [&]<class Options>(const Options&, const std::string& name,
                                             const std::string& summary) {
    catalogue.registry.add<Options>(
        name, {.modules = {"dopamine.jax.networks"},
               .summary = summary,
               .unused = {{"num_actions", kFromEnvironment},
                          {"num_atoms", kFromAgent},
                          {"noisy", kFromAgent},
                          {"dueling", kFromAgent},
                          {"distributional", kFromAgent},
                          {"inputs_preprocessed", "images are always scaled"}}});
    catalogue.networks[name] = {
        summary, [name](const Configuration& configuration, const NetworkContext& context,
                        RandomStream& random) {
          return make_nature_dqn(configuration.get<Options>(name), context, random);
        }};
  };
  add_images(NatureDqnOptions{}, "NatureDQNNetwork",
             "the convolutional network of Mnih et al. (2015)");
  add_images(RainbowNetworkOptions{}, "RainbowNetwork", "the same, as Dopamine's Rainbow begins");
  add_images(NatureDqnOptions{}, "FullRainbowNetwork", "the same for full Rainbow");
  add_images(RainbowNetworkOptions{}, "QuantileNetwork", "the same for QR-DQN");
  add_images(RainbowNetworkOptions{}, "ImplicitQuantileNetwork", "the same for IQN");

  // networks for a few numbers
  for (const std::string name : {"ClassicControlDQNNetwork", "ClassicControlRainbowNetwork"}) {
    const std::string summary = "dense layers on rescaled observations";
    catalogue.registry.add<ClassicControlDqnOptions>(
        name, {.modules = {"dopamine.jax.networks"},
               .summary = summary,
               .unused = {{"num_actions", kFromEnvironment},
                          {"num_atoms", kFromAgent},
                          {"inputs_preprocessed", "min_vals and max_vals say it"}}});
    catalogue.networks[name] = {
        summary, [name](const Configuration& configuration, const NetworkContext& context,
                        RandomStream& random) {
          return make_classic_control_dqn(configuration.get<ClassicControlDqnOptions>(name),
                                          context, random);
        }};
  }

  // Dopamine's TensorFlow names of the same
  const std::pair<std::string, std::string> tasks[] = {
      {"CartpoleDQNNetwork", "CARTPOLE"},
      {"CartpoleRainbowNetwork", "CARTPOLE"},
      {"AcrobotDQNNetwork", "ACROBOT"},
      {"AcrobotRainbowNetwork", "ACROBOT"},
  };
  for (const auto& [name, task] : tasks) {
    const std::string summary =
        "ClassicControlDQNNetwork with the range of " + name.substr(0, name.find_first_of("DR"));
    catalogue.registry.add_reference(
        name, {.modules = {"dopamine.discrete_domains.legacy_networks"}, .summary = summary});
    catalogue.networks[name] = {summary, make_classic_control_dqn_within(catalogue.registry, task)};
  }
}

}  // namespace accumbens
