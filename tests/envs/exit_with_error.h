#pragma once

#include <cstdlib>
#include <iostream>

#include "accumbens/core/error.h"

namespace accumbens {

/// Ends a process of EXPECT_EXIT as the program would end: 0, or the code of what `make` throws,
/// which is printed.
template <class Make>
[[noreturn]] void exit_with_error(const Make& make) {
  try {
    make();
  } catch (const Error& error) {
    std::cerr << error.what() << std::endl;
    std::_Exit(error.exit_code());
  }
  std::_Exit(0);
}

}  // namespace accumbens
