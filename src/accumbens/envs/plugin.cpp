#include "accumbens/envs/plugin.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;

// Python's own extension modules look the plug-in's symbols up globally
void* open_plugin(const fs::path& path) {
  return dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
}

[[noreturn]] void refuse_plugin(const fs::path& path) {
  throw Error("the plug-in " + path.string() + " does not load (" + dlerror() +
              "); build it again with the libraries that the message is about");
}

// the plug-in, or nothing and where it was looked for
void* find_plugin(const std::string& file, std::string& searched) {
  // a folder that the user names is the only one searched
  std::vector<fs::path> folders;
  const char* named = std::getenv("ACCUMBENS_PLUGIN_DIR");
  if (named) {
    folders = {named};
  } else {
    const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
    folders = {program, program.parent_path(), program.parent_path() / "lib" / "accumbens"};
  }
  for (const fs::path& folder : folders) {
    const fs::path path = folder / file;
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
      if (void* handle = open_plugin(path)) return handle;
      refuse_plugin(path);
    }
    searched += (searched.empty() ? "" : ", ") + folder.string();
  }

  // programs that link the installed library name its folder in their run path
  if (named) return nullptr;
  void* handle = open_plugin(file);
  if (!handle) searched += std::string(" or the run path (") + dlerror() + ")";
  return handle;
}

}  // namespace

void* plugin_symbol(const std::string& file, const std::string& symbol,
                    const std::string& purpose) {
  std::string searched;
  void* plugin = find_plugin(file + ".so", searched);
  if (!plugin) {
    throw Error(purpose + " need the plug-in " + file + ".so, which is not in " + searched +
                "; build the target " + file + ", or set ACCUMBENS_PLUGIN_DIR to its folder");
  }
  void* found = dlsym(plugin, symbol.c_str());
  if (!found) refuse_plugin(file + ".so");
  return found;
}

bool has_plugin(const std::string& file) {
  std::string searched;
  return find_plugin(file + ".so", searched) != nullptr;
}

}  // namespace accumbens
