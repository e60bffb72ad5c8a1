#include "accumbens/agents/dqn.h"

#include <torch/utils.h>

#include <utility>

#include "accumbens/agents/figures.h"
#include "accumbens/core/error.h"
#include "accumbens/losses/q_learning.h"
#include "accumbens/networks/autocast.h"

namespace accumbens {

void DqnOptions::check() const {
  if (shared_bias && noisy) throw ConfigError("shared_bias does not go with noisy");
  if (shared_bias && !output_bias) throw ConfigError("shared_bias needs output_bias = True");
  if (separate_streams && !dueling) throw ConfigError("separate_streams needs dueling = True");
}

HeadSpec DqnOptions::head(int64_t num_actions) const {
  HeadSpec spec{.num_actions = num_actions,
                .dueling = dueling,
                .separate_streams = separate_streams,
                .bias = shared_bias   ? Bias::kShared
                        : output_bias ? Bias::kPerOutput
                        : noisy       ? Bias::kNoiseOnly
                                      : Bias::kNone};
  if (noisy) {
    spec.noise = NoiseSpec{.kind = noise_kind == "factorised" ? NoiseSpec::Kind::kFactorised
                                                              : NoiseSpec::Kind::kIndependent,
                           .distribution = noise_distribution == "normal"
                                               ? NoiseSpec::Distribution::kNormal
                                               : NoiseSpec::Distribution::kTruncatedNormal,
                           .sigma = noise_sigma};
  }
  return spec;
}

DqnAgent::DqnAgent(const DqnOptions& options, int64_t batch_size, int64_t num_actions,
                   torch::Device device, Parts parts)
    : options_(options),
      batch_size_(batch_size),
      num_actions_(num_actions),
      device_(device),
      parts_(std::move(parts)) {
  copy_parameters(*parts_.network, *parts_.target_network);
}

void DqnAgent::learn_from(const TimeStep& time_step, const torch::Tensor&) {
  // remember what the last action led to
  if (!action_.defined()) action_ = torch::zeros({time_step.batch_size()}, torch::kInt64);
  parts_.replay.append(time_step, action_);
  if (parts_.replay.added() <= options_.min_replay_history) return;

  // learn every update_period agent steps, once there is enough to learn from
  for (int64_t i = times_due(options_.update_period, time_step); i > 0; --i) update();
  if (times_due(options_.target_update_period, time_step) > 0) {
    copy_parameters(*parts_.network, *parts_.target_network);
  }
}

ActorLearner::Answer DqnAgent::answer(const TimeStep& time_step, const torch::Tensor& s_t) {
  state_value_ = std::numeric_limits<double>::quiet_NaN();
  return {.action = select_action(time_step, s_t)};
}

QNetwork& DqnAgent::network() {
  parts_.network->sample_noise(parts_.noise);
  return *parts_.network;
}

QNetwork& DqnAgent::target_network() {
  parts_.target_network->sample_noise(parts_.noise);
  return *parts_.target_network;
}

torch::Tensor DqnAgent::q_values(const torch::Tensor& s_t) {
  return acting_network().forward(s_t.to(device_)).q_values;
}

QNetwork& DqnAgent::acting_network() {
  if (!eval_mode() || options_.noisy_eval) return network();
  parts_.network->clear_noise();
  return *parts_.network;
}

torch::Tensor DqnAgent::select_action(const TimeStep& time_step, const torch::Tensor& s_t) {
  const double epsilon = eval_mode() ? options_.epsilon_eval : parts_.epsilon(training_steps());

  // the values are only worked out where one is needed
  torch::Tensor q_t;                                                             // [B, A]
  torch::Tensor action = torch::empty({time_step.batch_size()}, torch::kInt64);  // [B]
  int64_t* a_t = action.data_ptr<int64_t>();
  for (int64_t b = 0; b < time_step.batch_size(); ++b) {
    if (time_step.last(b)) {
      a_t[b] = 0;  // ignored
    } else if (parts_.exploration.uniform() < epsilon) {
      a_t[b] = parts_.exploration.below(num_actions_);
    } else {
      if (!q_t.defined()) q_t = q_values(s_t).cpu();
      const PolicyOutput q_b{.logits = q_t.narrow(0, b, 1)};  // [1, A]
      a_t[b] = (eval_mode() ? max_action(q_b, parts_.exploration)
                            : parts_.action_fn(q_b, parts_.exploration))
                   .item<int64_t>();
      if (b == 0) state_value_ = q_t[b].max().item<double>();
    }
  }
  return action;
}

void DqnAgent::update() {
  if (parts_.replay.size() == 0) return;
  const Batch batch = parts_.replay.sample(batch_size_, parts_.sampling).to(device_);
  Losses result;
  {
    const Autocast products(device_.type(), autocast_type(options_.update_dtype));
    result = losses(batch);
  }

  // what is drawn more often counts less
  torch::Tensor weighted = result.losses;  // [N]
  if (options_.weighted_losses && parts_.importance_exponent) {
    weighted = weighted *
               importance_weights(batch.probabilities, parts_.importance_exponent(training_steps()))
                   .to(device_);
  }
  const torch::Tensor loss = weighted.mean();

  // on a GPU this waits for the device, as priorities do; without them the figures' reader checks
  loss_ = loss.detach();
  mean_q_ = result.q_tm1.detach().mean();
  if (device_.is_cpu() || parts_.importance_exponent) {
    require_finite_loss(loss_.item<double>(), training_steps());
  }

  parts_.optimizer.minimize(loss);
  count_update();
  parts_.replay.update_priorities(batch.ids, result.priorities);
}

DqnAgent::Losses DqnAgent::losses(const Batch& batch) {
  // q-learning, with the target network's values of the next states
  torch::Tensor q_t, q_t_selector;  // [N, A]
  {
    const torch::NoGradGuard no_grad;
    q_t = target_network().forward(batch.s_t).q_values;
    q_t_selector = selector(batch.s_t, q_t);
  }
  const torch::Tensor q_tm1 = network().forward(batch.s_tm1).q_values;  // [N, A]
  const torch::Tensor td_error = q_learning_td_error(q_tm1, batch.a_tm1, batch.r_t,
                                                     batch.discount_t, q_t, q_t_selector);  // [N]
  return losses_of(td_error, q_tm1);
}

DqnAgent::Losses DqnAgent::losses_of(const torch::Tensor& td_error,
                                     const torch::Tensor& q_tm1) const {
  const std::string& type = options_.loss_type;
  return {.losses = type == "huber"              ? huber_loss(td_error)
                    : type == "clipped_gradient" ? clipped_gradient_loss(td_error)
                                                 : squared_loss(td_error),
          .priorities = td_error.detach().abs(),
          .q_tm1 = q_tm1};
}

DqnAgent::Losses DqnAgent::losses_of_distributions(const torch::Tensor& losses,
                                                   const torch::Tensor& q_tm1) {
  return {.losses = losses, .priorities = (losses.detach() + 1e-10).sqrt(), .q_tm1 = q_tm1};
}

torch::Tensor DqnAgent::selector(const torch::Tensor& s_t, const torch::Tensor& q_t) {
  return options_.double_dqn ? network().forward(s_t).q_values : q_t;
}

std::map<std::string, double> DqnAgent::statistics() const {
  std::map<std::string, double> figures{{"replay_size", static_cast<double>(parts_.replay.size())}};
  if (!options_.noisy) {
    figures["epsilon"] = eval_mode() ? options_.epsilon_eval : parts_.epsilon(training_steps());
  }
  if (parts_.importance_exponent) {
    figures["importance_exponent"] = parts_.importance_exponent(training_steps());
    figures["max_priority"] = parts_.replay.max_priority();
  }
  if (loss_.defined()) {
    figures["loss"] = loss_.item<double>();
    require_finite_loss(figures["loss"], training_steps());
    figures["mean_q"] = mean_q_.item<double>();
    figures["gradient_norm"] = parts_.optimizer.gradient_norm();
  }
  return figures;
}

void DqnAgent::state(StateTree& tree) {
  ActorLearner::state(tree);
  tree.scope("network", [&](StateTree& t) { parameters_state(*parts_.network, t); });
  tree.scope("target_network", [&](StateTree& t) { parameters_state(*parts_.target_network, t); });
  tree("optimizer", parts_.optimizer)("replay", parts_.replay)("exploration", parts_.exploration)(
      "sampling", parts_.sampling)("noise", parts_.noise)("action", action_)("loss", loss_)(
      "mean_q", mean_q_);
}

}  // namespace accumbens
