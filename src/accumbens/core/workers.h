#pragma once

#include <cstdint>
#include <functional>

namespace accumbens {

/// Calls work(0) ... work(count-1), each on a thread of its own, the calling one among them, and
/// returns when all are done. Where several throw, the exception of the first of them is thrown on.
///
/// The threads are those that torch computes with (OpenMP), as those wait for their next work in a
/// loop, which would keep the cores from any other threads. Torch is told that work is parallel
/// already. Best with as many as torch has (Runner.num_threads), since another number makes threads
/// anew each time. Built without OpenMP, one call follows the other.
void run_workers(int64_t count, const std::function<void(int64_t)>& work);

}  // namespace accumbens
