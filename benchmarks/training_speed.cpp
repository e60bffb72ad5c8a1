// How many agent steps a second configurations train at:
//
//   build/release/training_speed THREADS AGENT_STEPS FILE.gin ...
//
// A peer's speed is measured in the same minutes by a script beside this file.

#include <ATen/Parallel.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "training.h"

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: training_speed THREADS AGENT_STEPS FILE.gin ...\n");
    return 2;
  }
  try {
    at::set_num_threads(std::atoi(argv[1]));
    for (int i = 3; i < argc; ++i) {
      const double speed = accumbens::training_steps_per_second({argv[i]}, {}, std::atoll(argv[2]));
      std::printf("%s: %.1f agent steps/s\n", argv[i], speed);
      std::fflush(stdout);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "training_speed: %s\n", error.what());
    return 1;
  }
  return 0;
}
