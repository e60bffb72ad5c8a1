#include "accumbens/envs/atari/atari_environment.h"

#include <torch/torch.h>

#include <algorithm>
#include <cstring>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

using Resize = std::variant<AreaResize, BilinearResize>;

Resize make_resize(bool zoo, const Emulator& emulator, int64_t size) {
  const int64_t height = emulator.screen_height();
  const int64_t width = emulator.screen_width();
  return zoo ? Resize(BilinearResize(height, width, size, size))
             : Resize(AreaResize(height, width, size, size));
}

}  // namespace

AtariEnvironment::AtariEnvironment(std::string name, std::unique_ptr<Emulator> emulator,
                                   const AtariPreprocessingOptions& options, uint64_t seed)
    : spec_{.name = std::move(name),
            .observation_shape = {options.screen_size, options.screen_size},
            .observation_dtype = torch::kUInt8,
            .num_actions = emulator->num_actions(),
            .frames_per_step = options.frame_skip},
      emulator_(std::move(emulator)),
      options_(options),
      zoo_(options.preset == "dqn_zoo"),
      max_noops_(options.max_noops.value_or(zoo_ ? 30 : 0)),
      noops_(seed, "noops/0"),
      resize_(make_resize(zoo_, *emulator_, options.screen_size)) {
  if (zoo_ && options.terminal_on_life_loss) {
    throw ConfigError(
        "AtariPreprocessing.terminal_on_life_loss is for the preset 'dopamine'; with 'dqn_zoo' a "
        "lost life has discount 0 anyway, so leave it out");
  }
  std::vector<int64_t> shape{2, emulator_->screen_height(), emulator_->screen_width()};
  if (zoo_) {
    gray_.resize(shape[1] * shape[2]);
    shape.push_back(3);
  }
  screens_ = torch::zeros(shape, torch::kUInt8);
  observation_ = torch::zeros({1, options.screen_size, options.screen_size}, torch::kUInt8);
}

StreamStep AtariEnvironment::step_stream(const StreamAction& action, void* observation) {
  const StreamStep step = advance(action);
  std::memcpy(observation, observation_.const_data_ptr(), observation_.nbytes());
  return step;
}

StreamStep AtariEnvironment::advance(const StreamAction& stream_action) {
  if (begins_) return begin_game();

  // after a lost life the game goes on without a frame
  if (lost_life_) {
    lost_life_ = false;
    return {.lost_life = 1};
  }
  const int64_t action = discrete_action(spec_, stream_action);

  // DQN Zoo pools what this step shows, Dopamine what its buffers hold
  if (zoo_) clear_screens();

  // the action is repeated until the game ends
  const int64_t first_pooled = std::max<int64_t>(options_.frame_skip - 2, 0);
  const bool watch_lives = zoo_ || options_.terminal_on_life_loss;
  int64_t reward = 0;
  bool game_over = false;
  bool lost_life = false;
  for (int64_t frame = 0; frame < options_.frame_skip; ++frame) {
    reward += emulator_->act(action);
    ++game_frames_;
    game_over = emulator_->game_over();
    if (watch_lives) {
      const int64_t lives = emulator_->lives();
      lost_life = lost_life || lives < lives_;
      lives_ = lives;
    }
    if (frame >= first_pooled) capture(frame - first_pooled);
    if (game_over || (lost_life && options_.terminal_on_life_loss)) break;
  }
  pool_and_resize();

  // an end, a cut, or an end that is only the agent's
  begins_ = game_over || game_frames_ >= options_.max_frames_per_episode;
  lost_life_ = !begins_ && lost_life && options_.terminal_on_life_loss;
  return {.step_type = begins_ || lost_life_ ? StepType::kLast : StepType::kMid,
          .reward = static_cast<float>(reward),
          .discount = game_over || lost_life ? 0.0F : 1.0F,
          .lost_life = lost_life_};
}

StreamStep AtariEnvironment::begin_game() {
  emulator_->reset();

  // nothing is done for a random number of frames
  const int64_t noops = max_noops_ > 0 ? 1 + noops_.below(max_noops_) : 0;
  for (int64_t i = 0; i < noops; ++i) {
    emulator_->act(0);
    if (emulator_->game_over()) emulator_->reset();
  }

  // one screen over black
  lives_ = emulator_->lives();
  game_frames_ = 0;
  begins_ = lost_life_ = false;
  clear_screens();
  capture(0);
  pool_and_resize();
  return {};
}

void AtariEnvironment::clear_screens() {
  std::memset(screens_.mutable_data_ptr(), 0, screens_.nbytes());
}

void AtariEnvironment::capture(int64_t slot) {
  uint8_t* screen = screens_.mutable_data_ptr<uint8_t>() + slot * screens_.stride(0);
  if (zoo_) {
    emulator_->screen_rgb(screen);
  } else {
    emulator_->screen_grayscale(screen);
  }
}

void AtariEnvironment::pool_and_resize() {
  // the maximum stays in the first slot, as in Dopamine
  auto* pooled = screens_.mutable_data_ptr<uint8_t>();
  const int64_t size = screens_.stride(0);
  const uint8_t* other = pooled + size;
  for (int64_t i = 0; i < size; ++i) pooled[i] = std::max(pooled[i], other[i]);

  const uint8_t* gray = pooled;
  if (zoo_) {
    luma(pooled, gray_.data(), static_cast<int64_t>(gray_.size()));
    gray = gray_.data();
  }

  std::visit([&](auto& resize) { resize(gray, observation_.mutable_data_ptr<uint8_t>()); },
             resize_);
}

void AtariEnvironment::state(StateTree& tree) {
  std::string emulator;
  if (tree.saving()) emulator = emulator_->save_state();
  tree.bytes("emulator", emulator);
  if (tree.loading()) emulator_->load_state(emulator);
  tree("noops", noops_)("screens", screens_)("observation", observation_)(
      "game_frames", game_frames_)("lives", lives_)("begins", begins_)("lost_life", lost_life_);
}

}  // namespace accumbens
