#include "accumbens/envs/gymnasium/gymnasium_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "accumbens/core/error.h"
#include "accumbens/envs/factory.h"
#include "envs/exit_with_error.h"
#include "envs/golden.h"

namespace accumbens {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Python finds the environments of these tests before anything has started it
const bool kPathIsSet = [] {
  setenv("PYTHONPATH", ACCUMBENS_SOURCE_DIR "/tests/envs", 1);
  return setenv("PYTHONDONTWRITEBYTECODE", "1", 1) == 0;
}();

std::unique_ptr<Environment> odd(const std::string& name, uint64_t seed = 1,
                                 const std::string& kwargs = "", const std::string& wrappers = "") {
  return make_gym_environment({.environment_name = "odd_environments:" + name + "-v0",
                               .kwargs = kwargs,
                               .wrappers = wrappers},
                              seed);
}

torch::Tensor discrete(int64_t action) {
  return torch::full({1}, action, torch::kInt64);
}

std::vector<float> numbers(const TimeStep& time_step) {
  const torch::Tensor flat = time_step.observation.to(torch::kFloat32).flatten().contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

// what is thrown, and the message
template <class E = Error, class F>
std::string message(F&& body) {
  try {
    body();
  } catch (const E& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

std::string refusal(const std::string& name) {
  return message<ConfigError>([&] { odd(name); });
}

// of the second step
std::string failure(const std::string& name) {
  const auto environment = odd(name);
  environment->step(discrete(0));
  return message([&] { environment->step(discrete(0)); });
}

// what an odd environment shows first
TimeStep first_of(const std::string& name) {
  const auto environment = odd(name);
  const TimeStep time_step = environment->step(discrete(0));
  std::vector<int64_t> shape = environment->spec().observation_shape;
  shape.insert(shape.begin(), 1);
  EXPECT_EQ(time_step.observation.sizes(), shape);
  EXPECT_EQ(time_step.observation.scalar_type(), environment->spec().observation_dtype);
  return time_step;
}

// replays a recorded environment, seeded as there
void replay(GoldenFile& golden, const std::string& id, const std::string& kwargs) {
  SCOPED_TRACE(id + " " + kwargs);
  const auto task = make_gymnasium_task({.id = id, .kwargs = kwargs});
  const GymnasiumSpaces& spaces = task->spaces();
  ASSERT_EQ(spaces.observation_shape.size(), 1);
  std::vector<float> observation(spaces.observation_shape[0]);
  Lcg random(1);
  bool begins = true;
  for (int step = 0; step < 10'000; ++step) {
    int64_t choice = 0;
    std::vector<float> action;
    if (spaces.num_actions > 0) choice = random.below(spaces.num_actions);
    for (size_t i = 0; i < spaces.action_low.size(); ++i) {
      const auto fifth = static_cast<float>(random.below(5));
      const float range = spaces.action_high[i] - spaces.action_low[i];
      action.push_back(spaces.action_low[i] + range * fifth / 4);
    }
    GymnasiumOutcome outcome{};
    if (begins) {
      task->reset(step == 0 ? std::optional<uint32_t>(7) : std::nullopt, observation.data());
    } else if (spaces.num_actions > 0) {
      outcome = task->step(choice, observation.data());
    } else {
      outcome = task->step(action.data(), observation.data());
    }
    const int flags = (begins ? 1 : 0) + 2 * outcome.terminated + 4 * outcome.truncated;
    begins = flags > 1;
    if (step >= 400 && step % 10 > 0) continue;

    ASSERT_EQ(flags, golden.read<uint8_t>()) << step;
    ASSERT_NEAR(outcome.reward, golden.read<float>(), 1e-3) << step;
    double sum = 0;
    for (size_t i = 0; i < observation.size(); ++i) sum += double(i + 1) * observation[i];
    ASSERT_NEAR(sum, golden.read<double>(), 1e-3) << step;
  }
}

// oracle: Gymnasium 1.4.0 in a Python of its own, tests/oracles/gymnasium_ids.py; floats may differ
// a little between machines
TEST(GymnasiumEnvironment, Equals10000StepsOfGymnasium) {
  GoldenFile golden("gymnasium_ids.bin");
  replay(golden, "FrozenLake-v1", R"({"map_name": "8x8"})");
  replay(golden, "Taxi-v4", "");
  replay(golden, "Blackjack-v1", "");
  replay(golden, "LunarLander-v3", "");
  replay(golden, "LunarLander-v3", R"({"continuous": true})");
  replay(golden, "BipedalWalker-v3", "");
  EXPECT_TRUE(golden.at_end());
}

// oracle: the time steps of dm_env, written out by hand; an observation holds 100 times the number
// of the episode plus the number of the step
TEST(GymnasiumEnvironment, TerminationHasDiscountZeroAndTheNextStepBeginsAnEpisode) {
  const auto environment = odd("Counting", 1, R"({"ends": 2})");
  const std::vector<StepType> types{StepType::kFirst, StepType::kMid, StepType::kLast,
                                    StepType::kFirst, StepType::kMid, StepType::kLast};
  const std::vector<float> observations{100, 101, 102, 200, 201, 202};
  for (size_t i = 0; i < types.size(); ++i) {
    const bool last = types[i] == StepType::kLast;
    const TimeStep time_step = environment->step(discrete(i % 3));
    EXPECT_EQ(time_step.step_type[0], types[i]) << i;
    EXPECT_EQ(time_step.discount[0], last ? 0 : 1) << i;
    EXPECT_EQ(time_step.reward[0], i % 3) << i;
    EXPECT_EQ(numbers(time_step)[0], observations[i]) << i;
    EXPECT_EQ(time_step.lost_life[0], 0);
  }
}

// oracle: the same
TEST(GymnasiumEnvironment, TruncationKeepsDiscountOneAndTheEpisodesOwnLastObservation) {
  for (const std::string id : {"Counting", "NextStep"}) {
    for (const std::string wrappers : {"", "gymnasium.wrappers:Autoreset"}) {
      const auto environment = odd(id, 1, R"({"cut": 2})", wrappers);
      std::vector<float> observations;
      for (int step = 0; step < 6; ++step) {
        const TimeStep time_step = environment->step(discrete(0));
        EXPECT_EQ(time_step.last(0), step % 3 == 2) << step;
        EXPECT_EQ(time_step.discount[0], 1);
        observations.push_back(numbers(time_step)[0]);
      }
      EXPECT_THAT(observations, ElementsAre(100, 101, 102, 200, 201, 202)) << id << wrappers;
    }
  }
}

// oracle: the rule for a task that ends on its last allowed step
TEST(GymnasiumEnvironment, WhatEndsOnItsLastAllowedStepHasEnded) {
  const auto environment = odd("Counting", 1, R"({"ends": 1, "cut": 1})");
  environment->step(discrete(0));
  const TimeStep time_step = environment->step(discrete(0));
  EXPECT_TRUE(time_step.last(0));
  EXPECT_EQ(time_step.discount[0], 0);
}

// oracle: counting; who never pushes never reaches the goal
TEST(GymnasiumEnvironment, EpisodesAreCutWhereTheyAreToldTo) {
  const auto length = [](std::optional<int64_t> limit, const std::string& kwargs = "") {
    const auto environment = make_gym_environment({.environment_name = "gymnasium:MountainCar-v0",
                                                   .kwargs = kwargs,
                                                   .max_episode_steps = limit},
                                                  /*seed=*/1);
    environment->step(discrete(1));
    int64_t steps = 1;
    while (!environment->step(discrete(1)).last(0) && steps < 400) ++steps;
    return steps;
  };
  EXPECT_EQ(length(std::nullopt), 200);
  EXPECT_EQ(length(300), 300);
  EXPECT_EQ(length(0), 400);
  EXPECT_EQ(length(300, R"({"goal_velocity": 0.01})"), 300);
  EXPECT_EQ(length(300, R"({"max_episode_steps": 100})"), 100);
  EXPECT_THAT(message<ConfigError>([&] { length(300, R"({"x": Infinity})"); }),
              HasSubstr("kwargs must be a JSON object"));
}

TEST(GymnasiumEnvironment, AnEpisodeEndedFromOutsideIsFollowedByAnother) {
  const auto environment = odd("Counting");
  environment->step(discrete(0));
  environment->step(discrete(0));
  environment->end_episode(0);
  const TimeStep time_step = environment->step(discrete(0));
  EXPECT_TRUE(time_step.first(0));
  EXPECT_EQ(numbers(time_step)[0], 200);
}

// oracle: as for the others; every second episode is the one that it has begun by itself
TEST(GymnasiumEnvironment, WhatResetsItselfWithinTheLastStepShowsItsEndToo) {
  for (const std::string end : {"ends", "cut"}) {
    for (const std::string wrappers : {"", "gymnasium.wrappers:Autoreset"}) {
      const auto environment = odd("AtOnce", 1, "{\"" + end + "\": 2}", wrappers);
      std::vector<float> observations;
      for (int step = 0; step < 6; ++step) {
        const TimeStep time_step = environment->step(discrete(0));
        EXPECT_EQ(time_step.last(0), step % 3 == 2) << step;
        EXPECT_EQ(time_step.discount[0], time_step.last(0) && end == "ends" ? 0 : 1) << step;
        observations.push_back(numbers(time_step)[0]);
      }
      EXPECT_THAT(observations, ElementsAre(100, 101, 102, 300, 301, 302)) << end << wrappers;
    }
  }
}

TEST(GymnasiumEnvironment, WhatHidesAnEpisodesEndIsAnError) {
  const auto forgetful = odd("AtOnceForGood", 1, R"({"ends": 1})");
  forgetful->step(discrete(0));
  EXPECT_THAT(
      message([&] { forgetful->step(discrete(0)); }),
      AllOf(HasSubstr("SAME_STEP"), HasSubstr("info['final_obs']"), HasSubstr("NEXT_STEP")));
}

// what is a vector already
TEST(GymnasiumEnvironment, VectorsOfEnvironmentsAreRefused) {
  EXPECT_THAT(message([] { odd("Several"); }), HasSubstr("must inherit from the gymnasium.Env"));
  EXPECT_THAT(refusal("OnlyMany"), HasSubstr("entry_point"));
}

// oracle: the spaces of odd_environments.py and gymnasium.spaces.flatten's rules, by hand
TEST(GymnasiumEnvironment, EverySpaceOfObservationsBecomesATensor) {
  EXPECT_THAT(numbers(first_of("Number")), ElementsAre(2.5F));
  EXPECT_THAT(numbers(first_of("Category")), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(numbers(first_of("Categories")), ElementsAre(0, 0, 1, 1, 0));
  EXPECT_THAT(numbers(first_of("Bits")), ElementsAre(1, 0, 1));

  // in the order of the keys that Gymnasium keeps: a, bytes, pair, z
  EXPECT_THAT(numbers(first_of("Dict")),
              ElementsAre(0, 0, 1, 7, 8, 255, 0, 1, 0, 1, 1, 0, 0, 0.5F, -0.5F, 1, -1));
}

// oracle: torch's permutation of the same numbers
TEST(GymnasiumEnvironment, ImagesStayBytesAndHaveTheirChannelsFirst) {
  const auto range = [](at::IntArrayRef shape) {
    return torch::arange(c10::multiply_integers(shape), torch::kInt64)
        .to(torch::kUInt8)
        .reshape(shape);
  };
  const auto observation = [](const std::string& name) { return first_of(name).observation[0]; };
  EXPECT_TRUE(torch::equal(observation("Image"), range({4, 5})));
  EXPECT_TRUE(torch::equal(observation("Reversed"), range({4, 5}).flip(0)));
  EXPECT_TRUE(torch::equal(observation("ChannelsFirst"), range({3, 4, 5})));
  EXPECT_TRUE(torch::equal(observation("ChannelsLast"), range({4, 5, 3}).permute({2, 0, 1})));
}

TEST(GymnasiumEnvironment, ObservationsThatAgentsCannotTakeAreRefused) {
  EXPECT_THAT(refusal("Text"), HasSubstr("observation['mission'] the space Text"));
  EXPECT_THAT(refusal("Graph"), HasSubstr("observation the space Graph"));
  EXPECT_THAT(refusal("Nothing"), HasSubstr("no numbers"));
}

// oracle: what each space promises
TEST(GymnasiumEnvironment, ObservationsOutsideOfTheirSpaceAreErrors) {
  EXPECT_THAT(failure("WrongShape"), HasSubstr("'odd_environments:WrongShape-v0' breaks its "
                                               "promise: its observation has the shape (3,), but "
                                               "its space (2,)"));
  EXPECT_THAT(failure("WrongType"), HasSubstr("dtype int64, but its space uint8"));
  EXPECT_THAT(failure("NoNumbers"), HasSubstr("dtype <U1"));
  EXPECT_THAT(failure("Nan"), HasSubstr("holds nan"));
  EXPECT_THAT(failure("NoneShown"), HasSubstr("observation has the dtype object"));
  EXPECT_THAT(failure("OutsideCategory"), HasSubstr("holds 4, which is outside"));
  EXPECT_THAT(failure("NegativeCategory"), HasSubstr("holds -1, which is outside"));
  EXPECT_THAT(failure("NoKey"), HasSubstr("KeyError: 'a'"));
}

// oracle: mixed radix by hand, the last choice fastest; the environment writes into its actions
TEST(GymnasiumEnvironment, SeveralChoicesAreOneNumber) {
  const auto environment = odd("Choices");
  EXPECT_EQ(environment->spec().num_actions, 24);
  environment->step(discrete(0));
  for (int repeat = 0; repeat < 2; ++repeat) {
    EXPECT_THAT(numbers(environment->step(discrete(0))), ElementsAre(0, 10, 20));
    EXPECT_THAT(numbers(environment->step(discrete(1))), ElementsAre(0, 10, 21));
    EXPECT_THAT(numbers(environment->step(discrete(23))), ElementsAre(1, 12, 23));
    EXPECT_THAT(numbers(environment->step(discrete(17))), ElementsAre(1, 11, 21));
  }
  EXPECT_THROW(environment->step(discrete(24)), Error);
  EXPECT_THROW(environment->step(discrete(-1)), Error);
}

// oracle: the bounds; the environment itself asserts that its actions are within them, in float64
TEST(GymnasiumEnvironment, ContinuousActionsAreClippedToTheBounds) {
  const auto environment = odd("Arms");
  const EnvironmentSpec& spec = environment->spec();
  EXPECT_EQ(spec.num_actions, 0);
  EXPECT_THAT(spec.action_low, ElementsAre(-0.1F, -1, -2, -3));
  EXPECT_THAT(spec.action_high, ElementsAre(0.1F, 1, 2, 3));
  environment->step(zero_actions(spec));
  const auto given = [&](std::vector<float> action) {
    return numbers(environment->step(torch::tensor(action).unsqueeze(0)));
  };
  EXPECT_THAT(given({0.05F, -0.5F, 1.5F, 3}), ElementsAre(0.05F, -0.5F, 1.5F, 3));
  EXPECT_THAT(given({0.1F, -0.1F, 9, -9}), ElementsAre(0.1F, -0.1F, 2, -3));
  EXPECT_THAT(given({9, -9, 1, 1}), ElementsAre(0.1F, -1, 1, 1));
  EXPECT_THAT(message([&] { given({NAN, 0, 0, 0}); }), HasSubstr("learning_rate"));
  EXPECT_THAT(message([&] { given({0, 0, 0}); }), HasSubstr("3 numbers as actions instead of 4"));
}

TEST(GymnasiumEnvironment, ActionsThatAgentsCannotChooseAreRefused) {
  EXPECT_THAT(refusal("Unbounded"), HasSubstr("between -inf and 1.0"));
  EXPECT_THAT(refusal("WholeNumbers"), HasSubstr("actions of int64"));
  EXPECT_THAT(refusal("TooMany"), HasSubstr("more than 4096 discrete actions"));
  EXPECT_THAT(refusal("Words"), HasSubstr("the space Text"));
}

TEST(GymnasiumEnvironment, RewardsThatAreNoNumbersAreErrors) {
  for (const std::string name : {"RewardNan", "RewardNone"}) {
    const auto environment = odd(name);
    for (int step = 0; step < 3; ++step) environment->step(discrete(0));
    EXPECT_THAT(message([&] { environment->step(discrete(0)); }),
                AllOf(HasSubstr(name),
                      HasSubstr(name == "RewardNan" ? "gave the reward nan" : "not NoneType")));
  }
}

TEST(GymnasiumEnvironment, WhatPythonRaisesComesWithItsTraceback) {
  const auto environment = odd("Raises");
  for (int step = 0; step < 5; ++step) environment->step(discrete(0));
  EXPECT_THAT(message([&] { environment->step(discrete(0)); }),
              AllOf(HasSubstr("'odd_environments:Raises-v0' failed: ValueError: the fifth step is "
                              "too much"),
                    HasSubstr("odd_environments.py("), HasSubstr("): step")));
}

TEST(GymnasiumEnvironment, AnswersInGymsFormAreErrors) {
  EXPECT_THAT(failure("OldStep"), HasSubstr("answers step() with 4 values instead of Gymnasium's"));
  const auto environment = odd("OldReset");
  EXPECT_THAT(message([&] { environment->step(discrete(0)); }), HasSubstr("answers reset() with"));
}

// oracle: Gymnasium's own sentences
TEST(GymnasiumEnvironment, AnIdThatGymnasiumRefusesBringsItsSentence) {
  const auto said = [](const std::string& name, const std::string& version) {
    return message<ConfigError>(
        [&] { make_gym_environment({.environment_name = name, .version = version}, /*seed=*/1); });
  };
  EXPECT_THAT(said("LunarLandr", "v3"),
              AllOf(HasSubstr("create_gym_environment.environment_name: 'LunarLandr-v3' cannot be "
                              "made; Gymnasium 1."),
                    HasSubstr("Did you mean: `LunarLander`?")));
  EXPECT_THAT(said("LunarLander", "v2"), HasSubstr("Please use `LunarLander-v3` instead"));
  EXPECT_THAT(said("LunarLander-v99", "v3"), HasSubstr("`v99` for environment `LunarLander`"));
  EXPECT_THAT(said("no_such_module:Env-v0", ""), HasSubstr("No module named 'no_such_module'"));
}

TEST(GymnasiumEnvironment, IdsMayHoldTheirVersionAndNativeTasksWin) {
  const auto named = [](const GymOptions& options) {
    return make_gym_environment(options, /*seed=*/1);
  };
  const auto plays_python = [](Environment& environment) {
    return dynamic_cast<GymnasiumEnvironment*>(&environment) != nullptr;
  };
  const auto native = named({.environment_name = "CartPole-v1", .version = "v0"});
  EXPECT_FALSE(plays_python(*native));
  const auto foreign = named({.environment_name = "gymnasium:CartPole", .version = "v1"});
  EXPECT_TRUE(plays_python(*foreign));
  EXPECT_EQ(foreign->spec().name, "gymnasium:CartPole-v1");
  EXPECT_EQ(foreign->spec().observation_shape, native->spec().observation_shape);
  EXPECT_EQ(foreign->spec().num_actions, native->spec().num_actions);
}

// oracle: the sentences, in which a name that ends otherwise than in -v and digits gets its
// version; neither length nor depth may be that of the stack
TEST(GymnasiumEnvironment, NamesOfAnyLengthAndArgumentsOfAnyDepthAreAnswered) {
  const auto said = [](const std::string& name) {
    return message(
        [&] { make_gym_environment({.environment_name = name, .version = "v1"}, /*seed=*/1); });
  };
  const std::string name(50'000, 'x');
  EXPECT_THAT(said(name), HasSubstr("'" + name + "-v1'"));
  EXPECT_THAT(said(name + "-v7"), HasSubstr("'" + name + "-v7'"));
  EXPECT_THAT(said("CartPole-v"), HasSubstr("'CartPole-v-v1'"));
  EXPECT_THAT(said("CartPole7"), HasSubstr("'CartPole7-v1'"));
  EXPECT_THAT(said("7"), HasSubstr("'7-v1'"));

  const auto nested = [](size_t depth) {
    const std::string kwargs =
        R"({"x": )" + std::string(depth, '[') + std::string(depth, ']') + "}";
    return message([&] {
      make_gym_environment({.environment_name = "gymnasium:MountainCar-v0",
                            .kwargs = kwargs,
                            .max_episode_steps = 100},
                           /*seed=*/1);
    });
  };
  EXPECT_THAT(nested(200'000), HasSubstr("kwargs must be a JSON object"));
  EXPECT_THAT(nested(50), HasSubstr("unexpected keyword argument 'x'"));
}

TEST(GymnasiumEnvironment, ArgumentsAndWrappersReachPython) {
  const auto environment =
      odd("Counting", 1, R"({"cut": 4})",
          "odd_environments:Halves, gymnasium.wrappers:FlattenObservation,odd_environments:Halves");
  environment->step(discrete(0));
  environment->step(discrete(0));
  EXPECT_EQ(environment->step(discrete(0)).reward[0], 0.5F);  // of 2, halved twice

  const auto said = [](const std::string& kwargs, const std::string& wrappers) {
    return message([&] { odd("Counting", 1, kwargs, wrappers); });
  };
  EXPECT_THAT(said("[1]", ""), HasSubstr("is '[1]', which is no JSON object"));
  EXPECT_THAT(said("{'a': 1}", ""), HasSubstr("no JSON object"));
  EXPECT_THAT(said(R"({"speed": 1})", ""), HasSubstr("unexpected keyword argument 'speed'"));
  EXPECT_THAT(said("", "Halves"), HasSubstr("names 'Halves', which is not module:Class"));
  EXPECT_THAT(said("", "odd_environments:Thirds"), HasSubstr("no attribute 'Thirds'"));
  EXPECT_THAT(said("", R"(odd_environments:Halves{"x": )"),
              HasSubstr("has after 'odd_environments:Halves' no JSON object"));
  EXPECT_THAT(said("", R"(odd_environments:Halves{} odd_environments:Halves)"),
              HasSubstr("needs a comma before 'odd_environments:Halves'"));
  EXPECT_THAT(said("", R"(odd_environments:Halves{"x": 1})"),
              HasSubstr("unexpected keyword argument 'x'"));
  EXPECT_THAT(message([] {
                make_gym_environment({.environment_name = "CartPole", .kwargs = "{}"}, /*seed=*/1);
              }),
              HasSubstr("'gymnasium:CartPole-v0' for Gymnasium's"));
}

// oracle: the colours that the environment paints, written to a file by a wrapper
TEST(GymnasiumEnvironment, FramesReachAWrapper) {
  const std::string file = testing::TempDir() + "frames";
  const auto environment = make_gym_environment(
      {.environment_name = "odd_environments:Painted-v0",
       .kwargs = R"({"cut": 2})",
       .wrappers = R"(odd_environments:Films {"words": ["a, ", "}b"], "file": ")" + file +
                   R"("}, odd_environments:Halves)",
       .render_mode = "rgb_array"},
      /*seed=*/1);
  for (int step = 0; step < 6; ++step) environment->step(discrete(0));
  std::ifstream in(file);
  std::string text;
  std::getline(in, text);
  EXPECT_EQ(text, "a, }b 101 102 201 202");
}

// oracle: Gymnasium's own frame of CartPole, 600 pixels wide; a native task has none
TEST(GymnasiumEnvironment, NativeTasksAreDrawnByGymnasium) {
  const std::string file = testing::TempDir() + "native_frames";
  const auto environment =
      make_gym_environment({.environment_name = "CartPole",
                            .version = "v1",
                            .wrappers = R"(odd_environments:Films{"file": ")" + file + R"("})",
                            .render_mode = "rgb_array"},
                           /*seed=*/1);
  EXPECT_EQ(environment->spec().name, "gymnasium:CartPole-v1");
  environment->step(discrete(0));
  environment->step(discrete(0));
  std::ifstream in(file);
  int brightest = 0;
  in >> brightest;
  EXPECT_EQ(brightest, 255);  // its background is white
}

// oracle: the other environment; the first numbers of an episode come from its generator
TEST(GymnasiumEnvironment, SeedsDecideWhatHappens) {
  const auto draws = [](uint64_t seed) {
    const auto environment = odd("Counting", seed, R"({"ends": 1})");
    std::vector<float> values;
    for (int step = 0; step < 8; ++step) {
      values.push_back(numbers(environment->step(discrete(0)))[1]);
    }
    return values;
  };
  const std::vector<float> values = draws(3);
  EXPECT_EQ(values, draws(3));
  EXPECT_NE(values, draws(4));

  // the generator goes on from episode to episode
  EXPECT_NE(values[0], values[2]);
  EXPECT_NE(values[2], values[4]);
}

// oracle: the other environment that was loaded from the same state
TEST(GymnasiumEnvironment, ALoadedStateBeginsAnEpisodeThatTheSavedSeedDecides) {
  const auto options = [](uint64_t seed) {
    return make_gym_environment({.environment_name = "LunarLander-v3"}, seed);
  };
  const auto saved = options(1);
  const torch::Tensor start = saved->step(discrete(0)).observation;
  for (int step = 0; step < 20; ++step) saved->step(discrete(2));
  StateTree tree;
  saved->state(tree);

  const auto a = options(1), b = options(2);
  b->step(discrete(0));
  for (const auto& environment : {a.get(), b.get()}) {
    StateTree contents(tree.contents());
    environment->state(contents);
  }
  const TimeStep first = a->step(discrete(3));
  EXPECT_TRUE(first.first(0));
  EXPECT_FALSE(torch::equal(first.observation, start));
  EXPECT_TRUE(torch::equal(first.observation, b->step(discrete(3)).observation));
  for (int step = 0; step < 300; ++step) {
    const TimeStep x = a->step(discrete(step % 4)), y = b->step(discrete(step % 4));
    ASSERT_EQ(x.step_type, y.step_type);
    ASSERT_EQ(x.reward, y.reward);
    ASSERT_TRUE(torch::equal(x.observation, y.observation));
  }
}

// oracle: each by itself; threads change in the middle of steps
TEST(GymnasiumEnvironment, TwoThreadsPlayAtOnce) {
  const auto play = [](uint64_t seed) {
    const auto environment = odd("Slow", seed, R"({"ends": 7})");
    std::vector<float> values;
    for (int step = 0; step < 200; ++step) {
      const std::vector<float> some = numbers(environment->step(discrete(step % 3)));
      values.insert(values.end(), some.begin(), some.end());
    }
    return values;
  };
  std::vector<float> results[2];
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back([&, i] { results[i] = play(i + 1); });
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(results[i], play(i + 1));
}

// runs in a fresh process, where no Python is started yet
void print_error_and_exit() {
  exit_with_error([] { make_gym_environment({.environment_name = "LunarLander-v3"}, /*seed=*/1); });
}

TEST(GymnasiumDeathTest, AMissingPluginSaysWhereItWasSought) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        setenv("ACCUMBENS_PLUGIN_DIR", "/nowhere", 1);
        print_error_and_exit();
      },
      testing::ExitedWithCode(1), "'LunarLander-v3', need the plug-in accumbens_python.so");
}

TEST(GymnasiumDeathTest, AMissingGymnasiumSaysHowToGetIt) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";

