#pragma once

#include <optional>
#include <string>

#include "accumbens/agents/dqn.h"

namespace accumbens {

/// Options of Rainbow and C51; names and defaults are Dopamine's.
struct RainbowOptions : DqnOptions {
  int64_t num_atoms = 51;
  std::optional<double> vmin = std::nullopt;
  double vmax = 10.0;
  std::string priority = "root_of_loss";

  RainbowOptions() {
    network = Reference{"RainbowNetwork"};
    replay_scheme = "prioritized";
  }

  template <class Visitor>
  void fields(Visitor& field) {
    Without<Visitor> common(field, "loss_type");
    DqnOptions::fields(common);
    field("num_atoms", num_atoms, "atoms of the distribution of returns", in_closed(2, 1e5));
    field("vmin", vmin, "least return of the distribution; None: -vmax");
    field("vmax", vmax, "greatest return of the distribution");
    field(
        "priority", priority,
        "prioritized: a transition's priority is the root of its loss (Dopamine), or the loss, at "
        "most 100 (DQN Zoo)",
        one_of({"root_of_loss", "clipped_loss"}));
  }

  void check() const;
  HeadSpec head(int64_t num_actions) const;
};

/// Options of full Rainbow; as in Dopamine, noise takes the place of random actions.
struct FullRainbowOptions : RainbowOptions {
  bool distributional = true;
  int64_t num_updates_per_train_step = 1;

  FullRainbowOptions() {
    network = Reference{"FullRainbowNetwork"};
    double_dqn = true;
    dueling = true;
    noisy = true;
  }

  template <class Visitor>
  void fields(Visitor& field) {
    RainbowOptions::fields(field);
    field("distributional", distributional, "accepted for Dopamine's files: True only");
    field("num_updates_per_train_step", num_updates_per_train_step,
          "accepted for Dopamine's files: 1 only");
  }

  /// Throws ConfigError, too, where Dopamine would train another agent than this one.
  void check() const;
};

/// Rainbow (Hessel et al., 2018, "Rainbow: combining improvements in deep reinforcement learning"):
/// the distributional agent C51 (Bellemare et al., 2017) with n-step returns and prioritized
/// replay; with double_dqn, dueling and noisy it is the whole of the paper. With update_horizon 1
/// and uniform replay it is C51.
///
/// Priorities are the roots of the losses, as in Dopamine, or the losses, as in DQN Zoo.
class RainbowAgent : public DqnAgent {
 public:
  RainbowAgent(const RainbowOptions& options, int64_t batch_size, int64_t num_actions,
               torch::Device device, Parts parts);

 protected:
  Losses losses(const Batch& batch) override;

 private:
  bool clipped_priorities_;
  torch::Tensor support_;  // [atoms]
};

}  // namespace accumbens
