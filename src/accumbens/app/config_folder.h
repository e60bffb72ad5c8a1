#pragma once

#include <filesystem>

namespace accumbens {

/// The folder of the configurations that ship with Accumbens: $ACCUMBENS_CONFIG_DIR if set, else
/// ../share/accumbens/configs beside the running program (an installed one), else configs/ of the
/// source tree. Throws Error if there is none.
std::filesystem::path config_folder();

}  // namespace accumbens
