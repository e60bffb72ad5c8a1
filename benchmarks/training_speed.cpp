// How many agent steps a second configurations train at:
//
//   build/release/training_speed THREADS AGENT_STEPS FILE.gin [BINDING ...] [FILE.gin ...]
//
// A peer's speed is measured in the same minutes by a script beside this file.

#include <ATen/Parallel.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "training.h"

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: training_speed THREADS AGENT_STEPS FILE.gin [BINDING ...] ...\n");
    return 2;
  }
  try {
    at::set_num_threads(std::atoi(argv[1]));
    for (int i = 3; i < argc;) {
      const std::string file = argv[i++];
      std::string name = file;
      std::vector<std::string> bindings;
      for (; i < argc && std::string(argv[i]).find('=') != std::string::npos; ++i) {
        bindings.emplace_back(argv[i]);
        name += " " + bindings.back();
      }
      const double speed =
          accumbens::training_steps_per_second({file}, bindings, std::atoll(argv[2]));
      std::printf("%s: %.1f agent steps/s\n", name.c_str(), speed);
      std::fflush(stdout);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "training_speed: %s\n", error.what());
    return 1;
  }
  return 0;
}
