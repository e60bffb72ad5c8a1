// The Arcade Learning Environment (Bellemare et al., 2013) through ale-py in an embedded Python.

#include <pybind11/stl.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/envs/atari/ale_emulator.h"
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

// the games for one player and where their ROMs lie; ALE ends the program when given another
std::map<std::string, std::string> find_roms(const py::module_& ale) {
  const py::module_ roms = py::module_::import("ale_py.roms");
  std::map<std::string, std::string> found;
  for (const py::handle rom : roms.attr("get_all_rom_ids")()) {
    const py::object path = roms.attr("get_rom_path")(rom);
    if (!path.is_none() && !ale.attr("ALEInterface").attr("isSupportedROM")(path).is_none()) {
      found.emplace(game_of_rom(rom.cast<std::string>()), py::str(path));
    }
  }
  return found;
}

class PythonEmulator final : public AleEmulator {
 public:
  // needs the interpreter held
  PythonEmulator(const EmulatorOptions& options, const std::string& rom) : AleEmulator(options) {
    const py::module_ module = import_ale();

    // sticky actions are drawn by AleEmulator; ALE counts no frames and skips none
    ale_ = module.attr("ALEInterface")();
    ale_.attr("setFloat")("repeat_action_probability", 0.0F);
    ale_.attr("setInt")("random_seed", options.seed);
    ale_.attr("setInt")("frame_skip", 1);
    ale_.attr("setInt")("max_num_frames_per_episode", 0);
    ale_.attr("setBool")("display_screen", options.window);
    ale_.attr("loadROM")(rom);

    for (const py::handle action : ale_.attr("getMinimalActionSet")()) {
      actions_.push_back(action.attr("value"));
    }
    fires_ =
        actions_.size() > 1 && actions_[1].equal(module.attr("Action").attr("FIRE").attr("value"));
    const auto dimensions = ale_.attr("getScreenDims")().cast<std::pair<int64_t, int64_t>>();
    height_ = dimensions.first;
    width_ = dimensions.second;

    // bound once, as they are called every frame
    act_ = ale_.attr("act");
    game_over_ = ale_.attr("game_over");
    lives_ = ale_.attr("lives");
    get_grayscale_ = ale_.attr("getScreenGrayscale");
    get_rgb_ = ale_.attr("getScreenRGB");
    get_ram_ = ale_.attr("getRAM");
    state_type_ = module.attr("ALEState");
  }

  ~PythonEmulator() override {
    const py::gil_scoped_acquire held;
    for (py::object* object : {&act_, &game_over_, &lives_, &get_grayscale_, &get_rgb_, &get_ram_,
                               &state_type_, &ale_}) {
      *object = py::object();
    }
    actions_.clear();
  }

  bool game_over() override {
    return with_ale([&] { return game_over_().cast<bool>(); });
  }

  int64_t lives() override {
    return with_ale([&] { return lives_().cast<int64_t>(); });
  }

  int64_t num_actions() const override { return static_cast<int64_t>(actions_.size()); }
  bool fires() const override { return fires_; }
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

  void ram(uint8_t* bytes) override {
    with_ale([&] { get_ram_(py::memoryview::from_buffer(bytes, {kRamBytes}, {int64_t{1}})); });
  }

 private:
  void begin_game() override {
    with_ale([&] { ale_.attr("reset_game")(); });
  }

  int64_t execute(int64_t action) override {
    return with_ale([&] { return act_(actions_.at(static_cast<size_t>(action))).cast<int64_t>(); });
  }

  std::string save_game() override {
    return with_ale([&] {
      const py::object state = ale_.attr("cloneState")(py::arg("include_rng") = true);
      return std::string(py::bytes(state.attr("serialize")()));
    });
  }

  void load_game(const std::string& state) override {
    with_ale([&] { ale_.attr("restoreState")(state_type_(py::bytes(state))); });
  }

  std::vector<py::object> actions_;
  int64_t height_ = 0;
  int64_t width_ = 0;
  bool fires_ = false;
  py::object ale_, act_, game_over_, lives_, get_grayscale_, get_rgb_, get_ram_, state_type_;
};

