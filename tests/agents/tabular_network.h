#pragma once

#include <torch/types.h>
#include <torch/utils.h>

#include <utility>
#include <vector>

#include "accumbens/networks/q_network.h"
#include "accumbens/networks/value_head.h"

namespace accumbens {

/// A network whose outputs are rows of a table, one for each state; a state is its number. It
/// remembers how it was used.
class TabularNetwork final : public QNetwork {
 public:
  /// table: [S, A] action values, [S, A, atoms] logits or quantiles, or [S, A, 2] of quantile
  /// functions a + b * tau. support: of a categorical distribution.
  TabularNetwork(HeadSpec::Kind kind, const torch::Tensor& table, torch::Tensor support = {})
      : kind_(kind), support_(std::move(support)) {
    table_ = register_parameter("table", table.clone());
  }

  QOutput forward(const torch::Tensor& s) override {
    note_forward();
    const torch::Tensor rows = rows_of(s);
    if (kind_ == HeadSpec::Kind::kValue) return {.q_values = rows};
    if (kind_ == HeadSpec::Kind::kQuantile) return {.q_values = rows.mean(-1), .quantiles = rows};
    const torch::Tensor probabilities = rows.softmax(-1);
    return {.q_values = (probabilities * support_).sum(-1),
            .logits = rows,
            .probabilities = probabilities};
  }

  QOutput forward_at(const torch::Tensor& s, const torch::Tensor& at) override {
    note_forward();
    taus.push_back(at);
    const torch::Tensor rows = rows_of(s);  // [B, A, 2]
    const torch::Tensor quantiles =
        rows.narrow(-1, 0, 1) + rows.narrow(-1, 1, 1) * at.unsqueeze(1);  // [B, A, N]
    return {.q_values = quantiles.mean(-1), .quantiles = quantiles};
  }

  void sample_noise(RandomStream&) override { noise_ = Noise::kNew; }
  void clear_noise() override { noise_ = Noise::kNone; }

  const torch::Tensor& table() const { return table_; }

  // how many forward passes had noise of their own, that of a pass before, and none
  int64_t with_new_noise = 0;
  int64_t with_old_noise = 0;
  int64_t without_noise = 0;
  std::vector<torch::Tensor> taus;  // of each forward_at()

 private:
  enum class Noise { kNone, kNew, kOld };

  void note_forward() {
    ++(noise_ == Noise::kNew   ? with_new_noise
       : noise_ == Noise::kOld ? with_old_noise
                               : without_noise);
    if (noise_ == Noise::kNew) noise_ = Noise::kOld;
  }

  torch::Tensor rows_of(const torch::Tensor& s) const {
    return table_.index_select(0, s.flatten(1).select(1, 0).to(torch::kInt64));
  }

  HeadSpec::Kind kind_;
  torch::Tensor support_;
  torch::Tensor table_;
  Noise noise_ = Noise::kNone;
};

}  // namespace accumbens
