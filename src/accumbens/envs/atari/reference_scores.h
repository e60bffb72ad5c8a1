#pragma once

#include <span>
#include <string>

namespace accumbens {

/// What a random agent and a professional human tester reach in a game: average returns of episodes
/// of at most 30 minutes, each begun with 1 to 30 frames of doing nothing.
struct ReferenceScore {
  std::string game;     // as Gymnasium names it
  double random = 0.0;  // of uniformly random actions
  double human = 0.0;   // of the tester

  /// (score - random) / (human - random): 0 is random play, 1 is human play.
  double normalized(double score) const { return (score - random) / (human - random); }
};

/// The 57 games of Mnih et al. (2015) and Wang et al. (2016), sorted by name. Source of the
/// numbers: Wang et al. (2016), "Dueling network architectures for deep reinforcement learning",
/// table of raw scores with no-op starts; DQN Zoo has the same.
std::span<const ReferenceScore> reference_scores();

/// That of a game, also written as ROMs are ("space_invaders"); null for any other name.
const ReferenceScore* find_reference_score(const std::string& game);

}  // namespace accumbens
