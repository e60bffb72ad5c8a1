#pragma once

#include <array>

#include "accumbens/envs/minatar/minatar.h"

namespace accumbens {

/// The player walks in all four directions between enemies and gold, which come in from both sides
/// in eight rows. Gold is worth 1; an enemy ends the game. Both come more often and faster as the
/// game goes on.
///
/// Channels: player, enemies, trails (where things were), gold.
class Asterix final : public MinAtar {
 public:
  /// seed: of all that is random in it.
  Asterix(const MinAtarOptions& options, uint64_t seed);

 protected:
  void begin(RandomStream& random) override;
  Outcome advance(Move move, RandomStream& random) override;
  void draw(Screen& screen) const override;
  void game_state(StateTree& tree) override;

 private:
  struct Thing {
    bool there = false;
    int64_t x = 0;
    bool right = false;  // it moves to the right
    bool gold = false;

    void state(StateTree& tree);
  };

  void spawn(RandomStream& random);
  void meet(size_t slot, Outcome& outcome);
  void ramp();

  int64_t player_x_ = 0;
  int64_t player_y_ = 0;
  std::array<Thing, 8> things_;  // slot i is row i + 1
  int64_t spawn_interval_ = 0;   // frames
  int64_t spawn_timer_ = 0;
  int64_t move_interval_ = 0;  // frames
  int64_t move_timer_ = 0;
  int64_t ramp_timer_ = 0;
  int64_t ramp_level_ = 0;
};

}  // namespace accumbens
