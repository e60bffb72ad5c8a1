#include "accumbens/agents/rollout.h"

#include <torch/utils.h>

#include <string>
#include <vector>

#include "accumbens/core/error.h"

namespace accumbens {

void Rollout::answer(const TimeStep& time_step) {
  if (rows_ == 0 || answered_) return;
  answered_ = true;
  float* reward = r_t[rows_ - 1].mutable_data_ptr<float>();
  float* discount = discount_t[rows_ - 1].mutable_data_ptr<float>();
  bool* outcome = valid[rows_ - 1].mutable_data_ptr<bool>();
  for (int64_t b = 0; b < time_step.batch_size(); ++b) {
    outcome[b] = !time_step.first(b);
    reward[b] = outcome[b] ? time_step.reward[b] : 0.0F;
    discount[b] = outcome[b] ? time_step.discount[b] : 0.0F;
  }
}

void Rollout::add(const torch::Tensor& s, const torch::Tensor& a, const torch::Tensor& log_prob,
                  const torch::Tensor& v) {
  const torch::NoGradGuard no_grad;
  if (!s_tm1.defined()) {
    // room for as many as come, which is saved whole
    std::vector<int64_t> shape{length_};
    shape.insert(shape.end(), s.sizes().begin(), s.sizes().end());
    s_tm1 = torch::zeros(shape, s.options());
    const auto rows = [&](torch::ScalarType type) {
      return torch::zeros({length_, s.size(0)}, type);
    };
    std::vector<int64_t> action_shape{length_};
    action_shape.insert(action_shape.end(), a.sizes().begin(), a.sizes().end());
    a_tm1 = torch::zeros(action_shape, a.options());
    valid = rows(torch::kBool);
    for (torch::Tensor* tensor : {&log_prob_tm1, &v_tm1, &r_t, &discount_t}) {
      *tensor = rows(torch::kFloat32);
    }
  }
  s_tm1[rows_].copy_(s);
  a_tm1[rows_].copy_(a);
  log_prob_tm1[rows_].copy_(log_prob);
  v_tm1[rows_].copy_(v);
  ++rows_;
  answered_ = false;
}

void Rollout::state(StateTree& tree) {
  tree("rows", rows_)("answered", answered_);
  bool begun = s_tm1.defined();
  tree("begun", begun);
  if (!begun) return tree.require("rows", rows_ == 0);
  tree("s_tm1", s_tm1)("a_tm1", a_tm1)("log_prob_tm1", log_prob_tm1)("v_tm1", v_tm1)("r_t", r_t)(
      "discount_t", discount_t)("valid", valid);

  // a shorter or longer one would be learned from as if it were this one
  tree.require("s_tm1", s_tm1.dim() >= 2);
  if (s_tm1.size(0) != length_) {
    throw Error("the saved run learned from " + std::to_string(s_tm1.size(0)) +
                " time steps at a time, this configuration from " + std::to_string(length_) +
                "; resume with the update_period that wrote it, or use a new --base_dir");
  }
  for (const torch::Tensor& one : {a_tm1, log_prob_tm1, v_tm1, r_t, discount_t, valid}) {
    tree.require("valid", one.dim() >= 2 && one.size(0) == length_);
  }
  tree.require("rows", rows_ >= 0 && rows_ <= length_);
}

}  // namespace accumbens
