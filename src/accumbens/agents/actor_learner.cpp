#include "accumbens/agents/actor_learner.h"

#include <torch/utils.h>

#include <cstddef>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

bool is_finite(const torch::Tensor& x) {
  return !x.is_floating_point() || x.isfinite().all().item<bool>();
}

// an environment would be blamed for what the weights are to blame for
ActorLearner::Answer finite(ActorLearner::Answer answer, const torch::Tensor& s_t) {
  if (is_finite(answer.action)) return answer;
  if (!is_finite(s_t)) throw Error("an observation of the environment is not finite");
  throw Diverged("the agent's action is not finite, as its weights are not");
}

}  // namespace

torch::Tensor ActorLearner::step(const TimeStep& time_step) {
  const torch::Tensor s_t = frame_stack().push(time_step);  // [B, stack, ...]
  if (!eval_mode_) learn_and_count(time_step, s_t);

  const torch::NoGradGuard no_grad;
  const Answer answered = finite(answer(time_step, s_t), s_t);
  if (!eval_mode_) remember(s_t, answered);
  return answered.action;
}

void ActorLearner::set_eval_mode(bool eval) {
  if (eval == eval_mode_) return;
  eval_mode_ = eval;
  if (eval) {
    of_training_ = frame_stack();
  } else {
    frame_stack() = *of_training_;
  }
}

ActorLearner::Answer ActorLearner::act(const TimeStep& time_step) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor s_t = frame_stack().push(time_step);  // [B, stack, ...]
  return finite(answer(time_step, s_t), s_t);
}

void ActorLearner::learn(const TimeStep& time_step, const Answer& answer) {
  const torch::Tensor s_t = frame_stack().push(time_step);  // [B, stack, ...]
  learn_and_count(time_step, s_t);
  remember(s_t, answer);
}

void ActorLearner::learn_and_count(const TimeStep& time_step, const torch::Tensor& s_t) {
  learn_from(time_step, s_t);

  // the streams whose action will be executed have an agent step each
  training_steps_ += time_step.num_going_on();
}

void ActorLearner::publish(Policy& policy) const {
  policy.training_steps = training_steps_;
  policy.warming_up = warming_up_;
  if (policy.num_updates == num_updates_) return;

  std::vector<torch::Tensor> copies;
  for (const torch::Tensor& parameter : acting_parameters()) {
    copies.push_back(parameter.detach().clone());
  }
  policy.parameters = std::make_shared<const std::vector<torch::Tensor>>(std::move(copies));
  policy.num_updates = num_updates_;
}

void ActorLearner::follow(const Policy& policy) {
  training_steps_ = policy.training_steps;
  warming_up_ = policy.warming_up;
  if (followed_updates_ == policy.num_updates) return;

  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> parameters = acting_parameters();
  for (size_t i = 0; i < parameters.size(); ++i) parameters[i].copy_((*policy.parameters)[i]);
  followed_updates_ = policy.num_updates;
}

void ActorLearner::state(StateTree& tree) {
  tree("frame_stack", frame_stack())("training_steps", training_steps_);
  if (eval_mode_ && (tree.saving() || tree.contains("frame_stack_of_training"))) {
    tree("frame_stack_of_training", *of_training_);
  }
  if (!tree.loading()) return;

  // whoever follows knows other parameters, and so does this
  count_update();
  followed_updates_ = -1;
}

}  // namespace accumbens
