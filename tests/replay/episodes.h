#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "accumbens/core/random.h"
#include "accumbens/core/time_step.h"
#include "accumbens/replay/spec.h"

namespace accumbens {

/// Time steps of B environments that do everything an environment may do: they terminate, are
/// truncated, are cut from outside, lose lives and discount. Frames are random, hence all
/// different.
class RandomEpisodes {
 public:
  RandomEpisodes(const ReplaySpec& spec, std::string_view name)
      : spec_(spec), random_(/*seed=*/1, name), running_(spec.num_streams, false) {}

  TimeStep next() {
    const int64_t streams = spec_.num_streams;
    TimeStep time_step{.step_type = std::vector<StepType>(streams, StepType::kFirst),
                       .reward = std::vector<float>(streams, 0.0F),
                       .discount = std::vector<float>(streams, 1.0F),
                       .lost_life = std::vector<uint8_t>(streams, 0),
                       .observation = frames()};
    for (int64_t b = 0; b < streams; ++b) {
      const double event = random_.uniform();
      const bool cut = event > 0.97;
      if (!running_[b] || cut) {
        running_[b] = true;
        continue;
      }
      const bool terminated = event < 0.06;
      const bool truncated = !terminated && event < 0.12;
      const bool lost_life = !terminated && !truncated && event < 0.20;
      time_step.step_type[b] = terminated || truncated ? StepType::kLast : StepType::kMid;
      time_step.reward[b] = static_cast<float>(random_.uniform(-1, 1));
      time_step.discount[b] = terminated || lost_life ? 0.0F : event > 0.9 ? 0.5F : 1.0F;
      time_step.lost_life[b] = lost_life;
      running_[b] = !terminated && !truncated;
    }
    return time_step;
  }

  torch::Tensor actions() {
    const torch::Tensor actions = torch::empty({spec_.num_streams}, torch::kInt64);
    for (int64_t b = 0; b < spec_.num_streams; ++b) actions[b] = random_.below(18);
    return actions;
  }

 private:
  torch::Tensor frames() {
    std::vector<int64_t> shape{spec_.num_streams};
    shape.insert(shape.end(), spec_.observation_shape.begin(), spec_.observation_shape.end());
    const torch::Tensor frames = torch::empty(shape, torch::kUInt8);
    auto* data = frames.mutable_data_ptr<uint8_t>();
    for (int64_t i = 0; i < frames.numel(); ++i) data[i] = static_cast<uint8_t>(random_.below(256));
    return frames.to(spec_.observation_dtype);
  }

  ReplaySpec spec_;
  RandomStream random_;
  std::vector<bool> running_;
};

}  // namespace accumbens
