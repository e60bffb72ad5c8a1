#pragma once

#include "accumbens/envs/minatar/minatar.h"

namespace accumbens {

/// A submarine shoots at fish and enemy submarines, which shoot back, and picks up divers before
/// its oxygen runs out. Each hit is worth 1. Surfacing fills the oxygen and costs a diver; without
/// divers it ends the game, with six it takes them all and is worth a tenth of a point for each
/// hundredth of oxygen left, rounded down. Each time it surfaces, enemies come more often, and
/// every other time they are faster. Being hit ends the game.
///
/// As in the package, surfacing with six divers leaves minus one, and below zero the number of
/// divers does not end the game.
///
/// Channels: front and back of the submarine, its bullets, trails (where things were), enemy
/// bullets, fish, enemy submarines, gauges of oxygen and of divers, divers.
class Seaquest final : public MinAtar {
 public:
  /// seed: of all that is random in it.
  Seaquest(const MinAtarOptions& options, uint64_t seed);

 protected:
  void begin(RandomStream& random) override;
  Outcome advance(Move move, RandomStream& random) override;
  void draw(Screen& screen) const override;
  void game_state(StateTree& tree) override;

 private:
  // bullets need no timers, and only enemy submarines shoot
  struct Thing {
    int64_t x = 0;
    int64_t y = 0;
    bool right = false;      // it moves to the right
    int64_t move_timer = 0;  // frames until it moves
    int64_t shot_timer = 0;  // frames until it shoots

    void state(StateTree& tree);
    void advance() { x += right ? 1 : -1; }
    bool outside() const { return x < 0 || x >= kSize; }
    bool meets(const Thing& other) const { return x == other.x && y == other.y; }
  };
  using Things = std::vector<Thing>;

  static bool take_at(Things& things, const Thing& place);
  static void things_state(StateTree& tree, const std::string& name, Things& things);
  static void draw_things(Screen& screen, int64_t channel, const Things& things);
  void spawn_enemy(RandomStream& random);
  void spawn_diver(RandomStream& random);
  void steer(Move move);
  void move_bullets(Outcome& outcome);
  void move_divers();
  bool swim(Thing& thing, Outcome& outcome);
  void move_submarines(Outcome& outcome);
  void move_shots(Outcome& outcome);
  void move_fish(Outcome& outcome);
  void breathe(Outcome& outcome);
  int64_t surface();

  Thing player_;  // the submarine's front; its timer is of shots
  Things bullets_;
  Things divers_;
  Things fish_;
  Things submarines_;
  Things shots_;  // of enemies
  int64_t oxygen_ = 0;
  int64_t diver_count_ = 0;     // on board
  bool at_surface_ = true;      // since the frame before
  int64_t spawn_interval_ = 0;  // frames, of enemies
  int64_t spawn_timer_ = 0;
  int64_t diver_timer_ = 0;
  int64_t move_interval_ = 0;  // frames, of enemies
  int64_t ramp_level_ = 0;
};

}  // namespace accumbens