  // a gymnasium that cannot be imported stands before the real one
  const std::string folder = testing::TempDir() + "accumbens_no_gymnasium";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/gymnasium.py")
      << "raise ModuleNotFoundError(\"No module named 'gymnasium'\")";
  EXPECT_EXIT(
      {
        setenv("PYTHONPATH", folder.c_str(), 1);
        print_error_and_exit();
      },
      testing::ExitedWithCode(1), "-m pip install gymnasium' .Python says: No module named");
}

// oracle: a program in Python, whose end flushes what it has printed
TEST(GymnasiumDeathTest, WhatAnEnvironmentPrintsIsThereInTheEnd) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const std::string folder = testing::TempDir() + "accumbens_talkative";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/talkative.py")
      << "def greet(environment):\n  print('good morning', end='')\n  return environment\n";
  EXPECT_EXIT(
      {
        unsetenv("PYTHONUNBUFFERED");
        setenv("PYTHONPATH", folder.c_str(), 1);
        dup2(STDERR_FILENO, STDOUT_FILENO);  // which is looked at
        make_gym_environment({.environment_name = "LunarLander-v3", .wrappers = "talkative:greet"},
                             /*seed=*/1);
        std::exit(0);  // as at the end of main
      },
      testing::ExitedWithCode(0), "good morning");
}

}  // namespace
}  // namespace accumbens
