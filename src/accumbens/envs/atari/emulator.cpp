#include "accumbens/envs/atari/emulator.h"

#include <algorithm>
#include <cctype>

#include "accumbens/config/nearest_name.h"
#include "accumbens/core/error.h"
#include "accumbens/envs/atari/reference_scores.h"
#include "accumbens/envs/plugin.h"

namespace accumbens {
namespace {

// writes a game's name as the library does, and lets it be made
template <class Library, class Make>
auto with_game(Library& library, std::string& game, Make&& make) {
  return with_plugin([&] {
    const std::vector<std::string> games = library.games();
    const auto found = std::find_if(games.begin(), games.end(), [&](const std::string& known) {
      return plain_game_name(known) == plain_game_name(game);
    });
    if (found == games.end()) {
      if (const ReferenceScore* known = find_reference_score(plain_game_name(game))) {
        throw ConfigError("create_atari_environment.game_name: the ROM of " + known->game +
                          " is not among the " + std::to_string(games.size()) +
                          " that there are; install ale-py again, which brings all, or set "
                          "ACCUMBENS_ROM_DIR to a folder with ALE's");
      }
      throw ConfigError("create_atari_environment.game_name: there is no Atari game '" + game +
                        "'" + did_you_mean(game, games) +
                        " ('accumbens list environments' shows all)");
    }
    game = *found;
    return make();
  });
}

}  // namespace

std::string plain_game_name(const std::string& name) {
  std::string result;
  for (const unsigned char c : name) {
    if (c != '_') result += static_cast<char>(std::tolower(c));
  }
  return result;
}

EmulatorLibrary& emulator_library() {
  // a failed load is tried again
  static EmulatorLibrary& library =
      has_plugin("accumbens_ale")
          ? plugin_library<EmulatorLibrary>("accumbens_ale", "accumbens_ale_library", "Atari games")
          : python_emulator_library();
  return library;
}

VectorEmulatorLibrary& python_emulator_library() {
  static auto& library = plugin_library<VectorEmulatorLibrary>(
      "accumbens_python", "accumbens_emulator_library", "Atari games");
  return library;
}

std::unique_ptr<Emulator> make_emulator(EmulatorOptions options) {
  EmulatorLibrary& library = options.window ? python_emulator_library() : emulator_library();
  return with_game(library, options.game, [&] { return library.create(options); });
}

std::unique_ptr<VectorEmulator> make_vector_emulator(VectorEmulatorOptions options) {
  VectorEmulatorLibrary& library = python_emulator_library();
  return with_game(library, options.game, [&] { return library.create_vector(options); });
}

}  // namespace accumbens
