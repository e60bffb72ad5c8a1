#include "accumbens/envs/atari/emulator.h"

#include <dlfcn.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "accumbens/config/nearest_name.h"
#include "accumbens/core/error.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPluginName = "accumbens_ale.so";

// Python's own extension modules look the plug-in's symbols up globally
void* open_plugin(const fs::path& path) {
  return dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
}

[[noreturn]] void refuse_plugin(const fs::path& path) {
  throw Error("the Atari plug-in " + path.string() + " does not load (" + dlerror() +
              "); build it again with the Python that the message is about");
}

void* find_plugin() {
  // a folder that the user names is the only one searched
  std::vector<fs::path> folders;
  const char* named = std::getenv("ACCUMBENS_PLUGIN_DIR");
  if (named) {
    folders = {named};
  } else {
    const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
    folders = {program, program.parent_path(), program.parent_path() / "lib" / "accumbens"};
  }
  std::string searched;
  for (const fs::path& folder : folders) {
    const fs::path path = folder / kPluginName;
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
      if (void* handle = open_plugin(path)) return handle;
      refuse_plugin(path);
    }
    searched += (searched.empty() ? "" : ", ") + folder.string();
  }

  // programs that link the installed library name its folder in their run path
  if (!named) {
    if (void* handle = open_plugin(kPluginName)) return handle;
    searched += std::string(" or the run path (") + dlerror() + ")";
  }
  throw Error(std::string("Atari games need the plug-in ") + kPluginName + ", which is not in " +
              searched +
              "; build the target accumbens_ale, or set ACCUMBENS_PLUGIN_DIR to its folder");
}

EmulatorLibrary* load_library() {
  void* symbol = dlsym(find_plugin(), "accumbens_emulator_library");
  if (!symbol) refuse_plugin(kPluginName);
  return reinterpret_cast<EmulatorLibrary* (*)()>(symbol)();
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
  // failures from inside the plug-in become the user's errors; a failed load is tried again
  static EmulatorLibrary* library = load_library();
  return *library;
}

std::unique_ptr<Emulator> make_emulator(EmulatorOptions options) {
  EmulatorLibrary& library = emulator_library();
  try {
    const std::vector<std::string> games = library.games();
    const auto found = std::find_if(games.begin(), games.end(), [&](const std::string& game) {
      return plain_game_name(game) == plain_game_name(options.game);
    });
    if (found == games.end()) {
      throw ConfigError("there is no Atari game '" + options.game + "' in ale-py" +
                        did_you_mean(options.game, games) +
                        " ('accumbens list environments' shows all)");
    }
    options.game = *found;
    return library.create(options);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(error.what());
  }
}

}  // namespace accumbens
