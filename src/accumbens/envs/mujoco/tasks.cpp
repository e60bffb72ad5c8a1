// Gymnasium's MuJoCo tasks, version 5. Sums are taken in numpy's order and precision, so that
// rewards agree to the last bit.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "accumbens/envs/mujoco/mujoco_task.h"
#include "accumbens/envs/mujoco/simulation.h"

namespace accumbens {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// value(0) + value(1) ..., one after the other where there are few, else as eight sums side by side
template <class F>
auto sum(int64_t count, F value) {
  std::array<decltype(value(0)), 8> sums{};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int64_t j = 0; j < 8; ++j) sums[j] += value(i + j);
  }
  auto total =
      ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  for (; i < count; ++i) total += value(i);
  return total;
}

template <class T>
T sum_of_squares(const T* values, int64_t count) {
  return sum(count, [&](int64_t i) { return values[i] * values[i]; });
}

// the part of an array that belongs to the bodies but the world; numbers: of each body
struct Bodies {
  const double* begin;
  const double* end;
};

Bodies bodies(const mjModel& model, const double* values, int64_t numbers) {
  return {values + numbers, values + numbers * model.nbody};
}

// where a robot is on its way
double first_joint(const Simulation& simulation) {
  return simulation.data().qpos[0];
}

double torso(const Simulation& simulation) {
  return simulation.data().xpos[3];
}

double centre_of_mass(const Simulation& simulation) {
  const mjModel& model = simulation.model();
  double moment = 0;
  for (int64_t body = 0; body < model.nbody; ++body) {
    moment += model.body_mass[body] * simulation.data().xipos[3 * body];
  }
  return moment / sum(model.nbody, [&](int64_t body) { return model.body_mass[body]; });
}

// what moving costs; actions are float32 in Gymnasium, and so is what follows from them alone
double half_cheetah_cost(const Simulation& simulation, const float* action) {
  return 0.1F * sum_of_squares(action, simulation.model().nu);
}

double walking_cost(const Simulation& simulation, const float* action) {
  return 1e-3F * sum_of_squares(action, simulation.model().nu);
}

double ant_cost(const Simulation& simulation, const float* action) {
  const mjModel& model = simulation.model();
  std::vector<double> contact(simulation.data().cfrc_ext,
                              simulation.data().cfrc_ext + 6 * model.nbody);
  for (double& force : contact) force = std::clamp(force, -1.0, 1.0);
  return double{0.5F * sum_of_squares(action, model.nu)} +
         5e-4 * sum_of_squares(contact.data(), 6 * model.nbody);
}

double humanoid_cost(const Simulation& simulation, const float*) {
  const mjModel& model = simulation.model();
  const mjData& data = simulation.data();
  return 0.1 * sum_of_squares(data.ctrl, model.nu) +
         std::min(5e-7 * sum_of_squares(data.cfrc_ext, 6 * model.nbody), 10.0);
}

// whether the episode goes on
bool always(const Simulation&) {
  return true;
}

bool hopper_stands(const Simulation& simulation) {
  const mjModel& model = simulation.model();
  const mjData& data = simulation.data();
  const auto moderate = [](double value) { return -100.0 < value && value < 100.0; };
  return std::all_of(data.qpos + 2, data.qpos + model.nq, moderate) &&
         std::all_of(data.qvel, data.qvel + model.nv, moderate) && 0.7 < data.qpos[1] &&
         data.qpos[1] < kInfinity && -0.2 < data.qpos[2] && data.qpos[2] < 0.2;
}

bool walker_stands(const Simulation& simulation) {
  const double* positions = simulation.data().qpos;
  return 0.8 < positions[1] && positions[1] < 2.0 && -1.0 < positions[2] && positions[2] < 1.0;
}

bool ant_stands(const Simulation& simulation) {
  const mjModel& model = simulation.model();
  const mjData& data = simulation.data();
  const auto finite = [](double value) { return std::isfinite(value); };
  return std::all_of(data.qpos, data.qpos + model.nq, finite) &&
         std::all_of(data.qvel, data.qvel + model.nv, finite) && 0.2 <= data.qpos[2] &&
         data.qpos[2] <= 1.0;
}

bool humanoid_stands(const Simulation& simulation) {
  const double height = simulation.data().qpos[2];
  return 1.0 < height && height < 2.0;
}

// what the agent sees: never where the robot is on its plane
std::vector<double> joints(const Simulation& simulation, int64_t hidden) {
  const mjModel& model = simulation.model();
  const mjData& data = simulation.data();
  std::vector<double> seen(data.qpos + hidden, data.qpos + model.nq);
  seen.insert(seen.end(), data.qvel, data.qvel + model.nv);
  return seen;
}

std::vector<double> see_half_cheetah(const Simulation& simulation) {
  return joints(simulation, 1);
}

std::vector<double> see_walking(const Simulation& simulation) {
  std::vector<double> seen = joints(simulation, 1);
  const auto velocities = seen.end() - simulation.model().nv;
  std::for_each(velocities, seen.end(), [](double& v) { v = std::clamp(v, -10.0, 10.0); });
  return seen;
}

