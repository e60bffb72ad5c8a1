#include "accumbens/run/dqn_zoo_log.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "run/test_files.h"

namespace accumbens {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// says what it is told to say
struct TalkingAgent final : Agent {
  torch::Tensor step(const TimeStep&) override { return {}; }
  void set_eval_mode(bool) override {}
  std::map<std::string, double> statistics() const override { return figures; }
  double state_value() const override { return value; }
  void state(StateTree&) override {}

  std::map<std::string, double> figures;
  double value = kNan;
};

using Rows = std::vector<std::map<std::string, double>>;

EnvironmentSpec spec_of(const std::string& game) {
  EnvironmentSpec spec;
  spec.name = game;
  spec.frames_per_step = 4;
  return spec;
}

// rows by column
Rows read_rows(const std::filesystem::path& path) {
  std::istringstream file(read_file(path));
  std::string header, line;
  std::getline(file, header);
  Rows rows;
  while (std::getline(file, line)) {
    std::istringstream names(header), cells(line);
    std::string name, cell;
    rows.emplace_back();
    while (std::getline(names, name, ',') && std::getline(cells, cell, ',')) {
      rows.back()[name] = std::stod(cell);
    }
  }
  return rows;
}

TimeStep of_type(StepType type) {
  return {.step_type = {type},
          .reward = {0},
          .discount = {1},
          .lost_life = {0},
          .observation = torch::zeros({1, 1})};
}

// oracle: the lists of columns in DQN Zoo's run_atari.py of dqn, prioritized and rainbow
TEST(DqnZooLog, HasDqnZoosColumns) {
  const std::string begin =
      "iteration,frame,eval_episode_return,train_episode_return,eval_num_episodes,"
      "train_num_episodes,eval_frame_rate,train_frame_rate,";
  const std::string epsilon = "train_exploration_epsilon,";
  const std::string priorities = "importance_sampling_exponent,max_seen_priority,";
  const std::string end = "normalized_return,capped_normalized_return,human_gap";
  const std::map<std::string, double> of_priorities{{"importance_exponent", 0.4},
                                                    {"max_priority", 1.0}};
  auto both = of_priorities;
  both["epsilon"] = 1.0;
  const std::vector<std::pair<std::map<std::string, double>, std::string>> cases{
      {{{"epsilon", 1.0}}, begin + epsilon + "train_state_value," + end},
      {both, begin + epsilon + "train_state_value," + priorities + end},
      {of_priorities, begin + "train_state_value," + priorities + end}};
  for (const auto& [figures, header] : cases) {
    const TemporaryDirectory directory;
    DqnZooLog log(directory / "", spec_of("Pong"), /*training_steps=*/100, figures);
    log.on_iteration({});
    const std::string text = read_file(directory / "dqn_zoo.csv");
    EXPECT_EQ(text.substr(0, text.find('\n')), header);
  }
}

// oracle: the definitions, worked out by hand; scores of Pong are -20.7 and 14.6
TEST(DqnZooLog, WritesARowPerIteration) {
  const TemporaryDirectory directory;
  TalkingAgent agent;
  agent.figures = {{"epsilon", 0.25}};
  DqnZooLog log(directory / "", spec_of("Pong"), /*training_steps=*/100, agent.figures);

  // iteration 0: nothing trained, and no whole episode evaluated
  Position position;
  log.on_phase(position, agent);
  position.phase = Phase::kEval;
  position.eval = {.agent_steps = 50, .seconds = 2.0};
  position.episodes = {{.episode_return = -7.0}};
  log.on_phase(position, agent);
  log.on_iteration(position);

  // iteration 1: two episodes in training, one whole and another in evaluation
  position = {};
  position.iteration = 1;
  const auto step = [&](StepType type, double value) {
    agent.value = value;
    log.on_step(position, of_type(type), agent);
  };
  step(StepType::kFirst, 1.0);
  step(StepType::kMid, kNan);
  step(StepType::kMid, 3.0);
  step(StepType::kLast, kNan);
  position.train = {.sum_of_returns = -30.0, .num_episodes = 2, .agent_steps = 100, .seconds = 4};
  log.on_phase(position, agent);
  position.phase = Phase::kEval;
  step(StepType::kFirst, 100.0);
  position.eval = {.sum_of_returns = 20.0, .num_episodes = 1, .agent_steps = 50, .seconds = 1.0};
  log.on_phase(position, agent);
  log.on_iteration(position);

  const Rows rows = read_rows(directory / "dqn_zoo.csv");
  ASSERT_EQ(rows.size(), 2U);
  auto row = rows[0];
  EXPECT_EQ(row["iteration"], 0);
  EXPECT_EQ(row["frame"], 0);
  EXPECT_EQ(row["eval_episode_return"], -7);
  EXPECT_EQ(row["eval_num_episodes"], 0);
  EXPECT_EQ(row["eval_frame_rate"], 100);
  EXPECT_TRUE(std::isnan(row["train_episode_return"]));
  EXPECT_TRUE(std::isnan(row["train_frame_rate"]));
  EXPECT_TRUE(std::isnan(row["train_state_value"]));
  EXPECT_DOUBLE_EQ(row["normalized_return"], (-7 + 20.7) / (14.6 + 20.7));
  EXPECT_DOUBLE_EQ(row["capped_normalized_return"], (-7 + 20.7) / (14.6 + 20.7));
  EXPECT_DOUBLE_EQ(row["human_gap"], 1 - (-7 + 20.7) / (14.6 + 20.7));

  row = rows[1];
  EXPECT_EQ(row["iteration"], 1);
  EXPECT_EQ(row["frame"], 400);
  EXPECT_EQ(row["eval_episode_return"], 20);
  EXPECT_EQ(row["train_episode_return"], -15);
  EXPECT_EQ(row["train_num_episodes"], 2);
  EXPECT_EQ(row["train_frame_rate"], 100);
  EXPECT_EQ(row["train_exploration_epsilon"], 0.25);
  EXPECT_DOUBLE_EQ(row["normalized_return"], (20 + 20.7) / (14.6 + 20.7));
  EXPECT_EQ(row["capped_normalized_return"], 1);
  EXPECT_EQ(row["human_gap"], 0);

  // 8 frames of value 1, then 5 of value 3
  double sum = 0.0, weights = 0.0;
  for (int frame = 0; frame < 13; ++frame) {
    const double weight = std::pow(0.999, 12 - frame);
    sum += weight * (frame < 8 ? 1.0 : 3.0);
    weights += weight;
  }
  EXPECT_NEAR(row["train_state_value"], sum / weights, 1e-12);
}

// oracle: DQN Zoo's scores, tests/oracles/reference_scores.py; a random agent's is 0, a human's 1
TEST(DqnZooLog, NormalisesReturnsByDqnZoosScoresInAll57Games) {
  std::ifstream file(ACCUMBENS_SOURCE_DIR "/tests/oracles/atari_reference_scores.csv");
  std::string line, game, random, human;
  std::getline(file, line);
  int games = 0;
  while (std::getline(file, line)) {
    SCOPED_TRACE(line);
    std::istringstream cells(line);
    std::getline(cells, game, ',');
    std::getline(cells, random, ',');
    std::getline(cells, human, ',');

    const TemporaryDirectory directory;
    DqnZooLog log(directory / "", spec_of(game), /*training_steps=*/100, {});
    for (const std::string& score : {random, human}) {
      Position position;
      position.phase = Phase::kEval;
      position.eval = {.sum_of_returns = std::stod(score), .num_episodes = 1, .agent_steps = 9};
      log.on_phase(position, TalkingAgent());
      log.on_iteration(position);
    }
    const Rows rows = read_rows(directory / "dqn_zoo.csv");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].at("normalized_return"), 0);
    EXPECT_EQ(rows[1].at("normalized_return"), 1);
    ++games;
  }
  EXPECT_EQ(games, 57);
}

