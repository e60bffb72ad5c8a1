#include "accumbens/app/config_folder.h"

#include <cstdlib>
#include <vector>

#include "accumbens/core/error.h"

namespace accumbens {

std::filesystem::path config_folder() {
  namespace fs = std::filesystem;

  // a folder that the user names is the only one searched
  std::vector<fs::path> folders;
  if (const char* folder = std::getenv("ACCUMBENS_CONFIG_DIR")) {
    folders = {folder};
  } else {
    const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
    folders = {program.parent_path() / "share" / "accumbens" / "configs", ACCUMBENS_CONFIG_DIR};
  }
  std::string searched;
  for (const fs::path& folder : folders) {
    std::error_code ignored;
    if (fs::is_directory(folder, ignored)) return folder;
    searched += (searched.empty() ? "" : " or ") + folder.string();
  }
  throw Error("Accumbens' own configurations are not in " + searched +
              "; set ACCUMBENS_CONFIG_DIR to their folder");
}

}  // namespace accumbens
