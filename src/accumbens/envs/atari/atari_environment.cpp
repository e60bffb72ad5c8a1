#include "accumbens/envs/atari/atari_environment.h"

#include <torch/types.h>

#include <algorithm>
#include <cstring>

#include "accumbens/core/error.h"

namespace accumbens {

AtariEnvironment::AtariEnvironment(std::string name, std::unique_ptr<Emulator> emulator,
                                   const AtariPreprocessingOptions& options, uint64_t seed)
    : emulator_(std::move(emulator)),
      options_(options),
      zoo_(options.preset == "dqn_zoo"),
      baselines_(options.preset == "baselines"),
      max_noops_(options.max_noops.value_or(zoo_ || baselines_ ? 30 : 0)),
      noops_(seed, "noops/0"),
      screen_(
          make_atari_screen(options.preset, options.observation, *emulator_, options.screen_size)),
      observation_(torch::zeros(screen_->shape(), torch::kUInt8)) {
  if (zoo_ && options.terminal_on_life_loss) {
    throw ConfigError(
        "AtariPreprocessing.terminal_on_life_loss is not for the preset 'dqn_zoo', with which a "
        "lost life has discount 0 anyway; leave it out");
  }
  spec_ = {.name = std::move(name),
           .observation_shape = screen_->shape(),
           .observation_dtype = torch::kUInt8,
           .num_actions = emulator_->num_actions(),
           .frames_per_step = options.frame_skip};
}

StreamStep AtariEnvironment::step_stream(const StreamAction& action, void* observation) {
  const StreamStep step = advance(action);
  std::memcpy(observation, observation_.const_data_ptr(), observation_.nbytes());
  return step;
}

StreamStep AtariEnvironment::advance(const StreamAction& stream_action) {
  if (begins_) {
    begin_game();
    fire();
    game_frames_ = 0;  // which counts from FIRST
    return {};
  }
  if (lost_life_) {
    const bool goes_on = begin_life();
    if (!goes_on) game_frames_ = 0;
    return {.lost_life = goes_on};
  }
  const Outcome outcome = play(discrete_action(spec_, stream_action));

  // an end, a cut, or an end that is only the agent's
  begins_ = outcome.game_over || game_frames_ >= options_.max_frames_per_episode;
  lost_life_ = !begins_ && outcome.lost_life && options_.terminal_on_life_loss;
  return {.step_type = begins_ || lost_life_ ? StepType::kLast : StepType::kMid,
          .reward = static_cast<float>(outcome.reward),
          .discount = outcome.game_over || outcome.lost_life ? 0.0F : 1.0F,
          .lost_life = lost_life_};
}

AtariEnvironment::Outcome AtariEnvironment::play(int64_t action) {
  screen_->begin_step();

  // the action is repeated until the game, or in Dopamine the life, ends
  const int64_t first_pooled = std::max<int64_t>(options_.frame_skip - 2, 0);
  const bool watch_lives = zoo_ || options_.terminal_on_life_loss;
  Outcome outcome{};
  for (int64_t frame = 0; frame < options_.frame_skip; ++frame) {
    outcome.reward += emulator_->act(action);
    ++game_frames_;
    outcome.game_over = emulator_->game_over();
    if (watch_lives && !baselines_) {
      const int64_t lives = emulator_->lives();
      outcome.lost_life = outcome.lost_life || lives < lives_;
      lives_ = lives;
    }
    if (frame >= first_pooled) screen_->capture(*emulator_, frame - first_pooled);
    if (outcome.game_over || (outcome.lost_life && options_.terminal_on_life_loss)) break;
  }
  screen_->show(*emulator_, observation_.mutable_data_ptr<uint8_t>());

  // baselines look at lives now and then; no lives may mean a game that is about to end
  if (watch_lives && baselines_) {
    const int64_t lives = emulator_->lives();
    outcome.lost_life = 0 < lives && lives < lives_;
    lives_ = lives;
  }
  return outcome;
}

void AtariEnvironment::begin_game() {
  emulator_->reset();

  // nothing is done for a random number of frames
  const int64_t noops = max_noops_ > 0 ? 1 + noops_.below(max_noops_) : 0;
  for (int64_t i = 0; i < noops; ++i) {
    emulator_->act(0);
    if (emulator_->game_over()) emulator_->reset();
  }

  lives_ = emulator_->lives();
  begins_ = lost_life_ = false;
  screen_->begin(*emulator_, observation_.mutable_data_ptr<uint8_t>());
}

bool AtariEnvironment::begin_life() {
  lost_life_ = false;

  // in Dopamine the game goes on without a frame
  if (!baselines_) return true;
  const bool goes_on = !play(/*action=*/0).game_over;
  if (!goes_on) begin_game();
  return fire() && goes_on;
}

bool AtariEnvironment::fire() {
  if (!baselines_ || !emulator_->fires()) return true;
  bool goes_on = true;
  for (const int64_t action : {1, 2}) {
    const Outcome outcome = play(action);
    if (outcome.game_over || (outcome.lost_life && play(/*action=*/0).game_over)) {
      begin_game();
      goes_on = false;
    }
  }
  return goes_on;
}

void AtariEnvironment::state(StateTree& tree) {
  std::string emulator;
  if (tree.saving()) emulator = emulator_->save_state();
  tree.bytes("emulator", emulator);
  if (tree.loading()) emulator_->load_state(emulator);
  tree("noops", noops_)("screen", *screen_)("observation", observation_)(
      "game_frames", game_frames_)("lives", lives_)("begins", begins_)("lost_life", lost_life_);
}

}  // namespace accumbens
