#include "accumbens/envs/atari/atari_vector_environment.h"

#include <torch/utils.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "accumbens/envs/plugin.h"
#include "accumbens/envs/single_environment.h"

namespace accumbens {

AtariVectorEnvironment::AtariVectorEnvironment(std::string name,
                                               const VectorEmulatorOptions& options,
                                               std::unique_ptr<VectorEmulator> emulator,
                                               uint64_t seed)
    : spec_{.name = std::move(name),
            .batch_size = options.num_streams,
            .observation_shape = {options.screen_size, options.screen_size},
            .observation_dtype = torch::kUInt8,
            .num_actions = emulator->num_actions(),
            .frames_per_step = options.frame_skip},
      emulator_(std::move(emulator)),
      seeds_(seed, "emulator/vector"),
      over_(options.num_streams),
      cut_(options.num_streams) {}

TimeStep AtariVectorEnvironment::step(const torch::Tensor& actions) {
  if (!begun_) return begin_all();

  const BatchActions batch(spec_, actions);
  TimeStep all = empty_time_step(spec_);
  auto* screens = all.observation.mutable_data_ptr<uint8_t>();
  const size_t streams = over_.size();
  std::vector<uint8_t> terminated(streams);
  std::vector<uint8_t> truncated(streams);
  for (size_t b = 0; b < streams; ++b) {
    discrete_action(spec_, batch.at(static_cast<int64_t>(b)));
  }
  with_plugin([&] {
    emulator_->step(batch.at(0).discrete, screens, all.reward.data(), terminated.data(),
                    truncated.data());
  });

  // a game that was ended from outside has made one step too many
  std::vector<int64_t> begin;
  for (size_t b = 0; b < streams; ++b) {
    if (cut_[b]) begin.push_back(static_cast<int64_t>(b));
    enter(over_[b] || cut_[b] ? StreamStep{}
                              : answered(all.reward[b], terminated[b] != 0, truncated[b] != 0),
          static_cast<int64_t>(b), all);
  }
  if (!begin.empty()) {
    with_plugin([&] { emulator_->reset(begin, std::vector<int64_t>(begin.size(), -1), screens); });
  }
  for (size_t b = 0; b < streams; ++b) over_[b] = all.last(static_cast<int64_t>(b));
  std::ranges::fill(cut_, 0);
  return all;
}

TimeStep AtariVectorEnvironment::begin_all() {
  TimeStep all = empty_time_step(spec_);
  std::vector<int64_t> streams(over_.size());
  std::iota(streams.begin(), streams.end(), 0);
  std::vector<int64_t> seeds;
  for (const int64_t b : streams) {
    seeds.push_back(seeds_.below(int64_t{1} << 31));
    enter(StreamStep{}, b, all);
  }
  with_plugin(
      [&] { emulator_->reset(streams, seeds, all.observation.mutable_data_ptr<uint8_t>()); });
  begun_ = true;
  std::ranges::fill(over_, 0);
  std::ranges::fill(cut_, 0);
  return all;
}

void AtariVectorEnvironment::end_episode(int64_t stream) {
  // a game that is over begins anew by itself
  cut_[stream] = !over_[stream];
}

void AtariVectorEnvironment::state(StateTree& tree) {
  tree("seeds", seeds_);
  if (tree.loading()) begun_ = false;
}

}  // namespace accumbens
