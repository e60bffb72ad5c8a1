#include "accumbens/core/workers.h"

#include <c10/util/ParallelGuard.h>

#include <exception>
#include <vector>

namespace accumbens {

void run_workers(int64_t count, const std::function<void(int64_t)>& work) {
  if (count == 1) return work(0);

  std::vector<std::exception_ptr> failures(count);
#pragma omp parallel for num_threads(count) schedule(static, 1)
  for (int64_t worker = 0; worker < count; ++worker) {
    const c10::ParallelGuard parallel(true);
    try {
      work(worker);
    } catch (...) {
      failures[worker] = std::current_exception();
    }
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace accumbens
