#include "accumbens/app/doctor.h"

#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "accumbens/core/memory.h"
#include "accumbens/envs/factory.h"
#include "accumbens/envs/plugin.h"

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

bool loads(const std::string& family, const std::function<std::unique_ptr<Environment>()>& make) {
  try {
    line(family, "ready (" + make()->spec().name + " loads)");
    return true;
  } catch (const std::exception& error) {
    line(family, std::string("missing: ") + error.what());
    return false;
  }
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

  // these need more than the program
  const bool atari = loads("Atari", [] { return make_atari_environment({}, {}, /*seed=*/1); });
  if (atari) {
    line("emulator", has_plugin("accumbens_ale")
                         ? "ALE's C++ library: games run at the same time on different threads"
                         : "ale-py: one game at a time (scripts/install_ale.sh lifts that)");
  }
  const bool mujoco = loads("MuJoCo", [] {
    return make_gym_environment({.environment_name = "HalfCheetah", .version = "v5"}, /*seed=*/1);
  });
  return atari && mujoco ? 0 : 1;
}

}  // namespace accumbens
