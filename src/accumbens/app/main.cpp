#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "accumbens/app/command_line.h"

namespace {

// Threads of OpenMP (GCC's) wait for work in a loop of milliseconds, which keeps cores from the
// threads that have work wherever another program runs, too; a loop of microseconds is as fast
// alone. The library reads its length when it is loaded, so the program starts once more with it.
void wait_briefly(char** argv) {
  if (std::getenv("GOMP_SPINCOUNT") || std::getenv("OMP_WAIT_POLICY")) return;
  ::setenv("GOMP_SPINCOUNT", "1000", /*overwrite=*/1);
  ::execv("/proc/self/exe", argv);  // returns where that fails, and then it waits for longer
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "train" || command == "evaluate") wait_briefly(argv);
  return accumbens::run_command_line(argc, argv);
}
