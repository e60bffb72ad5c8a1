#pragma once

#include <mujoco/mujoco.h>

#include <memory>
#include <string>
#include <vector>

namespace accumbens {

/// A model of Gymnasium's and its state. Failures of MuJoCo are std::runtime_error; its warnings go
/// nowhere.
class Simulation {
 public:
  /// file: of the model, e.g. "ant.xml", in $ACCUMBENS_MUJOCO_ASSETS if set, else in Gymnasium's
  /// package. frame_skip: steps of MuJoCo per step().
  Simulation(const std::string& file, int frame_skip);

  /// MuJoCo's description of the bodies.
  const mjModel& model() const { return *model_; }

  /// Their state and what follows from it.
  const mjData& data() const { return *data_; }

  /// Seconds per step().
  double seconds_per_step() const { return model_->opt.timestep * frame_skip_; }

  /// Forgets everything and begins here. positions: [nq]; velocities: [nv].
  void reset(const std::vector<double>& positions, const std::vector<double>& velocities);

  /// Goes on with this control. control: [nu].
  void step(const float* control);

  /// What decides how the simulation goes on.
  std::vector<double> save_state() const;

  /// Goes on from there. state: of save_state(). What follows from it is worked out by the next
  /// step().
  void load_state(const std::vector<double>& state);

  /// Numbers in save_state().
  size_t state_size() const;

 private:
  struct Delete {
    void operator()(mjModel* model) const { mj_deleteModel(model); }
    void operator()(mjData* data) const { mj_deleteData(data); }
  };

  std::unique_ptr<mjModel, Delete> model_;
  std::unique_ptr<mjData, Delete> data_;
  int frame_skip_;
};

}  // namespace accumbens
