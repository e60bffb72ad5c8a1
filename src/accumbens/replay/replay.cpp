#include "accumbens/replay/replay.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "accumbens/core/error.h"
#include "accumbens/core/saturated.h"
#include "accumbens/replay/frames.h"

namespace accumbens {
namespace {

constexpr uint32_t kFirst = 1;     // an episode's first observation
constexpr uint32_t kLast = 2;      // an episode's final observation: no action follows
constexpr uint32_t kComplete = 4;  // its transition is known

constexpr int64_t kMostRows = int64_t{1} << 40;  // ever; far from where ids would overflow

bool all_finite(const float* numbers, int64_t count) {
  return std::all_of(numbers, numbers + count, [](float number) { return std::isfinite(number); });
}

}  // namespace

Batch Batch::to(torch::Device device) const {
  return {.s_tm1 = s_tm1.to(device),
          .a_tm1 = a_tm1.to(device),
          .r_t = r_t.to(device),
          .discount_t = discount_t.to(device),
          .s_t = s_t.to(device),
          .ids = ids,
          .probabilities = probabilities};
}

Replay::Sizes::Sizes(const ReplayOptions& options, const ReplaySpec& spec) {
  // the transitions and final observations, and the rows whose n steps are not over
  const int64_t final_observations = std::max<int64_t>(options.max_capacity / 64, 4096);
  max_rows = at::divup(options.max_capacity + final_observations, spec.num_streams) +
             spec.update_horizon + 1;

  // one more row before the oldest goes, and frames for the oldest stack
  stored_rows = max_rows + 1 + spec.stack_size - 1;
  max_span = (max_rows + 1) * spec.num_streams;
}

Replay::Replay(const ReplayOptions& options, const ReplaySpec& spec,
               const std::optional<PrioritizationOptions>& prioritization)
    : options_(options),
      spec_(spec),
      sizes_(options, spec),
      store_(spec, sizes_.stored_rows, options.compress),
      episode_start_(spec.num_streams, 0) {
  if (prioritization && !spec.unused) prioritization_.emplace(*prioritization, sizes_.max_span);
  const int64_t window = spec.num_streams * spec.update_horizon;
  if (options.max_capacity < window) {
    throw ConfigError("ReplayBuffer.max_capacity is " + std::to_string(options.max_capacity) +
                      ", but " + std::to_string(spec.num_streams) +
                      " streams with an update_horizon of " + std::to_string(spec.update_horizon) +
                      " need at least " + std::to_string(window));
  }
}

void Replay::append(const TimeStep& time_step, const torch::Tensor& last_action) {
  // nothing changes unless everything fits
  check_observation(spec_, time_step);
  const int64_t row = store_.rows();
  for (int64_t b = 0; b < spec_.num_streams; ++b) {
    if (!time_step.first(b) && (row == 0 || store_.step(row - 1, b).flags & kLast)) {
      throw Error("the replay got a time step of stream " + std::to_string(b) +
                  " outside of an episode: an episode must start with FIRST");
    }
  }
  const bool continuous = spec_.action_size > 0;
  const torch::Tensor actions =
      last_action.to(torch::kCPU, continuous ? torch::kFloat32 : torch::kInt64)
          .contiguous();  // [B] or [B, D]
  if (actions.numel() != spec_.num_streams * std::max<int64_t>(1, spec_.action_size)) {
    throw Error("the replay got " + std::to_string(actions.numel()) + " numbers as actions of " +
                std::to_string(spec_.num_streams) + " streams");
  }

  for (int64_t b = 0; b < spec_.num_streams; ++b) {
    if (time_step.first(b)) continue;  // its action is ignored
    const auto wrong =
        continuous ? wrong_action(0, actions.const_data_ptr<float>() + b * spec_.action_size)
                   : wrong_action(actions.const_data_ptr<int64_t>()[b], nullptr);
    if (wrong) throw Error("the replay got " + *wrong + " of stream " + std::to_string(b));
  }

  // a row of frames, and what the actions before it led to
  store_.append(time_step.observation);
  for (int64_t b = 0; b < spec_.num_streams; ++b) {
    // an episode starts; one that did not end by itself was cut from outside
    if (time_step.first(b)) {
      if (row > 0 && !(store_.step(row - 1, b).flags & kLast)) end_episode(row - 1, b);
      store_.step(row, b).flags = kFirst;
      episode_start_[b] = row;
      continue;
    }

    // the last action is answered
    StepStore::Step& previous = store_.step(row - 1, b);
    if (continuous) {
      std::copy_n(actions.const_data_ptr<float>() + b * spec_.action_size, spec_.action_size,
                  store_.continuous_action(row - 1, b));
    } else {
      previous.action = static_cast<int32_t>(actions.const_data_ptr<int64_t>()[b]);
    }
    previous.reward = time_step.reward[b];
    previous.discount = time_step.discount[b];
    ++added_;

    // the window that ends here is known, and at the end of an episode all shorter ones too
    if (time_step.last(b)) {
      end_episode(row, b);
    } else if (row - spec_.update_horizon >= episode_start_[b]) {
      complete(row - spec_.update_horizon, b);
    }
  }
  evict();
  if (options_.compress && store_.pack_settled_chunk()) require_room_for_packed_frames();
}

std::optional<std::string> Replay::wrong_action(int64_t discrete, const float* continuous) const {
  if (continuous && !all_finite(continuous, spec_.action_size))
    return "an action that is not finite";
  if (continuous || spec_.num_actions == 0) return std::nullopt;
  if (discrete >= 0 && discrete < spec_.num_actions) return std::nullopt;
  return "the action " + std::to_string(discrete) + ", where actions are 0 to " +
         std::to_string(spec_.num_actions - 1) + ",";
}

void Replay::end_episode(int64_t row, int64_t stream) {
  store_.step(row, stream).flags |= kLast;
  const int64_t oldest = std::max(episode_start_[stream], row - spec_.update_horizon);
  for (int64_t r = oldest; r < row; ++r) complete(r, stream);
}

void Replay::complete(int64_t row, int64_t stream) {
  uint32_t& flags = store_.step(row, stream).flags;
  if (flags & kComplete) return;
  flags |= kComplete;
  ++size_;
  if (prioritization_) prioritization_->add(row * spec_.num_streams + stream);
}

void Replay::evict() {
  const int64_t oldest = (store_.rows() - sizes_.max_rows) * spec_.num_streams;
  while (size_ > options_.max_capacity || begin_ < oldest) {
    if (contains(begin_)) {
      --size_;
      if (prioritization_) prioritization_->remove(begin_);
    }
    ++begin_;
  }
  store_.release_before(oldest_row_needed());
}

int64_t Replay::oldest_row_needed() const {
  // the oldest transition's stack reaches back before it
  return std::max<int64_t>(0, begin_ / spec_.num_streams - (spec_.stack_size - 1));
}

void Replay::require_room_for_packed_frames() const {
  accumbens::require_memory(store_.packed_bytes_to_come(), free_memory(),
                            "the rest of a replay of " + std::to_string(options_.max_capacity) +
                                " transitions, packed as tightly as so far,",
                            "resume with a lower ReplayBuffer.max_capacity, or free some memory");
}

bool Replay::contains(int64_t id) const {
  if (id < begin_ || id >= store_.rows() * spec_.num_streams) return false;
  return store_.step(id / spec_.num_streams, id % spec_.num_streams).flags & kComplete;
}

Batch Replay::sample(int64_t batch_size, RandomStream& random) const {
  if (size_ == 0) throw Error("the replay is empty: nothing can be sampled yet");

  std::vector<int64_t> ids(batch_size);
  if (prioritization_) {
    ids =
        prioritization_->sample(batch_size, begin_, random, [&] { return draw_uniformly(random); });
  } else {
    for (int64_t& id : ids) id = draw_uniformly(random);
  }
  return get(std::move(ids));
}

int64_t Replay::draw_uniformly(RandomStream& random) const {
  // draw again what is no transition: final observations, and the newest steps
  while (true) {
    const int64_t id = begin_ + random.below(store_.rows() * spec_.num_streams - begin_);
    if (contains(id)) return id;
  }
}

void Replay::update_priorities(const std::vector<int64_t>& ids, const torch::Tensor& priorities) {
  if (!prioritization_) return;
  const torch::Tensor values = priorities.to(torch::kCPU, torch::kFloat64).contiguous();  // [N]
  if (values.numel() != static_cast<int64_t>(ids.size())) {
    throw std::invalid_argument("a priority for each id is needed");
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    if (contains(ids[i])) prioritization_->set(ids[i], values.const_data_ptr<double>()[i]);
  }
}

Batch Replay::get(std::vector<int64_t> ids) const {
  const auto batch_size = static_cast<int64_t>(ids.size());
  const auto shape = batch_of_stacks(spec_, batch_size);
  const bool continuous = spec_.action_size > 0;
  Batch batch{.s_tm1 = torch::empty(shape, spec_.observation_dtype),
              .a_tm1 = continuous ? torch::empty({batch_size, spec_.action_size}, torch::kFloat32)
                                  : torch::empty({batch_size}, torch::kInt64),
              .r_t = torch::empty({batch_size}, torch::kFloat32),
              .discount_t = torch::empty({batch_size}, torch::kFloat32),
              .s_t = torch::empty(shape, spec_.observation_dtype),
              .ids = std::move(ids),
              .probabilities = torch::empty({batch_size}, torch::kFloat64)};
  auto* s_tm1 = static_cast<std::byte*>(batch.s_tm1.mutable_data_ptr());
  void* a_tm1 = batch.a_tm1.mutable_data_ptr();
  auto* r_t = batch.r_t.mutable_data_ptr<float>();
  auto* discount_t = batch.discount_t.mutable_data_ptr<float>();
  auto* s_t = static_cast<std::byte*>(batch.s_t.mutable_data_ptr());
  auto* probabilities = batch.probabilities.mutable_data_ptr<double>();

  const int64_t stack_bytes = spec_.stack_size * bytes_per_frame(spec_);
  for (int64_t i = 0; i < batch_size; ++i) {
    const int64_t id = batch.ids[i];
    if (!contains(id)) {
      throw Error("the replay has no transition " + std::to_string(id) + " to learn from");
    }
    const int64_t row = id / spec_.num_streams;
    const int64_t stream = id % spec_.num_streams;

    // the n-step return, up to the end of the episode or of the return
    double reward = 0;
    double discount = 1;
    int64_t k = 0;
    while (k < spec_.update_horizon && !(store_.step(row + k, stream).flags & kLast)) {
      const StepStore::Step& s = store_.step(row + k, stream);
      reward += discount * s.reward;
      discount *= spec_.gamma * s.discount;
      ++k;
      if (s.discount == 0) break;
    }

    write_stack(row, stream, s_tm1 + i * stack_bytes);
    if (continuous) {
      std::copy_n(store_.continuous_action(row, stream), spec_.action_size,
                  static_cast<float*>(a_tm1) + i * spec_.action_size);
    } else {
      static_cast<int64_t*>(a_tm1)[i] = store_.step(row, stream).action;
    }
    r_t[i] = static_cast<float>(reward);
    discount_t[i] = static_cast<float>(discount);
    write_stack(row + k, stream, s_t + i * stack_bytes);
    probabilities[i] = prioritization_ ? prioritization_->probability(batch.ids[i], size_)
                                       : 1.0 / static_cast<double>(size_);
  }
  return batch;
}

void Replay::write_stack(int64_t row, int64_t stream, std::byte* out) const {
  // how many frames of the episode there are
  int64_t count = 1;
  while (count < spec_.stack_size && !(store_.step(row - count + 1, stream).flags & kFirst)) {
    ++count;
  }

  // zeros before or after them
  const int64_t frame_bytes = bytes_per_frame(spec_);
  const int64_t zero_bytes = (spec_.stack_size - count) * frame_bytes;
  if (spec_.padding == StackPadding::kLeadingZeros) {
    std::memset(out, 0, zero_bytes);
    out += zero_bytes;
  } else {
    std::memset(out + count * frame_bytes, 0, zero_bytes);
  }
  for (int64_t r = row - count + 1; r <= row; ++r, out += frame_bytes) {
    store_.read_frame(r, stream, out);
  }
}

int64_t Replay::bytes_needed(const ReplayOptions& options, const ReplaySpec& spec,
                             bool prioritized) {
  const Sizes sizes(options, spec);
  return saturated_sum(StepStore::bytes_needed(spec, sizes.stored_rows, options.compress),
                       prioritized ? Prioritization::bytes_needed(sizes.max_span) : 0);
}

void Replay::require_memory(const ReplayOptions& options, const ReplaySpec& spec, bool prioritized,
                            const FreeMemory& free) {
  // a batch has two stacks of each transition
  accumbens::require_memory(saturated_product({2, bytes_of_stacks(spec, options.batch_size)}), free,
                            "a batch of " + std::to_string(options.batch_size) +
                                " transitions with a stack_size of " +
                                std::to_string(spec.stack_size),
                            "lower ReplayBuffer.batch_size or stack_size");

  const auto fits = [&](int64_t capacity) {
    return bytes_needed({.max_capacity = capacity, .batch_size = 1, .compress = options.compress},
                        spec, prioritized) <= free.bytes;
  };

  // the greatest capacity that fits, by bisection
  int64_t low = 0;
  int64_t high = options.max_capacity;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    if (fits(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const std::string fix = low > 0
                              ? "lower ReplayBuffer.max_capacity to at most " + std::to_string(low)
                              : "free some memory or use a larger machine";
  accumbens::require_memory(bytes_needed(options, spec, prioritized), free,
                            "a replay of " + std::to_string(options.max_capacity) + " transitions",
                            fix);
}

std::optional<std::string> Replay::check_valid() const {
  if (auto wrong = store_.check_valid(oldest_row_needed())) return wrong;
  if (size_ > options_.max_capacity) return "more transitions are kept than the capacity";
  return check_steps();
}

std::optional<std::string> Replay::wrong_step(int64_t row, int64_t stream) const {
  const StepStore::Step& step = store_.step(row, stream);
  if (step.flags & ~(kFirst | kLast | kComplete)) return "unknown flags";
  if (!std::isfinite(step.reward)) return "a reward that is not finite";
  if (!std::isfinite(step.discount)) return "a discount that is not finite";
  const bool continuous = spec_.action_size > 0;
  return wrong_action(step.action, continuous ? store_.continuous_action(row, stream) : nullptr);
}

std::optional<std::string> Replay::check_steps() const {
  const int64_t rows = store_.rows();
  const int64_t oldest = oldest_row_needed();
  int64_t complete_ids = 0;
  for (int64_t b = 0; b < spec_.num_streams; ++b) {
    bool episode_known = false;  // whether its end lies in what has been seen
    bool start_known = false;    // whether the start of the newest one does
    bool first_next = false;     // whether FIRST follows
    int64_t rows_to_end = 0;
    for (int64_t row = rows - 1; row >= oldest; --row) {
      if (const auto wrong = wrong_step(row, b)) {
        return "it has " + *wrong + " at row " + std::to_string(row);
      }

      // flags follow one another as in an episode
      const uint32_t flags = store_.step(row, b).flags;
      const bool first = flags & kFirst;
      if (row + 1 < rows && first_next != static_cast<bool>(flags & kLast)) {
        return "FIRST does not follow the final observation at row " + std::to_string(row);
      }
      if (row == 0 && !first) return "its first episode does not begin with FIRST";
      if (first && !start_known && episode_start_[b] != row) {
        return "its newest episode starts at row " + std::to_string(row) + ", not " +
               std::to_string(episode_start_[b]);
      }
      start_known = start_known || first;
      episode_known = (flags & kLast) || (episode_known && !first_next);
      rows_to_end = (flags & kLast) || row == rows - 1 ? 0 : rows_to_end + 1;
      first_next = first;

      // a transition is complete when its n steps or the end of its episode are known
      const bool complete =
          rows_to_end > 0 && (episode_known || rows_to_end >= spec_.update_horizon);
      const int64_t id = row * spec_.num_streams + b;
      if (id < begin_) continue;
      if (complete != contains(id)) return "completeness is wrong at id " + std::to_string(id);
      complete_ids += complete ? 1 : 0;
      if (!complete && !(flags & kLast) && store_.settled(row)) {
        return "a chunk is settled before its transitions are known";
      }
    }
    if (rows > 0 && !start_known && episode_start_[b] >= oldest) {
      return "no episode starts at row " + std::to_string(episode_start_[b]);
    }
  }
  if (complete_ids != size_)
    return "size() is " + std::to_string(size_) + " where " + std::to_string(complete_ids) +
           " transitions are complete";
  return std::nullopt;
}

void Replay::state(StateTree& tree) {
  if (spec_.unused) return;

  // ids and flags depend on these
  const std::vector<int64_t> own_spec{spec_.num_streams, spec_.stack_size, spec_.update_horizon,
                                      store_.rows_per_chunk()};
  std::vector<int64_t> spec = own_spec;
  tree("spec", spec);
  if (spec != own_spec) {
    throw StateMismatch(
        "the saved replay has another number of streams, stack_size or update_horizon");
  }
  int64_t rows = store_.rows();
  tree("head", rows)("begin", begin_)("size", size_)("added", added_)("episode_start",
                                                                      episode_start_);
  tree.require("head", rows >= 0 && rows <= kMostRows);
  const int64_t newest_settled = std::max<int64_t>(0, rows - 1 - spec_.update_horizon);
  tree.require("begin", begin_ >= 0 && begin_ <= rows * spec_.num_streams);
  tree.require("begin", begin_ / spec_.num_streams <= newest_settled);  // others change still
  tree.require("size", size_ >= 0 && size_ <= rows * spec_.num_streams - begin_);
  tree.require("added", added_ >= size_ && added_ <= rows * spec_.num_streams);
  tree.require("episode_start", std::ranges::all_of(episode_start_, [&](int64_t row) {
                 return row >= 0 && row <= rows;
               }));

  store_.state(tree, oldest_row_needed(), rows);
  if (tree.loading()) {
    if (const auto wrong = check_steps()) {
      throw StateMismatch("the saved replay is none that this run can have: " + *wrong);
    }
    evict();  // the capacity may be smaller than it was
  }
  if (prioritization_) {
    const int64_t end = rows * spec_.num_streams;
    tree.scope("prioritization", [&](StateTree& t) { prioritization_->state(t, begin_, end); });
    for (int64_t id = begin_; tree.loading() && id < end; ++id) {
      tree.require("prioritization", contains(id) || prioritization_->weight(id) == 0);
    }
  }
}

}  // namespace accumbens
