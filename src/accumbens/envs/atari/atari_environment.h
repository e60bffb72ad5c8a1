#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "accumbens/config/options.h"
#include "accumbens/core/random.h"
#include "accumbens/envs/atari/emulator.h"
#include "accumbens/envs/atari/screen.h"
#include "accumbens/envs/single_environment.h"

namespace accumbens {

/// Which game, in Gin: create_atari_environment.
struct AtariOptions {
  std::string game_name = "Pong";
  bool sticky_actions = true;
  bool use_ppo_preprocessing = false;
  std::optional<std::string> render_mode = std::nullopt;

  template <class Visitor>
  void fields(Visitor& field) {
    field("game_name", game_name, "the game as in Gymnasium, e.g. Pong or SpaceInvaders",
          any_value());
    field("sticky_actions", sticky_actions,
          "each emulator frame repeats the previous action with probability 0.25", any_value());
    field("use_ppo_preprocessing", use_ppo_preprocessing,
          "AtariPreprocessing.preset = 'baselines' with terminal_on_life_loss, whatever is bound",
          any_value());
    field("render_mode", render_mode, "a window with the game, by ale-py; None: it is not shown",
          one_of({"human"}));
  }
};

/// What an agent sees of the game, in Gin: AtariPreprocessing.
struct AtariPreprocessingOptions {
  std::string preset = "dopamine";
  std::string observation = "pixels";
  int64_t frame_skip = 4;
  bool terminal_on_life_loss = false;
  int64_t screen_size = 84;
  int64_t max_frames_per_episode = 108'000;
  std::optional<int64_t> max_noops = std::nullopt;

  template <class Visitor>
  void fields(Visitor& field) {
    field("preset", preset,
          "whose frames and games: Dopamine's, DQN Zoo's, or those of OpenAI's baselines, which "
          "CleanRL and Dopamine's PPO use",
          one_of({"dopamine", "dqn_zoo", "baselines"}));
    field("observation", observation, "the screen, or the console's 128 bytes of memory",
          one_of({"pixels", "ram"}));
    field("frame_skip", frame_skip, "emulator frames per agent step", in_closed(1, 1'000));
    field("terminal_on_life_loss", terminal_on_life_loss,
          "for the agent, losing a life ends the episode (not with preset dqn_zoo)", any_value());
    field("screen_size", screen_size, "height and width of an observation in pixels",
          in_closed(16, 160));
    field("max_frames_per_episode", max_frames_per_episode,
          "emulator frames after which a game is truncated", at_least(1));
    field(
        "max_noops", max_noops,
        "a game begins with 1 to this many frames of doing nothing; None: 0 for dopamine, else 30",
        in_closed(0, 1e5));
  }
};

/// An Atari 2600 game as DQN agents see it: one frame of [size, size] uint8 per agent step, the
/// maximum of the last two of frame_skip emulator frames; stacking is the agent's. B is 1.
///
/// The three presets are byte for byte those of their systems:
///
/// "dopamine" (Castro et al., 2018): the emulator's grayscale, maximum, INTER_AREA. With
/// terminal_on_life_loss, a lost life is LAST with discount 0, then FIRST with the same observation
/// while the game goes on; both have lost_life set. When a game or life ends in the first two of
/// four frames, the observation repeats the one before; in the third, it is that frame over the
/// second of the agent step before. With frame_skip 1 each screen is shown (Dopamine's froze).
///
/// "dqn_zoo" (Quan & Ostrovski, 2020): maximum in RGB, luma, Pillow's BILINEAR; a lost life has
/// discount 0 while the episode goes on. When a game ends in the first two of four frames, the
/// observation is black, and in the third it is that frame alone.
///
/// "baselines" (Dhariwal et al., 2017; as in Stable-Baselines3, CleanRL and Dopamine's PPO):
/// maximum in RGB, INTER_AREA, OpenCV's luma. A game or life that begins fires first where the game
/// knows that: two agent steps, of actions 1 and 2, of which only the last observation is seen.
/// With terminal_on_life_loss, a life lost at the end of an agent step is LAST with discount 0, and
/// an agent step of doing nothing leads to the next FIRST; both have lost_life set. What is earned
/// in such agent steps before FIRST is lost, as it is there. When a game ends in the first two of
/// four frames, the observation repeats the one before.
///
/// With observation "ram" an observation is [128] uint8, and the presets differ in the rest only.
///
/// Rewards are sums over the frames of an agent step, not clipped. A game that reaches
/// max_frames_per_episode, counted from FIRST, is truncated at the end of that agent step: LAST
/// with discount 1, unless it ended there. (Dopamine cuts at 100,000 frames and calls it an end.)
/// Should a game end while nothing is done at its beginning, or at that of a life, the next one
/// begins at once; nobody then hears how the game ended.
class AtariEnvironment final : public SingleEnvironment {
 public:
  /// options: of AtariPreprocessing. name: for the spec. The numbers of no-ops come from the stream
  /// "noops/0" of the seed. Throws ConfigError where options do not go together.
  AtariEnvironment(std::string name, std::unique_ptr<Emulator> emulator,
                   const AtariPreprocessingOptions& options, uint64_t seed);

  const EnvironmentSpec& spec() const override { return spec_; }
  StreamStep step_stream(const StreamAction& action, void* observation) override;
  void state(StateTree& tree) override;

 private:
  // what a few emulator frames with one action came to
  struct Outcome {
    int64_t reward;
    bool game_over;
    bool lost_life;
  };

  StreamStep advance(const StreamAction& action);
  Outcome play(int64_t action);
  void begin_game();

  // whether the same game goes on
  bool begin_life();
  bool fire();

  EnvironmentSpec spec_;
  std::unique_ptr<Emulator> emulator_;
  AtariPreprocessingOptions options_;
  bool zoo_;
  bool baselines_;
  int64_t max_noops_;
  RandomStream noops_;
  std::unique_ptr<AtariScreen> screen_;

  torch::Tensor observation_;  // uint8, the last one shown
  int64_t game_frames_ = 0;    // since FIRST of the game
  int64_t lives_ = 0;          // after the last emulator frame
  bool lost_life_ = false;     // the next step is FIRST in a game that goes on
};

}  // namespace accumbens
