#include "accumbens/envs/gymnasium/gymnasium.h"

#include <stdexcept>

#include "accumbens/core/error.h"
#include "accumbens/envs/plugin.h"

namespace accumbens {

std::unique_ptr<GymnasiumTask> make_gymnasium_task(const GymnasiumOptions& options) {
  auto& library =
      plugin_library<GymnasiumLibrary>("accumbens_python", "accumbens_gymnasium_library",
                                       "Gymnasium's environments, such as '" + options.id + "',");
  return with_plugin([&] {
    try {
      return library.create(options);
    } catch (const std::invalid_argument& error) {
      throw ConfigError(error.what());
    }
  });
}

}  // namespace accumbens
