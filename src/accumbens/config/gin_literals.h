#pragma once

#include <string>
#include <string_view>

#include "accumbens/config/gin_builder.h"
#include "accumbens/config/value.h"

namespace accumbens::gin {

/// The value of a number without sign as Python writes it (0x10, 250_000, 6.25e-5), an int64_t or a
/// double. Fails where it does not fit.
Value number_of(std::string_view literal, bool negative, const Builder& builder);

/// The text of a string as Python writes it, with prefix and quotes: escapes are replaced unless
/// the prefix is r. Fails at an escape that names no character.
std::string string_of(std::string_view literal, const Builder& builder);

}  // namespace accumbens::gin
