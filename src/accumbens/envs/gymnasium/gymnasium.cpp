#include "accumbens/envs/gymnasium/gymnasium.h"

#include <stdexcept>

#include "accumbens/core/error.h"
#include "accumbens/envs/plugin.h"

namespace accumbens {

std::unique_ptr<GymnasiumTask> make_gymnasium_task(const GymnasiumOptions& options) {
  void* symbol = plugin_symbol("accumbens_python", "accumbens_gymnasium_library",
                               "Gymnasium's environments, such as '" + options.id + "',");
  try {
    return reinterpret_cast<GymnasiumLibrary* (*)()>(symbol)()->create(options);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(error.what());
  } catch (const std::exception& error) {
    throw Error(error.what());
  }
}

}  // namespace accumbens
