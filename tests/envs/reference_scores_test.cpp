#include "accumbens/envs/atari/reference_scores.h"

#include <gmock/gmock.h>

#include "accumbens/envs/atari/emulator.h"

namespace accumbens {
namespace {

// oracle: DQN Zoo's atari_data.get_human_normalized_score
TEST(ReferenceScores, NormaliseAsDqnZoo) {
  EXPECT_DOUBLE_EQ(find_reference_score("Pong")->normalized(20), 1.152974504249292);
  EXPECT_DOUBLE_EQ(find_reference_score("breakout")->normalized(400), 13.82986111111111);
  EXPECT_DOUBLE_EQ(find_reference_score("MontezumaRevenge")->normalized(0), 0.0);
  EXPECT_EQ(find_reference_score("space_invaders"), find_reference_score("SpaceInvaders"));
  EXPECT_EQ(find_reference_score("CartPole"), nullptr);
}

// oracle: the names that ale-py has
TEST(ReferenceScores, AreThoseOf57Games) {
  const std::vector<std::string> games = emulator_library().games();
  EXPECT_EQ(reference_scores().size(), 57U);
  for (const ReferenceScore& score : reference_scores()) {
    EXPECT_THAT(games, testing::Contains(score.game));
    EXPECT_LT(score.random, score.human) << score.game;
  }
}

}  // namespace
}  // namespace accumbens
