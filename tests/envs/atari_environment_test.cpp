#include "accumbens/envs/atari/atari_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "accumbens/envs/factory.h"
#include "envs/exit_with_error.h"
#include "envs/golden.h"

namespace accumbens {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

torch::Tensor action(int64_t value) {
  return torch::full({1}, value, torch::kInt64);
}

// a game that a test writes: frame f since reset shows one brightness, has some lives, and may end
struct Script {
  std::function<int(int64_t frame)> brightness = [](int64_t) { return 0; };
  std::function<int64_t(int64_t frame)> lives = [](int64_t) { return 3; };
  int64_t length = 1'000'000;  // frames until the game is over
  bool fires = false;
};

class ScriptedEmulator final : public Emulator {
 public:
  ScriptedEmulator(Script script, std::vector<int64_t>* game_lengths)
      : script_(std::move(script)), game_lengths_(game_lengths) {}

  void reset() override {
    if (game_lengths_) game_lengths_->push_back(frame_);
    frame_ = 0;
  }
  int64_t act(int64_t action) override {
    ++frame_;
    return 10 + action;
  }
  bool game_over() override { return frame_ >= script_.length; }
  int64_t lives() override { return script_.lives(frame_); }
  int64_t num_actions() const override { return 4; }
  bool fires() const override { return script_.fires; }
  int64_t screen_height() const override { return 210; }
  int64_t screen_width() const override { return 160; }
  void screen_grayscale(uint8_t* pixels) override {
    std::fill_n(pixels, 210 * 160, static_cast<uint8_t>(script_.brightness(frame_)));
  }
  void screen_rgb(uint8_t* pixels) override {
    std::fill_n(pixels, 210 * 160 * 3, static_cast<uint8_t>(script_.brightness(frame_)));
  }
  void ram(uint8_t* bytes) override { std::fill_n(bytes, kRamBytes, 0); }
  std::string save_state() override { return {}; }
  void load_state(const std::string&) override {}

