#pragma once

#include "accumbens/envs/minatar/minatar.h"

namespace accumbens {

/// A cannon shoots at aliens, which march from side to side, come down a row at every edge, and
/// shoot back; each hit is worth 1. The fewer there are, the faster they march. A new wave comes in
/// when all are gone, each a little faster than the one before, down to a move every six frames.
/// The game ends when a bullet or an alien hits the cannon, or when aliens at the bottom come to an
/// edge.
///
/// Channels: cannon, aliens, aliens that march left, aliens that march right, own bullets, enemy
/// bullets.
class SpaceInvaders final : public MinAtar {
 public:
  /// seed: of all that is random in it, which is only whether actions are repeated.
  SpaceInvaders(const MinAtarOptions& options, uint64_t seed);

 protected:
  void begin(RandomStream& random) override;
  Outcome advance(Move move, RandomStream& random) override;
  void draw(Screen& screen) const override;
  void game_state(StateTree& tree) override;

 private:
  void march(Outcome& outcome);
  void shoot_back();

  int64_t cannon_ = 0;      // its column
  int64_t shot_timer_ = 0;  // frames until the cannon can shoot
  Grid bullets_;
  Grid enemy_bullets_;
  Grid aliens_;
  int64_t direction_ = 0;      // -1 to the left, 1 to the right
  int64_t move_interval_ = 0;  // frames between moves of many aliens
  int64_t move_timer_ = 0;
  int64_t alien_shot_timer_ = 0;
};

}  // namespace accumbens
