#pragma once

namespace accumbens {

/// Prints versions, devices, threads, memory, and what is missing with the way to get it. Returns
/// the exit code: 1 when something that training needs is missing.
int doctor();

}  // namespace accumbens
