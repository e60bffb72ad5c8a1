// The Arcade Learning Environment (Bellemare et al., 2013) through its own C++ library.

#include <ale/ale_interface.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "accumbens/envs/atari/ale_emulator.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;

// the games and where their ROMs lie; ALE ends the program when given another
std::map<std::string, std::string> find_roms() {
  const char* named = std::getenv("ACCUMBENS_ROM_DIR");
  const fs::path folder = named ? named : ACCUMBENS_ROM_DIR;
  std::map<std::string, std::string> found;
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure)) {
    if (entry.is_regular_file(failure) && entry.path().extension() == ".bin" &&
        ale::ALEInterface::isSupportedROM(entry.path())) {
      found.emplace(game_of_rom(entry.path().stem().string()), entry.path());
    }
  }
  if (found.empty()) {
    throw std::runtime_error("there are no Atari ROMs in " + folder.string() +
                             "; set ACCUMBENS_ROM_DIR to the folder with ALE's, in which are files "
                             "such as pong.bin");
  }
  return found;
}

class NativeEmulator final : public AleEmulator {
 public:
  NativeEmulator(const EmulatorOptions& options, const fs::path& rom) : AleEmulator(options) {
    // sticky actions are drawn by AleEmulator; ALE counts no frames and skips none
    ale_.setFloat("repeat_action_probability", 0.0F);
    ale_.setInt("random_seed", static_cast<int>(options.seed));
    ale_.setInt("frame_skip", 1);
    ale_.setInt("max_num_frames_per_episode", 0);
    ale_.loadROM(rom);
    actions_ = ale_.getMinimalActionSet();
  }

  bool game_over() override { return ale_.game_over(); }
  int64_t lives() override { return ale_.lives(); }
  int64_t num_actions() const override { return static_cast<int64_t>(actions_.size()); }
  bool fires() const override { return actions_.size() > 1 && actions_[1] == ale::PLAYER_A_FIRE; }
  int64_t screen_height() const override { return static_cast<int64_t>(screen().height()); }
  int64_t screen_width() const override { return static_cast<int64_t>(screen().width()); }

  void screen_grayscale(uint8_t* pixels) override {
    ale_.theOSystem->colourPalette().applyPaletteGrayscale(pixels, screen().getArray(),
                                                           screen().arraySize());
  }

  void screen_rgb(uint8_t* pixels) override {
    ale_.theOSystem->colourPalette().applyPaletteRGB(pixels, screen().getArray(),
                                                     screen().arraySize());
  }

  void ram(uint8_t* bytes) override { std::copy_n(ale_.getRAM().array(), kRamBytes, bytes); }

 private:
  const ale::ALEScreen& screen() const { return ale_.getScreen(); }

  void begin_game() override { ale_.reset_game(); }
  int64_t execute(int64_t action) override {
    return ale_.act(actions_.at(static_cast<size_t>(action)));
  }
  std::string save_game() override { return ale_.cloneState(/*include_rng=*/true).serialize(); }
  void load_game(const std::string& state) override {
    try {
      ale_.restoreState(ale::ALEState(state));
    } catch (const char* what) {
      throw std::runtime_error(std::string("the saved game is of another ROM or version of ALE (") +
                               what + "); resume with what wrote it, or use a new --base_dir");
    }
  }

  ale::ALEInterface ale_;
  ale::ActionVect actions_;
};

class NativeLibrary final : public EmulatorLibrary {
 public:
  NativeLibrary() { ale::Logger::setMode(ale::Logger::Error); }

  std::vector<std::string> games() override { return roms_.games(); }

  std::unique_ptr<Emulator> create(const EmulatorOptions& options) override {
    return std::make_unique<NativeEmulator>(options, roms_.path(options.game));
  }

 private:
  Roms roms_{find_roms};
};

}  // namespace
}  // namespace accumbens

extern "C" __attribute__((visibility("default"))) accumbens::EmulatorLibrary*
accumbens_ale_library() {
  static accumbens::NativeLibrary library;
  return &library;
}
