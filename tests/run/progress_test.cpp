#include "accumbens/run/progress.h"

#include <gmock/gmock.h>

#include <sstream>

namespace accumbens {
namespace {

using testing::HasSubstr;
using testing::Not;

ProgressStatus halfway() {
  return {.phase = "train",
          .iteration = 2,
          .num_iterations = 200,
          .agent_steps = 125'000,
          .phase_steps = 250'000,
          .frames = 500'000,
          .episode_length = 1'812,
          .episode_return = -20.0,
          .average_return = -20.4};
}

// a console whose clock the test sets
struct FakeConsole {
  std::ostringstream out;
  double now = 100;
  Progress progress;

  explicit FakeConsole(bool terminal)
      : progress({out, terminal, [] { return 80; }, [this] { return now; }}) {}

  std::string take() {
    std::string text = out.str();
    out.str("");
    return text;
  }
};

// oracle: the line written by hand
TEST(ProgressLine, SaysWhatDopamineSaysAndMore) {
  EXPECT_EQ(progress_line(halfway(), 1402.4, 125.2, 0),
            "train 3/200  50%  Steps executed: 125,000  Frames: 500,000  Episode length: 1,812  "
            "Return: -20.0  Average: -20.4  1,402 frames/s  0:02:06 left");
  EXPECT_EQ(progress_line(halfway(), 1402.4, 125.2, 166),
            "train 3/200  [##########..........]  50%  Steps executed: 125,000  Frames: 500,000  "
            "Episode length: 1,812  Return: -20.0  Average: -20.4  1,402 frames/s  0:02:06 left");
}

// oracle: the width
TEST(ProgressLine, FitsIntoEveryWidth) {
  for (int width = 1; width <= 250; ++width) {
    EXPECT_LE(progress_line(halfway(), 1402.0, 125.0, width).size(), static_cast<size_t>(width));
  }

  // what a usual terminal shows, one column left free
  EXPECT_EQ(progress_line(halfway(), 1402.0, 125.0, 79),
            "train 3/200  [#####.....]  125,000 steps  return -20.0  1,402 fps  0:02:05 left");
  EXPECT_EQ(progress_line(halfway(), 1402.0, 125.0, 60),
            "train 3/200  125,000 steps  return -20.0  0:02:05 left");
}

// oracle: the line written by hand
TEST(ProgressLine, LeavesOutWhatIsNotKnownYet) {
  ProgressStatus status = halfway();
  status.agent_steps = status.frames = 0;
  status.episode_length.reset();
  status.episode_return.reset();
  status.average_return.reset();
  EXPECT_EQ(progress_line(status, std::nullopt, std::nullopt, 0),
            "train 3/200  0%  Steps executed: 0  Frames: 0");
}

// oracle: a phase ends with its last episode, past the steps it asked for
TEST(ProgressLine, NeverExceedsAHundredPercent) {
  ProgressStatus status = halfway();
  status.agent_steps = 251'000;
  EXPECT_THAT(progress_line(status, 1.0, 0.0, 0), HasSubstr("  100%  "));
  EXPECT_THAT(progress_line(status, 1.0, 0.0, 0), HasSubstr("0:00:00 left"));
}

// oracle: by hand; 1,000 steps and 4,000 frames in 2 s leave 124,000 steps for 248 s
TEST(Progress, SpeedIsThatOfThisProcessInThisPhase) {
  FakeConsole console(/*terminal=*/false);
  ProgressStatus status = halfway();
  console.progress.begin(status);
  console.now += 2;
  status.agent_steps += 1'000;
  status.frames += 4'000;
  console.progress.end(status);
  EXPECT_THAT(console.take(), HasSubstr("2,000 frames/s  0:04:08 left\n"));
}

// oracle: the clock
TEST(Progress, ATerminalIsRedrawnTenTimesASecond) {
  FakeConsole console(/*terminal=*/true);
  ProgressStatus status = halfway();
  console.progress.begin(status);
  EXPECT_THAT(console.take(), testing::StartsWith("\rtrain 3/200"));
  console.now += 0.09;
  console.progress.update(status);
  EXPECT_EQ(console.take(), "");
  console.now += 0.02;
  console.progress.update(status);
  const std::string drawn = console.take();
  EXPECT_THAT(drawn, testing::EndsWith("\x1b[K"));
  EXPECT_THAT(drawn, Not(HasSubstr("\n")));
  EXPECT_LE(drawn.size(), std::string("\r\x1b[K").size() + 79);

  console.progress.end(status);
  EXPECT_THAT(console.take(), testing::EndsWith("\x1b[K\n"));
}

// oracle: the clock
TEST(Progress, ElsewhereAPlainLineComesEveryTenSecondsAndAtTheEnd) {
  FakeConsole console(/*terminal=*/false);
  ProgressStatus status = halfway();
  console.progress.begin(status);
  console.now += 9.9;
  console.progress.update(status);
  EXPECT_EQ(console.take(), "");
  console.now += 0.2;
  console.progress.update(status);
  console.progress.update(status);
  EXPECT_THAT(console.take(), testing::MatchesRegex("train 3/200[^\n\r\x1b]*\n"));
  console.progress.end(status);
  EXPECT_THAT(console.take(), testing::MatchesRegex("train 3/200[^\n\r\x1b]*\n"));
}

}  // namespace
}  // namespace accumbens