 private:
  Script script_;
  std::vector<int64_t>* game_lengths_;
  int64_t frame_ = 0;
};

AtariEnvironment scripted(Script script, const AtariPreprocessingOptions& options,
                          std::vector<int64_t>* game_lengths = nullptr) {
  return {"Scripted", std::make_unique<ScriptedEmulator>(std::move(script), game_lengths), options,
          /*seed=*/1};
}

// what a test asks of a step: its type, reward, discount, lost_life and brightness
struct Seen {
  char type;
  float reward;
  float discount;
  bool lost_life;
  int brightness;
  bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << "{'" << seen.type << "', " << seen.reward << ", " << seen.discount << ", "
             << seen.lost_life << ", " << seen.brightness << "}";
}

Seen see(Environment& environment, int64_t act = 0) {
  const TimeStep time_step = environment.step(action(act));
  const torch::Tensor& frame = time_step.observation;
  EXPECT_EQ(frame.min().item<int>(), frame.max().item<int>());
  return {.type = "FML"[static_cast<int>(time_step.step_type[0])],
          .reward = time_step.reward[0],
          .discount = time_step.discount[0],
          .lost_life = time_step.lost_life[0] != 0,
          .brightness = frame.max().item<int>()};
}

// a step in the files of tests/oracles
struct __attribute__((packed)) Record {
  uint32_t frame;  // CRC-32
  float reward;
  uint8_t step_type;
  uint8_t flags;  // 1: discount is 1, 2: a life was lost but the game goes on
  bool operator==(const Record&) const = default;
};

// oracle: Dopamine's and DQN Zoo's own classes over ale-py, tests/oracles/atari_pipeline.py, and
// Stable-Baselines3's wrappers, tests/oracles/atari_baselines.py
TEST(AtariEnvironment, Equals10000StepsOfItsPeersByteForByte) {
  constexpr uint64_t kSeed = 11;
  for (const std::string name : {"pong", "breakout", "space_invaders"}) {
    for (const std::string preset : {"dopamine", "dqn_zoo", "life_loss", "baselines"}) {
      if (name == "pong" && preset == "life_loss") continue;  // it has no lives
      AtariPreprocessingOptions preprocessing;
      if (preset == "dqn_zoo") {
        preprocessing.preset = "dqn_zoo";
        preprocessing.max_frames_per_episode = 800;
      }
      preprocessing.terminal_on_life_loss = preset == "life_loss";
      const auto environment =
          make_atari_environment({.game_name = name,
                                  .sticky_actions = preset != "dqn_zoo",
                                  .use_ppo_preprocessing = preset == "baselines"},
                                 preprocessing, kSeed);

      const std::string file = "atari_" + preset + "_" + name + ".bin";
      GoldenFile golden(file);
      Lcg random(1);
      std::vector<uint8_t> ten;  // steps
      int64_t steps = 0;
      while (!golden.at_end()) {
        const TimeStep time_step =
            environment->step(action(random.below(environment->spec().num_actions)));
        const Record record{
            .frame = crc32(time_step.observation.const_data_ptr<uint8_t>(), 84 * 84),
            .reward = time_step.reward[0],
            .step_type = static_cast<uint8_t>(time_step.step_type[0]),
            .flags = static_cast<uint8_t>((time_step.discount[0] == 1 ? 1 : 0) |
                                          (time_step.lost_life[0] != 0 ? 2 : 0))};

        // one by one, and then ten at once
        if (++steps <= 1000) {
          ASSERT_EQ(record, golden.read<Record>()) << file << " step " << steps;
          continue;
        }
        const auto* bytes = reinterpret_cast<const uint8_t*>(&record);
        ten.insert(ten.end(), bytes, bytes + sizeof(Record));
        if (steps % 10 > 0) continue;
        ASSERT_EQ(crc32(ten.data(), ten.size()), golden.read<uint32_t>())
            << file << " before step " << steps;
        ten.clear();
      }
      EXPECT_EQ(steps, 10'000);
    }
  }
}

// oracle: ale-py's own memory after the same frames, tests/oracles/atari_baselines.py
TEST(AtariEnvironment, ShowsTheConsolesMemoryWhereAskedFor) {
  const auto environment =
      make_atari_environment({.game_name = "Pong"}, {.observation = "ram"}, /*seed=*/11);
  EXPECT_THAT(environment->spec().observation_shape, ElementsAre(128));
  GoldenFile golden("atari_ram_pong.bin");
  Lcg random(1);
  int64_t steps = 0;
  int64_t ends = 0;
  for (; !golden.at_end(); ++steps) {
    const TimeStep time_step = environment->step(action(random.below(6)));
    ASSERT_EQ(crc32(time_step.observation.const_data_ptr<uint8_t>(), 128), golden.read<uint32_t>())
        << "step " << steps;
    ends += time_step.last(0);
  }
  EXPECT_EQ(steps, 10'000);
  EXPECT_GT(ends, 5);  // so that games begin anew, too
}

TEST(AtariEnvironment, SpecNamesTheMinimalActionsAndTheFramesOfAStep) {
  const auto environment = make_atari_environment({.game_name = "Breakout"}, {}, /*seed=*/1);
  EXPECT_EQ(environment->spec().name, "Breakout");
  EXPECT_EQ(environment->spec().num_actions, 4);
  EXPECT_EQ(environment->spec().frames_per_step, 4);
  EXPECT_THAT(environment->spec().observation_shape, ElementsAre(84, 84));
  EXPECT_EQ(environment->step(action(0)).observation.sizes(), (std::vector<int64_t>{1, 84, 84}));
}

// oracle: the uninterrupted run, sticky actions and random no-ops included
TEST(AtariEnvironment, ASavedGameGoesOnExactly) {
  for (const std::string game : {"Pong", "Breakout", "Qbert", "Seaquest"}) {
    for (const std::string preset : {"dopamine", "dqn_zoo"}) {
      for (const int steps_before : {1, 137}) {
        AtariPreprocessingOptions preprocessing{.preset = preset};
        preprocessing.terminal_on_life_loss = preset == "dopamine";
        const AtariOptions options{.game_name = game, .sticky_actions = true};
        const auto environment = make_atari_environment(options, preprocessing, /*seed=*/5);
        const int64_t actions = environment->spec().num_actions;
        Lcg random(2);
        for (int i = 0; i < steps_before; ++i) environment->step(action(random.below(actions)));

        // into an environment that has another seed and is in another place
        StateTree saved;
        environment->state(saved);
        const auto resumed = make_atari_environment(options, preprocessing, /*seed=*/6);
        for (int i = 0; i < 10; ++i) resumed->step(action(1));
        StateTree loaded(saved.contents());
        resumed->state(loaded);

        for (int i = 0; i < 200; ++i) {
          const int64_t act = random.below(actions);
          const TimeStep a = environment->step(action(act));
          const TimeStep b = resumed->step(action(act));
          ASSERT_EQ(a.step_type, b.step_type) << game << " " << preset << " " << i;
          ASSERT_EQ(a.reward, b.reward) << game << " " << preset << " " << i;
          ASSERT_TRUE(torch::equal(a.observation, b.observation)) << game << " " << preset << i;
        }
      }
    }
  }
}

// oracle: by hand, with three frames to a step of which the last two count
TEST(AtariEnvironment, PoolsTheLastTwoFramesAndSumsTheirRewards) {
  for (const std::string preset : {"dopamine", "dqn_zoo"}) {
    Script script;
    script.brightness = [](int64_t frame) {
      return std::vector<int>{9, 200, 20, 10, 200, 30, 40}.at(frame);
    };
    AtariEnvironment environment =
        scripted(script, {.preset = preset, .frame_skip = 3, .max_noops = 0});
    EXPECT_EQ(see(environment), (Seen{'F', 0, 1, false, 9}));
    EXPECT_EQ(see(environment, 2), (Seen{'M', 36, 1, false, 20}));
    EXPECT_EQ(see(environment, 0), (Seen{'M', 30, 1, false, 40}));
  }
}

// oracle: by hand; Dopamine shows the first screen for ever (google/dopamine#177)
TEST(AtariEnvironment, FrameSkipOneShowsEveryScreen) {
  for (const std::string preset : {"dopamine", "dqn_zoo"}) {
    Script script;
    script.brightness = [](int64_t frame) { return static_cast<int>(200 - 50 * frame); };
    AtariEnvironment environment =
        scripted(script, {.preset = preset, .frame_skip = 1, .max_noops = 0});
    EXPECT_EQ(see(environment), (Seen{'F', 0, 1, false, 200}));
    EXPECT_EQ(see(environment), (Seen{'M', 10, 1, false, 150}));
    EXPECT_EQ(see(environment), (Seen{'M', 10, 1, false, 100}));
  }
}

// oracle: the definition of truncation (dm_env), frames counted from FIRST
TEST(AtariEnvironment, TheFrameCapTruncatesAtTheEndOfAnAgentStep) {
  for (const std::string preset : {"dopamine", "dqn_zoo"}) {
    AtariEnvironment environment = scripted({}, {.preset = preset, .max_frames_per_episode = 10});
    for (int game = 0; game < 2; ++game) {
      EXPECT_EQ(see(environment), (Seen{'F', 0, 1, false, 0}));
      EXPECT_EQ(see(environment), (Seen{'M', 40, 1, false, 0}));
      EXPECT_EQ(see(environment), (Seen{'M', 40, 1, false, 0}));
      EXPECT_EQ(see(environment), (Seen{'L', 40, 1, false, 0}));
    }
  }
}

TEST(AtariEnvironment, AGameThatEndsAtTheCapHasEnded) {
  AtariEnvironment environment = scripted({.length = 7}, {.max_frames_per_episode = 5});
  EXPECT_EQ(see(environment).type, 'F');
  EXPECT_EQ(see(environment).type, 'M');
  EXPECT_EQ(see(environment), (Seen{'L', 30, 0, false, 0}));  // after three of four frames
}

// oracle: by hand, after Dopamine's runner: the game and its cap go on where the life was lost
TEST(AtariEnvironment, ALostLifeEndsTheEpisodeForADopamineAgentOnly) {
  Script script;
  script.brightness = [](int64_t frame) { return static_cast<int>(10 * frame); };
  script.lives = [](int64_t frame) { return frame < 7 ? 3 : 2; };
  AtariEnvironment environment =
      scripted(script, {.terminal_on_life_loss = true, .max_frames_per_episode = 15});
  EXPECT_EQ(see(environment), (Seen{'F', 0, 1, false, 0}));
  EXPECT_EQ(see(environment), (Seen{'M', 40, 1, false, 40}));
  EXPECT_EQ(see(environment), (Seen{'L', 30, 0, true, 70}));  // the life is lost in frame 7
  EXPECT_EQ(see(environment), (Seen{'F', 0, 1, true, 70}));
  EXPECT_EQ(see(environment), (Seen{'M', 40, 1, false, 110}));
  EXPECT_EQ(see(environment), (Seen{'L', 40, 1, false, 150}));  // the cap, of the whole game
  EXPECT_EQ(see(environment), (Seen{'F', 0, 1, false, 0}));
}

// oracle: by hand, after DQN Zoo's ZeroDiscountOnLifeLoss
TEST(AtariEnvironment, ALostLifeHasDiscountZeroInDqnZoo) {
  Script script;
  script.lives = [](int64_t frame) { return frame < 6 ? 3 : 2; };
  AtariEnvironment environment = scripted(script, {.preset = "dqn_zoo", .max_noops = 0});
  EXPECT_EQ(see(environment), (Seen{'F', 0, 1, false, 0}));
  EXPECT_EQ(see(environment), (Seen{'M', 40, 1, false, 0}));
  EXPECT_EQ(see(environment), (Seen{'M', 40, 0, false, 0}));
  EXPECT_EQ(see(environment), (Seen{'M', 40, 1, false, 0}));
}

// oracle: by hand, after Stable-Baselines3's wrappers: a life begins with an agent step of doing
// nothing and two that fire, and lives are looked at between agent steps only
TEST(AtariEnvironment, WithBaselinesGamesAndLivesBeginByFiring) {
  AtariEnvironment environment =
      scripted({.brightness = [](int64_t frame) { return static_cast<int>(frame); },
                .lives = [](int64_t frame) { return frame < 10 ? 3 : 2; },
                .fires = true},
               {.preset = "baselines", .terminal_on_life_loss = true, .max_noops = 0});
  EXPECT_EQ(see(environment), (Seen{'F', 0, 1, false, 8}));
  EXPECT_EQ(see(environment), (Seen{'L', 40, 0, true, 12}));
  EXPECT_EQ(see(environment), (Seen{'F', 0, 1, true, 24}));
  EXPECT_EQ(see(environment, 2), (Seen{'M', 48, 1, false, 28}));
}

// oracle: by hand, after Stable-Baselines3's wrappers: a game that ends while a life begins, in the
// doing nothing or in a step that fires, is followed by another, whose frames count from its FIRST
TEST(AtariEnvironment, WithBaselinesAGameThatEndsBetweenLivesIsOver) {
  for (const int64_t length : {14, 18, 22}) {
    std::vector<int64_t> lengths;
    Script script;
    script.lives = [&](int64_t frame) { return lengths.size() == 1 && frame >= 10 ? 2 : 3; };
    script.length = length;
    script.fires = true;
    AtariEnvironment environment = scripted(script,
                                            {.preset = "baselines",
                                             .terminal_on_life_loss = true,
                                             .max_frames_per_episode = 8,
                                             .max_noops = 0},
                                            &lengths);
    EXPECT_EQ(see(environment), (Seen{'F', 0, 1, false, 0}));
    EXPECT_EQ(see(environment), (Seen{'L', 40, 0, true, 0}));
    EXPECT_EQ(see(environment), (Seen{'F', 0, 1, false, 0})) << length;
    EXPECT_THAT(lengths, ElementsAre(0, length));
    EXPECT_EQ(see(environment), (Seen{'M', 40, 1, false, 0})) << length;

    // the cap, or with frames that fired before FIRST the game's end
    const bool fired_twice = length == 14;
    EXPECT_EQ(see(environment),
              (fired_twice ? Seen{'L', 20, 0, false, 0} : Seen{'L', 40, 1, false, 0}));
  }
}

// oracle: by hand; the runner's own step limit
TEST(AtariEnvironment, AnEpisodeEndedFromOutsideIsFollowedByANewGame) {
  Script script;
  script.lives = [](int64_t frame) { return frame < 2 ? 3 : 2; };
  std::vector<int64_t> lengths;
  AtariEnvironment environment = scripted(script, {.terminal_on_life_loss = true}, &lengths);
  see(environment);
  EXPECT_EQ(see(environment).lost_life, true);
  environment.end_episode(0);
  EXPECT_EQ(see(environment), (Seen{'F', 0, 1, false, 0}));
  EXPECT_EQ(see(environment).type, 'L');
  EXPECT_THAT(lengths, ElementsAre(0, 2));
}

// oracle: the definition, 1 to 30 with equal chances
TEST(AtariEnvironment, DqnZooBeginsWithOneToThirtyNoops) {
  Script script;
  script.brightness = [](int64_t frame) { return static_cast<int>(frame); };
  AtariEnvironment environment = scripted(script, {.preset = "dqn_zoo"});
  std::vector<int> counts(31);
  for (int game = 0; game < 600; ++game) {
    ++counts.at(see(environment).brightness);  // a gray of the frame's number has that luma
    environment.end_episode(0);
  }
  EXPECT_EQ(counts[0], 0);
  EXPECT_GT(*std::min_element(counts.begin() + 1, counts.end()), 3);
}

TEST(AtariEnvironment, OptionsThatContradictThePresetAreRefused) {
  EXPECT_THROW(scripted({}, {.preset = "dqn_zoo", .terminal_on_life_loss = true}), ConfigError);
}

TEST(AtariEnvironment, ActionsThatDoNotExistAreRefused) {
  AtariEnvironment environment = scripted({}, {});
  environment.step(action(99));  // ignored: the game begins
  EXPECT_THROW(environment.step(action(4)), Error);
}

TEST(Emulator, AnUnknownGameNamesTheNearest) {
  try {
    make_atari_environment({.game_name = "SpaceInvader"}, {}, /*seed=*/1);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no Atari game 'SpaceInvader'"));
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'SpaceInvaders'?"));
  }
}

TEST(Emulator, ListsTheGamesForOnePlayerByGymnasiumsNames) {
  const std::vector<std::string> names = known_environments();
  EXPECT_THAT(names, IsSupersetOf({"CartPole-v0", "Acrobot-v1", "Pong", "SpaceInvaders", "UpNDown",
                                   "TicTacToe3D"}));
  EXPECT_THAT(names, Not(Contains("Combat")));  // ALE ends the program when asked for it
}

// oracle: the same calls from one thread
TEST(Emulator, WorksFromAThreadThatDidNotCreateIt) {
  const EmulatorOptions options{.game = "Pong", .sticky_probability = 0.25, .seed = 4};
  const auto a = make_emulator(options);
  const auto b = make_emulator(options);
  std::vector<uint8_t> screen_a(210 * 160), screen_b(210 * 160);
  const auto play = [](Emulator& emulator, std::vector<uint8_t>& screen) {
    emulator.reset();
    for (int i = 0; i < 200; ++i) emulator.act(i / 7 % emulator.num_actions());
    emulator.screen_grayscale(screen.data());
  };
  play(*a, screen_a);
  std::thread([&] { play(*b, screen_b); }).join();
  EXPECT_EQ(screen_a, screen_b);
}

// two at once: the interpreter is shared, the games are not
TEST(Emulator, TwoThreadsPlayTwoGamesAtOnce) {
  std::vector<uint8_t> screens[2];
  std::vector<std::thread> threads;
  for (auto& screen : screens) {
    threads.emplace_back([&screen] {
      const auto emulator =
          make_emulator({.game = "Breakout", .sticky_probability = 0.25, .seed = 4});
      emulator->reset();
      for (int i = 0; i < 300; ++i) emulator->act(i % emulator->num_actions());
      screen.resize(210 * 160);
      emulator->screen_grayscale(screen.data());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(screens[0], screens[1]);
  EXPECT_NE(*std::max_element(screens[0].begin(), screens[0].end()), 0);
}

// runs in a fresh process, where no plug-in is loaded yet
void print_error_and_exit() {
  exit_with_error([] { make_vector_emulator({.game = "Pong"}); });
}

TEST(EmulatorDeathTest, AMissingPluginSaysWhereItWasSought) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        setenv("ACCUMBENS_PLUGIN_DIR", "/nowhere", 1);
        print_error_and_exit();
      },
      ::testing::ExitedWithCode(1), "accumbens_python.so, which is not in /nowhere");
}

TEST(EmulatorDeathTest, AMissingAlePySaysHowToGetIt) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";

  // an ale_py that cannot be imported stands before the real one
  const std::string folder = ::testing::TempDir() + "accumbens_no_ale_py";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/ale_py.py") << "raise ModuleNotFoundError(\"No module named 'ale_py'\")";
  EXPECT_EXIT(
      {
        setenv("PYTHONPATH", folder.c_str(), 1);
        print_error_and_exit();
      },
      ::testing::ExitedWithCode(1), "-m pip install ale-py' .Python says: No module named");
}

}  // namespace
}  // namespace accumbens
