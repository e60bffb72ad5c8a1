#pragma once

#include <string>

namespace accumbens {

/// How one operative configuration differs from another: a line "- Name.parameter = value" for each
/// binding of the saved one that is gone or has another value, "+ ..." for each of the present one,
/// each line behind a line break. "" where nothing differs, or where the saved one binds nothing.
/// Parameters that only one of them knows of a configurable that both have are no difference.
std::string changed_bindings(const std::string& saved, const std::string& present);

}  // namespace accumbens
