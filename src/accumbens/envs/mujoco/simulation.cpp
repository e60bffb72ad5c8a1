#include "accumbens/envs/mujoco/simulation.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace accumbens {
namespace {

// MuJoCo's messages have details in further lines
std::string first_line(const std::string& message) {
  return message.substr(0, message.find('\n'));
}

// MuJoCo would end the program
void fail(const char* message) {
  throw std::runtime_error("MuJoCo failed: " + first_line(message));
}

// MuJoCo would write a file into the working folder. It warns of simulations that diverge, which
// then start anew, and of attributes in Gymnasium's models that it will no longer know some day.
void ignore(const char*) {}

std::filesystem::path model_path(const std::string& file) {
  const char* chosen = std::getenv("ACCUMBENS_MUJOCO_ASSETS");
  const std::filesystem::path folder = chosen ? chosen : ACCUMBENS_MUJOCO_ASSETS;
  if (!std::filesystem::exists(folder / file)) {
    throw std::runtime_error("there is no model " + (folder / file).string() +
                             "; install gymnasium, or set ACCUMBENS_MUJOCO_ASSETS to the folder "
                             "envs/mujoco/assets of that package");
  }
  return folder / file;
}

}  // namespace

Simulation::Simulation(const std::string& file, int frame_skip) : frame_skip_(frame_skip) {
  mju_user_error = fail;
  mju_user_warning = ignore;
  const std::string path = model_path(file).string();
  std::array<char, 1000> error{};
  model_.reset(mj_loadXML(path.c_str(), nullptr, error.data(), error.size()));
  if (!model_) {
    throw std::runtime_error("the model " + path + " is broken (MuJoCo says: " +
                             first_line(error.data()) + "); install gymnasium again");
  }
  data_.reset(mj_makeData(model_.get()));
}

void Simulation::reset(const std::vector<double>& positions,
                       const std::vector<double>& velocities) {
  mj_resetData(model_.get(), data_.get());
  std::copy_n(positions.data(), model_->nq, data_->qpos);
  std::copy_n(velocities.data(), model_->nv, data_->qvel);
  mj_forward(model_.get(), data_.get());
}

void Simulation::step(const float* control) {
  std::copy_n(control, model_->nu, data_->ctrl);
  for (int i = 0; i < frame_skip_; ++i) mj_step(model_.get(), data_.get());

  // the forces between bodies, which a step leaves out where no sensor asks for them
  mj_rnePostConstraint(model_.get(), data_.get());
}

std::vector<double> Simulation::save_state() const {
  std::vector<double> state(state_size());
  mj_getState(model_.get(), data_.get(), state.data(), mjSTATE_INTEGRATION);
  return state;
}

void Simulation::load_state(const std::vector<double>& state) {
  mj_setState(model_.get(), data_.get(), state.data(), mjSTATE_INTEGRATION);
}

size_t Simulation::state_size() const {
  return static_cast<size_t>(mj_stateSize(model_.get(), mjSTATE_INTEGRATION));
}

}  // namespace accumbens