std::vector<double> see_ant(const Simulation& simulation) {
  std::vector<double> seen = joints(simulation, 2);
  const Bodies contact = bodies(simulation.model(), simulation.data().cfrc_ext, 6);
  std::transform(contact.begin, contact.end, std::back_inserter(seen),
                 [](double force) { return std::clamp(force, -1.0, 1.0); });
  return seen;
}

std::vector<double> see_humanoid(const Simulation& simulation) {
  const mjModel& model = simulation.model();
  const mjData& data = simulation.data();
  std::vector<double> seen = joints(simulation, 2);
  const auto append = [&](Bodies part) { seen.insert(seen.end(), part.begin, part.end); };
  append(bodies(model, data.cinert, 10));
  append(bodies(model, data.cvel, 6));
  append({data.qfrc_actuator + 6, data.qfrc_actuator + model.nv});  // the root has no actuator
  append(bodies(model, data.cfrc_ext, 6));
  return seen;
}

// Gymnasium's default arguments, and its rules as functions
struct Rules {
  const char* model;
  int frame_skip;
  double noise;
  bool normal_velocities;
  double forward_weight;  // of the velocity, in metres per second
  double healthy_reward;  // per step
  double (*position)(const Simulation&);
  double (*cost)(const Simulation&, const float* action);
  bool (*healthy)(const Simulation&);
  std::vector<double> (*observe)(const Simulation&);
};

const std::map<std::string, Rules>& all_rules() {
  static const std::map<std::string, Rules> kRules = {
      {"Ant", {"ant.xml", 5, 0.1, true, 1, 1, torso, ant_cost, ant_stands, see_ant}},
      {"HalfCheetah",
       {"half_cheetah.xml", 5, 0.1, true, 1, 0, first_joint, half_cheetah_cost, always,
        see_half_cheetah}},
      {"Hopper",
       {"hopper.xml", 4, 5e-3, false, 1, 1, first_joint, walking_cost, hopper_stands, see_walking}},
      {"Humanoid",
       {"humanoid.xml", 5, 1e-2, false, 1.25, 5, centre_of_mass, humanoid_cost, humanoid_stands,
        see_humanoid}},
      {"Walker2d",
       {"walker2d_v5.xml", 4, 5e-3, false, 1, 1, first_joint, walking_cost, walker_stands,
        see_walking}},
  };
  return kRules;
}

class Task final : public MujocoTask {
 public:
  explicit Task(const Rules& rules) : rules_(rules), simulation_(rules.model, rules.frame_skip) {
    const mjModel& model = simulation_.model();
    const mjData& data = simulation_.data();
    start_ = {.positions = {data.qpos, data.qpos + model.nq},
              .velocities = {data.qvel, data.qvel + model.nv},
              .noise = rules.noise,
              .normal_velocities = rules.normal_velocities};
    for (int64_t i = 0; i < model.nu; ++i) {
      action_low_.push_back(static_cast<float>(model.actuator_ctrlrange[2 * i]));
      action_high_.push_back(static_cast<float>(model.actuator_ctrlrange[2 * i + 1]));
    }
    reset(start_.positions, start_.velocities);
    observation_size_ = static_cast<int64_t>(observe().size());
  }

  const MujocoStart& start() const override { return start_; }
  int64_t observation_size() const override { return observation_size_; }
  const std::vector<float>& action_low() const override { return action_low_; }
  const std::vector<float>& action_high() const override { return action_high_; }

  void reset(const std::vector<double>& positions, const std::vector<double>& velocities) override {
    simulation_.reset(positions, velocities);
    position_ = rules_.position(simulation_);
  }

  MujocoOutcome step(const float* action) override {
    const double before = position_;
    simulation_.step(action);
    position_ = rules_.position(simulation_);
    const double velocity = (position_ - before) / simulation_.seconds_per_step();
    const bool healthy = rules_.healthy(simulation_);
    const double gain = rules_.forward_weight * velocity + (healthy ? rules_.healthy_reward : 0.0);
    return {.reward = gain - rules_.cost(simulation_, action), .terminated = !healthy};
  }

  std::vector<double> observe() const override { return rules_.observe(simulation_); }

  // MuJoCo works positions of bodies out before it moves them, so that of the torso is not that of
  // the saved joints
  std::vector<double> save_state() const override {
    std::vector<double> state = simulation_.save_state();
    state.push_back(position_);
    return state;
  }

  void load_state(const std::vector<double>& state) override {
    if (state.size() != simulation_.state_size() + 1) {
      throw std::runtime_error("the saved state of a MuJoCo task has " +
                               std::to_string(state.size()) + " numbers instead of " +
                               std::to_string(simulation_.state_size() + 1) +
                               "; it is of another task or another version of MuJoCo");
    }
    simulation_.load_state(state);
    position_ = state.back();
  }

 private:
  const Rules& rules_;
  Simulation simulation_;
  MujocoStart start_;
  std::vector<float> action_low_;
  std::vector<float> action_high_;
  int64_t observation_size_;
  double position_;  // after the last step, in metres
};

class Library final : public MujocoLibrary {
 public:
  std::unique_ptr<MujocoTask> create(const std::string& name) override {
    return std::make_unique<Task>(all_rules().at(name));
  }
};

}  // namespace
}  // namespace accumbens

extern "C" __attribute__((visibility("default"))) accumbens::MujocoLibrary*
accumbens_mujoco_library() {
  static accumbens::Library library;
  return &library;
}
