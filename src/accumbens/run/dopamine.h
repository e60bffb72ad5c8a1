#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/config/configuration.h"
#include "accumbens/config/options.h"
#include "accumbens/config/registry.h"
#include "accumbens/networks/optimizer.h"

namespace accumbens {

// What only Dopamine's configuration files need: its constants, TensorFlow's optimizers, and names
// of things that Accumbens does not have.

/// Why parameters of Dopamine's parts are not used: other files are written,
inline const std::string kOwnFiles = "see the files that a run writes in README.md";
/// the environment says it,
inline const std::string kFromEnvironment = "it comes from the environment";
/// or the agent does.
inline const std::string kFromAgent = "it comes from the agent";

/// The modules of Dopamine's DQN, which hold its epsilon functions, too.
inline const std::vector<std::string> kDqnModules = {"dopamine.jax.agents.dqn.dqn_agent",
                                                     "dopamine.tf.agents.dqn.dqn_agent"};

/// TensorFlow's Adam, by its names and with its defaults; in Gin tf.train.AdamOptimizer.
struct TfAdamOptions {
  double learning_rate = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;

  template <class Visitor>
  void fields(Visitor& field) {
    field("learning_rate", learning_rate, "step size", above(0));
    field("beta1", beta1, "decay of the mean of gradients", in_half_open(0, 1));
    field("beta2", beta2, "decay of the mean of squared gradients", in_half_open(0, 1));
    field("epsilon", epsilon, "added to the denominator before its bias is corrected", above(0));
  }
};

/// TensorFlow's RMSProp, by its names and with its defaults; in Gin tf.train.RMSPropOptimizer.
struct TfRmsPropOptions {
  double learning_rate = 0.001;
  double decay = 0.9;
  double momentum = 0.0;
  double epsilon = 1e-10;
  bool centered = false;

  template <class Visitor>
  void fields(Visitor& field) {
    field("learning_rate", learning_rate, "step size", above(0));
    field("decay", decay, "of the mean of squared gradients", in_half_open(0, 1));
    field("momentum", momentum, "what is left of each step in the next", in_closed(0, 1));
    field("epsilon", epsilon, "added to the denominator, inside the root", above(0));
    field("centered", centered, "divide by the standard deviation of gradients");
  }
};

/// What all of Dopamine's agents take and those here do not, and why, with `more` of the kind.
std::map<std::string, std::string> unused_by_agents(std::map<std::string, std::string> more);

/// Registers Dopamine's constants and modules, TensorFlow's optimizers, and as absent what
/// Accumbens does not have.
void register_dopamine(Registry& registry);

/// The optimizer that `optimizer` names, e.g. "adam" or "@RMSPropOptimizer", and its options.
std::pair<std::string, OptimizerOptions> optimizer_options(const Configuration& configuration,
                                                           const std::string& optimizer);

}  // namespace accumbens