/// ale-py's vector of emulators, each step of which resets what is over.
class AleVectorEmulator final : public VectorEmulator {
 public:
  // needs the interpreter held
  AleVectorEmulator(const VectorEmulatorOptions& options, const std::string& rom)
      : streams_(options.num_streams), pixels_(options.screen_size * options.screen_size) {
    const py::module_ module = import_ale();
    const py::object make = module.attr("ALEVectorInterface");
    using py::literals::operator""_a;
    ale_ = make("rom_path"_a = rom, "num_envs"_a = options.num_streams,
                "frame_skip"_a = options.frame_skip, "stack_num"_a = 1,
                "img_height"_a = options.screen_size, "img_width"_a = options.screen_size,
                "grayscale"_a = true, "maxpool"_a = true, "noop_max"_a = options.max_noops,
                "use_fire_reset"_a = false, "episodic_life"_a = false, "life_loss_info"_a = false,
                "reward_clipping"_a = false, "max_episode_steps"_a = options.max_frames,
                "repeat_action_probability"_a = options.sticky_probability,
                "full_action_space"_a = false, "batch_size"_a = 0,
                "num_threads"_a = options.num_threads, "thread_affinity_offset"_a = -1,
                "autoreset_mode"_a = "NextStep");
    actions_ = static_cast<int64_t>(py::len(ale_.attr("get_action_set")()));
    const py::module_ numpy = py::module_::import("numpy");
    strength_ = numpy.attr("ones")(streams_, "float32");
    array_ = numpy.attr("array");
  }

  ~AleVectorEmulator() override {
    const py::gil_scoped_acquire held;
    for (py::object* object : {&strength_, &array_, &ale_}) *object = py::object();
  }

  int64_t num_actions() const override { return actions_; }

  void reset(const std::vector<int64_t>& streams, const std::vector<int64_t>& seeds,
             uint8_t* screens) override {
    with_ale([&] {
      const py::tuple shown =
          ale_.attr("reset")(array_(py::cast(streams), "int64"), array_(py::cast(seeds), "int64"));
      copy(shown[0], streams_ * pixels_, screens);
    });
  }

  void step(const int64_t* actions, uint8_t* screens, float* rewards, uint8_t* terminated,
            uint8_t* truncated) override {
    with_ale([&] {
      const py::memoryview chosen =
          py::memoryview::from_buffer(actions, {streams_}, {sizeof(int64_t)});
      ale_.attr("send")(array_(chosen), strength_);
      const py::tuple step = ale_.attr("recv")();
      copy(step[0], streams_ * pixels_, screens);
      copy(step[1], streams_, rewards);
      copy(step[2], streams_, terminated);
      copy(step[3], streams_, truncated);
    });
  }

 private:
  // an array of bytes, of truth values or of 32-bit integers
  template <class T>
  static void copy(const py::handle& array, int64_t count, T* out) {
    const py::buffer_info info = py::reinterpret_borrow<py::buffer>(array).request();
    if (info.size != count) throw std::runtime_error("ale-py gave an array of another size");
    if (info.itemsize == 1) {
      std::copy_n(static_cast<const uint8_t*>(info.ptr), count, out);
    } else if (info.itemsize == 4 && info.format == "i") {
      std::copy_n(static_cast<const int32_t*>(info.ptr), count, out);
    } else {
      throw std::runtime_error("ale-py gave an array of " + info.format);
    }
  }

  int64_t streams_;
  int64_t pixels_;
  int64_t actions_ = 0;
  py::object ale_, strength_, array_;
};

class AleLibrary final : public VectorEmulatorLibrary {
 public:
  std::vector<std::string> games() override {
    start_python();
    return roms_.games();
  }

  std::unique_ptr<Emulator> create(const EmulatorOptions& options) override {
    start_python();
    const std::string& rom = roms_.path(options.game);
    return with_ale([&] { return std::make_unique<PythonEmulator>(options, rom); });
  }

  std::unique_ptr<VectorEmulator> create_vector(const VectorEmulatorOptions& options) override {
    start_python();
    const std::string& rom = roms_.path(options.game);
    return with_ale([&] { return std::make_unique<AleVectorEmulator>(options, rom); });
  }

 private:
  Roms roms_{[] { return with_ale([] { return find_roms(import_ale()); }); }};
};

}  // namespace
}  // namespace accumbens

extern "C" __attribute__((visibility("default"))) accumbens::VectorEmulatorLibrary*
accumbens_emulator_library() {
  static accumbens::AleLibrary library;
  return &library;
}
