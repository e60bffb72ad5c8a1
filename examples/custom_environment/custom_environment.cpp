// A game from outside the library: Catch, in which a ball falls and a paddle moves below it.
#include <algorithm>

#include "accumbens/app/command_line.h"
#include "accumbens/run/catalogue.h"

using namespace accumbens;

constexpr int64_t kRows = 10;

// declared once: Gin, `explain` and the checks know them from here
struct CatchOptions {
  int64_t columns = 5;
  void fields(auto& field) { field("columns", columns, "width of the field", at_least(1)); }
};

// observation: [rows, columns] float32, 1 at the ball and at the paddle, which is in the last row;
// actions: 0 left, 1 stay, 2 right; reward, at the end only: 1 for a ball caught, -1 for one missed
class Catch final : public Environment {
 public:
  Catch(int64_t columns, uint64_t seed) : columns_(columns), random_(seed, "environment/0") {}
  const EnvironmentSpec& spec() const override { return spec_; }
  void end_episode(int64_t /*stream*/) override { row_ = kRows - 1; }

  TimeStep step(const torch::Tensor& actions) override {
    const bool first = row_ == kRows - 1;  // a new episode ignores the action
    row_ = first ? 0 : row_ + 1;
    if (first) column_ = random_.below(columns_);
    const int64_t target = first ? columns_ / 2 : paddle_ + actions.item<int64_t>() - 1;
    paddle_ = std::clamp<int64_t>(target, 0, columns_ - 1);

    torch::Tensor observation = torch::zeros({1, kRows, columns_});
    observation[0][row_][column_] = 1;
    observation[0][kRows - 1][paddle_] = 1;
    if (first) return {{StepType::kFirst}, {0}, {1}, {0}, observation};
    if (row_ < kRows - 1) return {{StepType::kMid}, {0}, {1}, {0}, observation};
    const float reward = column_ == paddle_ ? 1 : -1;
    return {{StepType::kLast}, {reward}, {/*discount, 0 ends it for good*/ 0}, {0}, observation};
  }

  void state(StateTree& tree) override {  // saves and loads, so that a stopped run goes on
    tree("random", random_)("row", row_)("column", column_)("paddle", paddle_);
  }

 private:
  int64_t columns_, column_ = 0, row_ = kRows - 1, paddle_ = 0;
  EnvironmentSpec spec_{.name = "Catch", .observation_shape = {kRows, columns_}, .num_actions = 3};
  RandomStream random_;
};

int main(int argc, char** argv) {
  return run_command_line(argc, argv, [](Catalogue& catalogue) {
    catalogue.registry.add<CatchOptions>("Catch", {.summary = "a ball to be caught"});
    catalogue.environments["Catch"] = {
        "a ball to be caught", [](const Configuration& configuration, uint64_t seed) {
          return std::make_unique<Catch>(configuration.get<CatchOptions>("Catch").columns, seed);
        }};
  });
}
