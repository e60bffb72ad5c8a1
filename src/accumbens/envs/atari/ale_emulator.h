#pragma once

#include <cctype>
#include <functional>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/envs/atari/emulator.h"

namespace accumbens {

/// "space_invaders", a ROM's name, as Gymnasium names the game: "SpaceInvaders".
inline std::string game_of_rom(const std::string& rom) {
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

/// The games of a library and where their ROMs lie, looked for when first asked.
class Roms {
 public:
  /// Game -> path.
  using Find = std::function<std::map<std::string, std::string>()>;

  /// find: called once.
  explicit Roms(Find find) : find_(std::move(find)) {}

  /// Sorted.
  std::vector<std::string> games() {
    std::vector<std::string> names;
    for (const auto& [name, path] : all()) names.push_back(name);
    return names;
  }

  /// Throws std::runtime_error where there is no such game.
  const std::string& path(const std::string& game) {
    const auto rom = all().find(game);
    if (rom == all().end()) throw std::runtime_error("there is no Atari game '" + game + "'");
    return rom->second;
  }

 private:
  const std::map<std::string, std::string>& all() {
    if (found_.empty()) found_ = find_();
    return found_;
  }

  Find find_;
  std::map<std::string, std::string> found_;
};

/// What is the same of the Arcade Learning Environment, whether C++ or Python runs it: sticky
/// actions, and how a game is saved. A game that one of them saved goes on in the other.
class AleEmulator : public Emulator {
 public:
  /// The derived class makes the game.
  explicit AleEmulator(const EmulatorOptions& options)
      : sticky_probability_(static_cast<float>(options.sticky_probability)),
        sticky_random_(options.seed) {}

  void reset() final {
    begin_game();
    executed_action_ = 0;
    at_start_ = true;
  }

  int64_t act(int64_t action) final {
    // ALE's own rule and generator, one draw for each player. ALE does not save which action it
    // executed last: drawn here, it can be saved, and a saved game goes on exactly.
    if (sticky_draw() >= sticky_probability_) executed_action_ = action;
    sticky_draw();
    at_start_ = false;
    return execute(executed_action_);
  }

  std::string save_state() final {
    std::ostringstream text;
    text << executed_action_ << ' ' << at_start_ << ' ' << sticky_random_ << '\n';
    return text.str() + save_game();
  }

  void load_state(const std::string& state) final {
    const size_t end = state.find('\n');
    std::istringstream text(state.substr(0, end));
    if (end == std::string::npos || !(text >> executed_action_ >> at_start_ >> sticky_random_)) {
      throw std::runtime_error("the saved state of the Atari emulator is damaged");
    }

    // Up to 0.12.1 ALE does not save that its last frame had no vertical sync, as is the case in
    // Qbert and Tetris after a reset and never later. Ours must have ended in the same way.
    begin_game();
    if (!at_start_) execute(0);
    load_game(state.substr(end + 1));
  }

 private:
  /// ALE's reset_game().
  virtual void begin_game() = 0;

  /// One frame of an action of the minimal set; returns its reward.
  virtual int64_t execute(int64_t action) = 0;

  /// ALE's state with its generator, serialized,
  virtual std::string save_game() = 0;

  /// and back.
  virtual void load_game(const std::string& state) = 0;

  // uniform in [0, 1), as ALE draws it
  double sticky_draw() { return sticky_random_() / 4294967296.0; }

  float sticky_probability_;
  std::mt19937 sticky_random_;
  int64_t executed_action_ = 0;
  bool at_start_ = true;  // no frame since the last reset
};

}  // namespace accumbens
