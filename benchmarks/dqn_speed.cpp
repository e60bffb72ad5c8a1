// How fast DQN trains on Pong, and how far from the machine's limit that is:
//
//   build/release/dqn_speed [threads] [agent steps]
//
// Everything is measured in one run, because absolute figures drift from machine to machine.

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "accumbens/losses/q_learning.h"
#include "accumbens/networks/nature_dqn.h"
#include "accumbens/networks/optimizer.h"
#include "timing.h"
#include "training.h"

namespace accumbens {
namespace {

constexpr int64_t kBatch = 32;
constexpr int64_t kActions = 6;
constexpr int64_t kFramesPerStep = 4;

// the most floating-point operations per second that a matrix product reaches here
double matrix_product_peak() {
  const torch::NoGradGuard no_grad;
  const int64_t n = 2048;
  const torch::Tensor a = torch::rand({n, n});
  const torch::Tensor b = torch::rand({n, n});
  torch::Tensor c = torch::empty({n, n});
  const double seconds = best_seconds(5, 2, [&] { torch::matmul_out(c, a, b); });
  return 2.0 * static_cast<double>(n * n * n) / seconds;
}

// floating-point operations of one DQN update: two forward passes and the backward pass, which
// costs two more but for the gradient of the pixels
double update_operations(bool same) {
  const std::vector<double> places =
      same ? std::vector{21.0, 11.0, 11.0} : std::vector{20., 9., 7.};
  const double first = places[0] * places[0] * 32 * (8 * 8 * 4);
  const double others = places[1] * places[1] * 64 * (4 * 4 * 32) +
                        places[2] * places[2] * 64 * (3 * 3 * 64) +
                        places[2] * places[2] * 64 * 512 + 512 * kActions;
  return 2.0 * kBatch * (3 * first + 4 * others);
}

double update_seconds(const std::string& padding) {
  RandomStream random(1, "initialization");
  const auto make_network = [&] {
    return std::make_shared<NatureDqnNetwork>(NatureDqnOptions{.padding = padding}, 4, 84, 84,
                                              HeadSpec{.num_actions = kActions}, random);
  };
  const auto network = make_network();
  const auto target_network = make_network();
  Optimizer optimizer("adam", {}, network->parameters());

  const torch::Tensor s_tm1 = torch::randint(0, 256, {kBatch, 4, 84, 84}, torch::kUInt8);
  const torch::Tensor s_t = torch::randint(0, 256, {kBatch, 4, 84, 84}, torch::kUInt8);
  const torch::Tensor a_tm1 = torch::randint(0, kActions, {kBatch}, torch::kInt64);
  const torch::Tensor r_t = torch::zeros({kBatch});
  const torch::Tensor discount_t = torch::full({kBatch}, 0.99);
  const auto update = [&] {
    torch::Tensor q_t;
    {
      const torch::NoGradGuard no_grad;
      q_t = target_network->forward(s_t).q_values;
    }
    const torch::Tensor td_error =
        q_learning_td_error(network->forward(s_tm1).q_values, a_tm1, r_t, discount_t, q_t, q_t);
    optimizer.minimize(squared_loss(td_error).mean());
  };
  for (int i = 0; i < 5; ++i) update();
  return best_seconds(5, 20, update);
}

void measure(int64_t agent_steps) {
  const double peak = matrix_product_peak();
  std::printf("threads %d, matrix product %.0f GFLOP/s\n", at::get_num_threads(), peak / 1e9);
  for (const bool same : {true, false}) {
    const std::string padding = same ? "SAME" : "VALID";
    const double seconds = update_seconds(padding);
    const double share = update_operations(same) / seconds / peak;
    const double limit = 4.0 * kFramesPerStep * peak / update_operations(same);
    const double frames =
        kFramesPerStep * training_steps_per_second(
                             {}, {"NatureDQNNetwork.padding = '" + padding + "'"}, agent_steps);
    std::printf(
        "%-5s update %5.1f ms (%.2f GFLOP, %2.0f%% of the matrix product's speed); training %5.0f "
        "frames/s (%2.0f%% of the limit of %.0f)\n",
        padding.c_str(), 1e3 * seconds, update_operations(same) / 1e9, 100 * share, frames,
        100 * frames / limit, limit);
  }
}

}  // namespace
}  // namespace accumbens

int main(int argc, char** argv) {
  try {
    if (argc > 1) at::set_num_threads(std::atoi(argv[1]));
    accumbens::measure(argc > 2 ? std::atoll(argv[2]) : 2'000);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dqn_speed: %s\n", error.what());
    return 1;
  }
  return 0;
}
