#include "accumbens/networks/classic_control.h"
#include "accumbens/networks/fourier.h"
#include "accumbens/networks/impala.h"
#include "accumbens/networks/minatar.h"
#include "accumbens/networks/nature_dqn.h"
#include "accumbens/run/dopamine.h"
#include "accumbens/run/parts.h"
#include "accumbens/run/value_agents.h"

namespace accumbens {
namespace {

void require_images(const NetworkContext& context) {
  const size_t dimensions = context.environment.observation_shape.size();
  if (dimensions == 2) return;
  const std::string network = context.agent + ".network";
  const std::string& name = context.environment.name;
  if (dimensions == 3) {
    throw ConfigError(
        network + " needs grey images, [height, width], but those of " + name +
        " have channels; bind " + network +
        " = @MinAtarDQNNetwork for grids of 0 and 1, or a wrapper of Gymnasium's that "
        "makes colours grey in create_gym_environment.wrappers");
  }
  throw ConfigError(network + " needs images, but " + name + " has none; bind " + network +
                    " = @ClassicControlDQNNetwork");
}

// networks for a few numbers: ClassicControlDqnNetwork, FourierNetwork
template <class Network, class Options>
std::shared_ptr<QNetwork> make_for_numbers(const Options& options, const NetworkContext& context,
                                           RandomStream& random) {
  return std::make_shared<Network>(options, context.environment.observation_size(),
                                   context.stack_size, context.head, random);
}

// Dopamine's TensorFlow networks have the range of their task built in, or none
template <class Network, class Options>
auto make_within(const Registry& registry, const std::string& task) {
  Options options;
  if (!task.empty()) {
    const auto range = [&](const std::string& end) {
      std::vector<double> values;
      field_detail::assign(*registry.constant("jax_networks." + task + end), values);
      return values;
    };
    options.min_vals = range("_MIN_VALS");
    options.max_vals = range("_MAX_VALS");
  }
  return [options](const NetworkContext& context, RandomStream& random) {
    return make_for_numbers<Network>(options, context, random);
  };
}

// what Dopamine's networks take and these do not
const std::map<std::string, std::string> kUnusedByImages = {
    {"num_actions", kFromEnvironment},
    {"num_atoms", kFromAgent},
    {"noisy", kFromAgent},
    {"dueling", kFromAgent},
    {"distributional", kFromAgent},
    {"inputs_preprocessed", "images are always scaled"}};
const std::map<std::string, std::string> kUnusedByNumbers = {
    {"num_actions", kFromEnvironment},
    {"num_atoms", kFromAgent},
    {"inputs_preprocessed", "min_vals and max_vals say it"}};

}  // namespace

void add_value_networks(Catalogue& catalogue) {
  // networks for images
  const auto add_images = [&]<class Options>(const Options&, const std::string& name,
                                             const std::string& summary) {
    add_part_with<Options>(
        catalogue.registry, catalogue.networks, name,
        {.modules = {"dopamine.jax.networks"}, .summary = summary, .unused = kUnusedByImages},
        [](const Options& options, const NetworkContext& context, RandomStream& random) {
          require_images(context);
          return std::make_shared<NatureDqnNetwork>(
              options, context.stack_size, context.environment.observation_shape[0],
              context.environment.observation_shape[1], context.head, random);
        });
  };
  add_images(NatureDqnOptions{}, "NatureDQNNetwork",
             "the convolutional network of Mnih et al. (2015)");
  add_images(RainbowNetworkOptions{}, "RainbowNetwork", "the same, as Dopamine's Rainbow begins");
  add_images(NatureDqnOptions{}, "FullRainbowNetwork", "the same for full Rainbow");
  add_images(RainbowNetworkOptions{}, "QuantileNetwork", "the same for QR-DQN");
  add_images(RainbowNetworkOptions{}, "ImplicitQuantileNetwork", "the same for IQN");

  const std::string impala = "the residual network of Espeholt et al. (2018)";
  catalogue.registry.add<ImpalaOptions>(
      "ImpalaDQNNetwork",
      {.modules = {"dopamine.jax.networks"}, .summary = impala, .unused = kUnusedByImages});
  catalogue.registry.add<ImpalaEncoderOptions>(
      "ImpalaEncoder", {.modules = {"dopamine.jax.networks"},
                        .summary = "the encoder of ImpalaDQNNetwork",
                        .unused = {{"nn_scale", "bind ImpalaDQNNetwork.nn_scale"}}});
  catalogue.networks["ImpalaDQNNetwork"] = {
      impala,
      [](const Configuration& configuration, const NetworkContext& context, RandomStream& random) {
        require_images(context);
        return std::make_shared<ImpalaNetwork>(
            configuration.get<ImpalaOptions>("ImpalaDQNNetwork"),
            configuration.get<ImpalaEncoderOptions>("ImpalaEncoder"), context.stack_size,
            context.environment.observation_shape[0], context.environment.observation_shape[1],
            context.head, random);
      }};

  add_part_with<MinAtarDqnOptions>(
      catalogue.registry, catalogue.networks, "MinAtarDQNNetwork",
      {.summary = "a convolution and a dense layer for MinAtar (Young & Tian, 2019)"},
      [](const MinAtarDqnOptions& options, const NetworkContext& context, RandomStream& random) {
        const std::vector<int64_t>& shape = context.environment.observation_shape;
        if (shape.size() != 3) {
          throw ConfigError(context.agent + ".network needs observations with channels, but " +
                            context.environment.name +
                            " has none; see `accumbens list networks` for others");
        }
        return std::make_shared<MinAtarDqnNetwork>(options, context.stack_size * shape[0], shape[1],
                                                   shape[2], context.head, random);
      });

  // networks for a few numbers
  const auto add_numbers = [&]<class Network, class Options>(const std::string& name,
                                                             const std::string& summary) {
    add_part_with<Options>(
        catalogue.registry, catalogue.networks, name,
        {.modules = {"dopamine.jax.networks"}, .summary = summary, .unused = kUnusedByNumbers},
        make_for_numbers<Network, Options>);
  };
  for (const std::string name : {"ClassicControlDQNNetwork", "ClassicControlRainbowNetwork"}) {
    add_numbers.operator()<ClassicControlDqnNetwork, ClassicControlDqnOptions>(
        name, "dense layers on rescaled observations");
  }
  add_numbers.operator()<FourierNetwork, FourierOptions>(
      "JaxFourierDQNNetwork", "a linear network on the Fourier basis of Konidaris et al. (2011)");

  // Dopamine's TensorFlow names of the same
  const auto add_legacy = [&](const std::string& name, const std::string& summary,
                              const auto& make) {
    add_part(catalogue.registry, catalogue.networks, name, summary, make,
             {"dopamine.discrete_domains.legacy_networks"});
  };
  const std::pair<std::string, std::string> tasks[] = {
      {"Cartpole", "CARTPOLE"},
      {"Acrobot", "ACROBOT"},
      {"MountainCar", "MOUNTAINCAR"},
      {"LunarLander", ""},
  };
  for (const auto& [task, constants] : tasks) {
    const std::string range = constants.empty() ? " without a range" : " with the range of " + task;
    const auto dense = make_within<ClassicControlDqnNetwork, ClassicControlDqnOptions>(
        catalogue.registry, constants);
    add_legacy(task + "DQNNetwork", "ClassicControlDQNNetwork" + range, dense);
    if (task != "Cartpole" && task != "Acrobot") continue;
    add_legacy(task + "RainbowNetwork", "ClassicControlDQNNetwork" + range, dense);
    add_legacy(task + "FourierDQNNetwork", "JaxFourierDQNNetwork" + range,
               make_within<FourierNetwork, FourierOptions>(catalogue.registry, constants));
  }
}

}  // namespace accumbens
