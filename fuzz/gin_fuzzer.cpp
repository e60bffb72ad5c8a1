#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/gin_properties.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!accumbens::gin_properties_hold(text)) __builtin_trap();
  return 0;
}