constexpr int kEvents = 6;  // in an iteration

const std::map<std::string, double>& figures_of(int64_t iteration) {
  static const std::map<std::string, double> figures[] = {
      {{"epsilon", 1.0}, {"importance_exponent", 0.4}, {"max_priority", 2.0}},
      {{"epsilon", 0.5}, {"importance_exponent", 0.7}, {"max_priority", 3.0}}};
  return figures[iteration];
}

// one of two iterations' events
void play(DqnZooLog& log, int event) {
  Position position;
  position.iteration = event / kEvents;
  const double scale = position.iteration == 0 ? 1.0 : -2.0;
  position.train = {.sum_of_returns = 8 * scale, .num_episodes = 2, .agent_steps = 3, .seconds = 1};
  position.eval = {.sum_of_returns = 9 * scale, .num_episodes = 1, .agent_steps = 2, .seconds = 4};
  TalkingAgent agent;
  agent.figures = figures_of(position.iteration);
  const auto step = [&](StepType type, double value) {
    agent.value = value;
    log.on_step(position, of_type(type), agent);
  };
  switch (event % kEvents) {
    case 0:
      return step(StepType::kFirst, 7 * scale);
    case 1:
      return step(StepType::kMid, kNan);
    case 2:
      return step(StepType::kMid, 5 * scale);
    case 3:
      return log.on_phase(position, agent);
    case 4:
      position.phase = Phase::kEval;
      return log.on_phase(position, agent);
    default:
      return log.on_iteration(position);
  }
}

// oracle: the log of a run that was not interrupted
TEST(DqnZooLog, GoesOnExactlyFromAnywhereInAnIteration) {
  constexpr int kAll = 2 * kEvents;
  const auto played = [](int stop) {
    const TemporaryDirectory directory;
    const auto make = [&] {
      return DqnZooLog(directory / "", spec_of("Pong"), /*training_steps=*/3, figures_of(0));
    };
    DqnZooLog log = make();
    for (int event = 0; event < stop; ++event) play(log, event);
    StateTree saved;
    log.state(saved);

    DqnZooLog resumed = make();
    StateTree tree(std::move(saved.contents()));
    resumed.state(tree);
    for (int event = stop; event < kAll; ++event) play(resumed, event);
    return read_file(directory / "dqn_zoo.csv");
  };
  const std::string whole = played(kAll);
  EXPECT_EQ(std::ranges::count(whole, '\n'), 1 + 2);
  for (int stop = 0; stop < kAll; ++stop) EXPECT_EQ(played(stop), whole) << stop;
}

// oracle: the games of reference_scores()
TEST(DqnZooLog, HasNoScoresWithoutAReference) {
  const TemporaryDirectory directory;
  DqnZooLog log(directory / "", spec_of("CartPole"), /*training_steps=*/100, {});
  log.on_iteration({});
  auto row = read_rows(directory / "dqn_zoo.csv").at(0);
  for (const char* name : {"normalized_return", "capped_normalized_return", "human_gap"}) {
    EXPECT_TRUE(std::isnan(row.at(name))) << name;
  }
}

}  // namespace
}  // namespace accumbens
