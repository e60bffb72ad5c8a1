// What a replay of Atari frames costs, as they are and packed:
//
//   build/release/replay_speed [agent steps] [games ...]
//
// Random actions fill it; the limit of a batch is the copying of its bytes.

#include <torch/utils.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "accumbens/replay/replay.h"
#include "accumbens/run/catalogue.h"
#include "timing.h"

namespace accumbens {
namespace {

constexpr int64_t kBatch = 32;
constexpr int64_t kStack = 4;
constexpr int64_t kFrameBytes = 84 * 84;

// copying a batch's stacks, each pair a frame apart, from all over the memory of as many frames
double copying_seconds(int64_t frames) {
  std::vector<char> memory(frames * kFrameBytes, 1);
  std::vector<char> batch(2 * kBatch * kStack * kFrameBytes);
  RandomStream random(1, "copying");
  return best_seconds(5, 100, [&] {
    char* out = batch.data();
    for (int64_t i = 0; i < kBatch; ++i) {
      const int64_t first = random.below(frames - kStack);
      for (const int64_t frame : {first, first + 1}) {
        std::memcpy(out, memory.data() + frame * kFrameBytes, kStack * kFrameBytes);
        out += kStack * kFrameBytes;
      }
    }
  });
}

// bytes of frames in memory
int64_t frame_bytes(Replay& replay) {
  StateTree tree;
  replay.state(tree);
  int64_t bytes = 0;
  for (const auto& [name, frozen] : tree.contents().frozen) {
    if (name.starts_with("frames")) bytes += static_cast<int64_t>(frozen.data.nbytes());
  }
  return bytes;
}

void measure(const std::string& game, int64_t agent_steps) {
  const Catalogue catalogue;
  const Configuration configuration(catalogue.registry, {},
                                    {"create_atari_environment.game_name = '" + game + "'"});
  const auto environment =
      catalogue.make_environment(configuration, configuration.get<RunnerOptions>("Runner"));
  const EnvironmentSpec environment_spec = environment->spec();
  const ReplaySpec spec{.observation_shape = environment_spec.observation_shape,
                        .observation_dtype = environment_spec.observation_dtype,
                        .stack_size = kStack};

  // the same time steps for both
  Replay plain({.max_capacity = agent_steps, .batch_size = kBatch}, spec);
  Replay packed({.max_capacity = agent_steps, .batch_size = kBatch, .compress = true}, spec);
  RandomStream random(1, "actions");
  torch::Tensor action = torch::zeros({1}, torch::kInt64);
  double plain_append = 0;
  double packed_append = 0;
  for (int64_t i = 0; i < agent_steps; ++i) {
    const TimeStep time_step = environment->step(action);
    plain_append += seconds_of([&] { plain.append(time_step, action); });
    packed_append += seconds_of([&] { packed.append(time_step, action); });
    action = torch::full({1}, random.below(environment_spec.num_actions), torch::kInt64);
  }

  const auto batch_seconds = [](const Replay& replay) {
    RandomStream sampling(1, "sampling");
    return best_seconds(5, 100, [&] { replay.sample(kBatch, sampling); });
  };
  const double plain_batch = batch_seconds(plain);
  const double packed_batch = batch_seconds(packed);
  const double ratio =
      static_cast<double>(frame_bytes(plain)) / static_cast<double>(frame_bytes(packed));
  std::printf(
      "%-15s packed to 1/%.1f; a batch of %ld: %.2f ms (copying alone %.2f), packed %.2f ms; a "
      "step: %.1f us, packed %.1f us\n",
      game.c_str(), ratio, static_cast<long>(kBatch), 1e3 * plain_batch,
      1e3 * copying_seconds(agent_steps), 1e3 * packed_batch,
      1e6 * plain_append / static_cast<double>(agent_steps),
      1e6 * packed_append / static_cast<double>(agent_steps));
}

}  // namespace
}  // namespace accumbens

int main(int argc, char** argv) {
  try {
    std::vector<std::string> games(argv + std::min(argc, 2), argv + argc);
    if (games.empty()) games = {"Pong", "Breakout", "SpaceInvaders", "Seaquest"};
    for (const std::string& game : games) {
      accumbens::measure(game, argc > 1 ? std::atoll(argv[1]) : 50'000);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "replay_speed: %s\n", error.what());
    return 1;
  }
  return 0;
}
