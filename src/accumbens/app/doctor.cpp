#include "accumbens/app/doctor.h"

#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <thread>

#include "accumbens/core/memory.h"
#include "accumbens/envs/factory.h"

namespace accumbens {
namespace {

void line(const std::string& name, const std::string& value) {
  std::cout << name << std::string(name.size() < 14 ? 14 - name.size() : 1, ' ') << value << '\n';
}

std::string gigabytes(int64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f GB", static_cast<double>(bytes) / 1e9);
  return text;
}

}  // namespace

int doctor() {
  line("accumbens", ACCUMBENS_VERSION);
  line("LibTorch", TORCH_VERSION);
  line("CPU", std::to_string(std::thread::hardware_concurrency()) + " cores, " +
                  at::get_cpu_capability() + ", " + std::to_string(at::get_num_threads()) +
                  " threads");
  const FreeMemory memory = free_memory();
  line("memory", gigabytes(memory.bytes) + " free " + memory.place);
  line("GPU", torch::cuda::is_available()
                  ? std::to_string(torch::cuda::device_count()) + " NVIDIA"
                  : "none that this LibTorch can use: training runs on the CPU");

  // an Atari game is the only thing that needs more than the program
  try {
    AtariOptions options;
    const auto environment = make_atari_environment(options, {}, /*seed=*/1);
    line("Atari", "ready (" + environment->spec().name + " loads)");
  } catch (const std::exception& error) {
    line("Atari", std::string("missing: ") + error.what());
    return 1;
  }
  return 0;
}

}  // namespace accumbens
