#include "accumbens/envs/atari/emulator.h"

#include <dlfcn.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPluginName = "accumbens_ale.so";

fs::path find_plugin() {
  // a folder that the user names is the only one searched
  std::vector<fs::path> folders;
  if (const char* folder = std::getenv("ACCUMBENS_PLUGIN_DIR")) {
    folders = {folder};
  } else {
    const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
    folders = {program, program.parent_path(), program.parent_path() / "lib" / "accumbens"};
  }
  for (const fs::path& folder : folders) {
    std::error_code ignored;
    if (fs::exists(folder / kPluginName, ignored)) return folder / kPluginName;
  }

  std::string searched;
  for (const fs::path& folder : folders) {
    searched += (searched.empty() ? "" : ", ") + folder.string();
  }
  throw Error(std::string("Atari games need the plug-in ") + kPluginName + ", which is not in " +
              searched +
              "; build the target accumbens_ale, or set ACCUMBENS_PLUGIN_DIR to its folder");
}

EmulatorLibrary* load_library() {
  const fs::path path = find_plugin();

  // Python's own extension modules look its symbols up globally
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  void* symbol = handle ? dlsym(handle, "accumbens_emulator_library") : nullptr;
  if (!symbol) {
    throw Error("the Atari plug-in " + path.string() + " does not load (" + dlerror() +
                "); build it again with the Python that the message is about");
  }
  return reinterpret_cast<EmulatorLibrary* (*)()>(symbol)();
}

// "space_invaders" and "SpaceInvaders" are one game
std::string normalised(const std::string& name) {
  std::string result;
  for (const unsigned char c : name) {
    if (c != '_') result += static_cast<char>(std::tolower(c));
  }
  return result;
}

// insertions, deletions and replacements that turn one word into the other
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

EmulatorLibrary& emulator_library() {
  // failures from inside the plug-in become the user's errors; a failed load is tried again
  static EmulatorLibrary* library = load_library();
  return *library;
}

std::unique_ptr<Emulator> make_emulator(EmulatorOptions options) {
  EmulatorLibrary& library = emulator_library();
  try {
    std::vector<std::string> games = library.games();
    const std::string wanted = normalised(options.game);
    const auto distance = [&](const std::string& game) {
      return edit_distance(wanted, normalised(game));
    };
    const auto found = std::find_if(games.begin(), games.end(),
                                    [&](const std::string& game) { return distance(game) == 0; });
    if (found != games.end()) {
      options.game = *found;
      return library.create(options);
    }

    // the nearest three
    std::stable_sort(games.begin(), games.end(), [&](const std::string& a, const std::string& b) {
      return distance(a) < distance(b);
    });
    std::string nearest;
    for (size_t i = 0; i < std::min<size_t>(games.size(), 3); ++i) {
      nearest += (i == 0 ? "" : ", ") + games[i];
    }
    throw ConfigError("there is no Atari game '" + options.game + "' in ale-py; the nearest are " +
                      nearest + " ('accumbens list environments' shows all)");
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(error.what());
  }
}

}  // namespace accumbens
