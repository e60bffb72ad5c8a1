// The Arcade Learning Environment (Bellemare et al., 2013) through ale-py in an embedded Python.

#include <pybind11/stl.h>

#include <cctype>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/envs/atari/emulator.h"
#include "accumbens/envs/python/python.h"

namespace accumbens {
namespace {

// runs a function with the interpreter held; what Python raises crosses as text
template <class F>
auto with_ale(F&& body) {
  return with_python("the Atari emulator failed", std::forward<F>(body));
}

py::module_ import_ale() {
  py::module_ ale = import_package("ale_py", "ale-py", "Atari games");
  ale.attr("ALEInterface").attr("setLoggerMode")(ale.attr("LoggerMode").attr("Error"));
  return ale;
}

// "space_invaders" -> "SpaceInvaders", as Gymnasium names games
std::string game_name(const std::string& rom) {
  std::string name;
  bool capital = true;
  for (const unsigned char c : rom) {
    if (std::isalpha(c)) {
      name += static_cast<char>(capital ? std::toupper(c) : c);
    } else if (c != '_') {
      name += static_cast<char>(c);
    }
    capital = !std::isalpha(c);
  }
  return name;
}

// the games for one player and where their ROMs lie; ALE ends the program when given another
std::map<std::string, py::object> find_roms(const py::module_& ale) {
  const py::module_ roms = py::module_::import("ale_py.roms");
  std::map<std::string, py::object> found;
  for (const py::handle rom : roms.attr("get_all_rom_ids")()) {
    py::object path = roms.attr("get_rom_path")(rom);
    if (!path.is_none() && !ale.attr("ALEInterface").attr("isSupportedROM")(path).is_none()) {
      found.emplace(game_name(rom.cast<std::string>()), std::move(path));
    }
  }
  return found;
}

class AleEmulator final : public Emulator {
 public:
  // needs the interpreter held
  explicit AleEmulator(const EmulatorOptions& options)
      : sticky_probability_(static_cast<float>(options.sticky_probability)),
        sticky_random_(options.seed) {
    const py::module_ module = import_ale();
    const std::map<std::string, py::object> roms = find_roms(module);
    const auto rom = roms.find(options.game);
    if (rom == roms.end()) throw std::runtime_error("ale-py has no game '" + options.game + "'");

    // sticky actions are drawn here, see act(); ALE counts no frames and skips none
    ale_ = module.attr("ALEInterface")();
    ale_.attr("setFloat")("repeat_action_probability", 0.0F);
    ale_.attr("setInt")("random_seed", options.seed);
    ale_.attr("setInt")("frame_skip", 1);
    ale_.attr("setInt")("max_num_frames_per_episode", 0);
    ale_.attr("loadROM")(rom->second);

    for (const py::handle action : ale_.attr("getMinimalActionSet")()) {
      actions_.push_back(action.attr("value"));
    }
    const auto dimensions = ale_.attr("getScreenDims")().cast<std::pair<int64_t, int64_t>>();
    height_ = dimensions.first;
    width_ = dimensions.second;

    // bound once, as they are called every frame
    act_ = ale_.attr("act");
    game_over_ = ale_.attr("game_over");
    lives_ = ale_.attr("lives");
    get_grayscale_ = ale_.attr("getScreenGrayscale");
    get_rgb_ = ale_.attr("getScreenRGB");
    state_type_ = module.attr("ALEState");
  }

  ~AleEmulator() override {
    const py::gil_scoped_acquire held;
    for (py::object* object :
         {&act_, &game_over_, &lives_, &get_grayscale_, &get_rgb_, &state_type_, &ale_}) {
      *object = py::object();
    }
    actions_.clear();
  }

  void reset() override {
    with_ale([&] { ale_.attr("reset_game")(); });
    executed_action_ = 0;
    at_start_ = true;
  }

  int64_t act(int64_t action) override {
    // ALE's own rule and generator, one draw for each player. ALE does not save which action it
    // executed last: drawn here, it can be saved, and a saved game goes on exactly.
    if (sticky_draw() >= sticky_probability_) executed_action_ = action;
    sticky_draw();
    at_start_ = false;
    return with_ale([&] { return execute(executed_action_); });
  }

  bool game_over() override {
    return with_ale([&] { return game_over_().cast<bool>(); });
  }

  int64_t lives() override {
    return with_ale([&] { return lives_().cast<int64_t>(); });
  }

  int64_t num_actions() const override { return static_cast<int64_t>(actions_.size()); }
  int64_t screen_height() const override { return height_; }
  int64_t screen_width() const override { return width_; }

  void screen_grayscale(uint8_t* pixels) override {
    with_ale([&] {
      get_grayscale_(py::memoryview::from_buffer(pixels, {height_, width_}, {width_, int64_t{1}}));
    });
  }

  void screen_rgb(uint8_t* pixels) override {
    with_ale([&] {
      get_rgb_(py::memoryview::from_buffer(pixels, {height_, width_, int64_t{3}},
                                           {3 * width_, int64_t{3}, int64_t{1}}));
    });
  }

  std::string save_state() override {
    std::ostringstream text;
    text << executed_action_ << ' ' << at_start_ << ' ' << sticky_random_ << '\n';
    return text.str() + with_ale([&] {
             const py::object state = ale_.attr("cloneState")(py::arg("include_rng") = true);
             return std::string(py::bytes(state.attr("serialize")()));
           });
  }

  void load_state(const std::string& state) override {
    const size_t end = state.find('\n');
    std::istringstream text(state.substr(0, end));
    if (end == std::string::npos || !(text >> executed_action_ >> at_start_ >> sticky_random_)) {
      throw std::runtime_error("the saved state of the Atari emulator is damaged");
    }
    with_ale([&] {
      // Up to 0.12.1 ALE does not save that its last frame had no vertical sync, as is the case in
      // Qbert and Tetris after a reset and never later. Ours must have ended in the same way.
      ale_.attr("reset_game")();
      if (!at_start_) execute(0);
      ale_.attr("restoreState")(state_type_(py::bytes(state.substr(end + 1))));
    });
  }

 private:
  // uniform in [0, 1), as ALE draws it
  double sticky_draw() { return sticky_random_() / 4294967296.0; }

  // needs the interpreter held
  int64_t execute(int64_t action) {
    return act_(actions_.at(static_cast<size_t>(action))).cast<int64_t>();
  }

  float sticky_probability_;
  std::mt19937 sticky_random_;
  int64_t executed_action_ = 0;
  bool at_start_ = true;  // no frame since the last reset
  std::vector<py::object> actions_;
  int64_t height_ = 0;
  int64_t width_ = 0;
  py::object ale_, act_, game_over_, lives_, get_grayscale_, get_rgb_, state_type_;
};

class AleLibrary final : public EmulatorLibrary {
 public:
  std::vector<std::string> games() override {
    start_python();
    return with_ale([] {
      std::vector<std::string> names;
      for (const auto& [name, path] : find_roms(import_ale())) names.push_back(name);
      return names;
    });
  }

  std::unique_ptr<Emulator> create(const EmulatorOptions& options) override {
    start_python();
    return with_ale([&] { return std::make_unique<AleEmulator>(options); });
  }
};

}  // namespace
}  // namespace accumbens

extern "C" __attribute__((visibility("default"))) accumbens::EmulatorLibrary*
accumbens_emulator_library() {
  static accumbens::AleLibrary library;
  return &library;
}
