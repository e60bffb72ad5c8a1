#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/core/random.h"
#include "accumbens/envs/single_environment.h"

namespace accumbens {

/// Which MinAtar game, in Gin: create_minatar_env.
struct MinAtarOptions {
  std::string game_name = "breakout";
  bool use_minimal_action_set = false;
  double sticky_action_prob = 0.1;
  bool difficulty_ramping = true;

  template <class Visitor>
  void fields(Visitor& field) {
    field("game_name", game_name, "the game",
          one_of({"asterix", "breakout", "freeway", "seaquest", "space_invaders"}));
    field("use_minimal_action_set", use_minimal_action_set,
          "only the actions that do something in this game, instead of all six");
    field("sticky_action_prob", sticky_action_prob,
          "probability of repeating the action before instead of the one chosen", in_closed(0, 1));
    field("difficulty_ramping", difficulty_ramping,
          "Asterix, Seaquest and Space Invaders grow harder as they go on");
  }
};

/// What the five games of MinAtar share (Young & Tian, 2019, "MinAtar: an Atari-inspired testbed
/// for thorough and reproducible reinforcement learning experiments"), as in its package 1.0.15:
/// equal random numbers give equal games. B is 1.
///
/// Observation: [channels, 10, 10] uint8, 0 or 1, a channel for each kind of thing. Actions: the
/// moves in the order of Move, all six or the game's minimal set. A step is one frame of the game.
/// There is no time limit but Freeway's own, which is a termination, as in the package. Random
/// numbers come from the stream "environment/0" of the seed.
class MinAtar : public SingleEnvironment {
 public:
  const EnvironmentSpec& spec() const override { return spec_; }
  StreamStep step_stream(const StreamAction& action, void* observation) override;
  void state(StateTree& tree) override;

 protected:
  /// Cells in a row and in a column.
  static constexpr int64_t kSize = 10;

  /// What a player can do.
  enum class Move : int8_t { kNone, kLeft, kUp, kRight, kDown, kFire };

  /// What a step led to.
  struct Outcome {
    float reward = 0;         // raw
    bool terminated = false;  // the game is over
  };

  /// 10x10 cells, each 0 or 1; x counts from the left, y from the top.
  class Grid {
   public:
    /// One of the cells.
    uint8_t& at(int64_t x, int64_t y) { return cells_[static_cast<size_t>(y * kSize + x)]; }

    /// The same.
    uint8_t at(int64_t x, int64_t y) const { return cells_[static_cast<size_t>(y * kSize + x)]; }

    /// How many cells are 1.
    int64_t count() const;

    /// Sets the rectangle from (left, top) to (right, bottom), both within it.
    void fill(int64_t left, int64_t top, int64_t right, int64_t bottom, uint8_t value);

    /// Moves all cells; what leaves at one side comes in at the other.
    void roll(int64_t dx, int64_t dy);

    void state(StateTree& tree);

   private:
    std::array<uint8_t, kSize * kSize> cells_{};
  };

  /// An observation that a game draws, black at first.
  class Screen {
   public:
    /// cells: [channels, 10, 10], all 0.
    explicit Screen(uint8_t* cells) : cells_(cells) {}

    /// Shows something at a cell of a channel.
    void mark(int64_t channel, int64_t x, int64_t y) {
      cells_[(channel * kSize + y) * kSize + x] = 1;
    }

    /// Shows all cells that are 1.
    void mark(int64_t channel, const Grid& grid);

   private:
    uint8_t* cells_;
  };

  /// Saves or loads a coordinate, which is on the grid.
  static void cell_state(StateTree& tree, const std::string& name, int64_t& value);

  /// num_channels: of the observation; minimal_actions: what do something in this game.
  MinAtar(const MinAtarOptions& options, int64_t num_channels, std::vector<Move> minimal_actions,
          uint64_t seed);

  /// Places everything for a new episode.
  virtual void begin(RandomStream& random) = 0;

  /// One frame of the game.
  virtual Outcome advance(Move move, RandomStream& random) = 0;

  /// Shows the game as it stands.
  virtual void draw(Screen& screen) const = 0;

  /// Saves or loads the episode in progress.
  virtual void game_state(StateTree& tree) = 0;

  /// Whether the game grows harder as it goes on.
  bool ramping() const { return ramping_; }

 private:
  EnvironmentSpec spec_;
  std::vector<Move> moves_;  // by action
  double sticky_action_prob_;
  bool ramping_;
  RandomStream random_;
  Move last_move_ = Move::kNone;  // done, whether chosen or repeated; of any episode
};

}  // namespace accumbens
