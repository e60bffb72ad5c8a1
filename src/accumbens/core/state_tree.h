#pragma once

#include <torch/types.h>

#include <concepts>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "accumbens/core/error.h"

namespace accumbens {

class StateTree;

template <class T>
concept HasState = requires(T& value, StateTree& tree) {
  value.state(tree);
};

/// A tensor that never changes again, such as a full chunk of replay memory. Checkpoints write it
/// once and share the file. Copies share the digest of the content: the checkpoint that writes the
/// tensor fills it in, and whoever keeps the FrozenTensor (not only its data) is spared the next
/// write. Other data needs a new FrozenTensor{data}.
struct FrozenTensor {
  torch::Tensor data;  // on the CPU

  /// Of the data's file, "" before the first checkpoint that writes it.
  std::shared_ptr<std::string> digest = std::make_shared<std::string>();
};

/// The state of everything that has state, as one tree of tensors, numbers and bytes.
///
/// Each class implements one symmetric function that saves or loads, with the same lines:
///
///   void state(StateTree& tree) { tree("step", step_)("network", *network_); }
///
/// Keys are paths such as "agent/replay/size". Loading throws Error that names the path if an
/// entry is missing or has another type or shape.
class StateTree {
 public:
  /// Which way the values go.
  enum class Mode { kSave, kLoad };

  /// What a tree holds, keyed by path; flat, so that it maps onto files directly.
  struct Contents {
    nlohmann::json values = nlohmann::json::object();  // numbers and strings
    std::map<std::string, torch::Tensor> tensors;      // on any device
    std::map<std::string, FrozenTensor> frozen;        // full chunks
  };

  /// A tree to save into.
  StateTree() : mode_(Mode::kSave) {}

  /// A tree to load from.
  explicit StateTree(Contents contents) : mode_(Mode::kLoad), contents_(std::move(contents)) {}

  StateTree(const StateTree&) = delete;
  StateTree& operator=(const StateTree&) = delete;

  /// Whether values go into the tree.
  bool saving() const { return mode_ == Mode::kSave; }

  /// Whether values come out of the tree.
  bool loading() const { return mode_ == Mode::kLoad; }

  /// What was saved so far, or is loaded from.
  Contents& contents() { return contents_; }

  /// Whether a loaded tree has a value, a tensor or a subtree of this name here.
  bool contains(std::string_view name) const;

  /// For what was just loaded and its values alone cannot vouch for: throws Error that names the
  /// path unless it is possible.
  void require(std::string_view name, bool possible) const {
    if (loading() && !possible) fail(name, "has a value that it cannot have");
  }

  /// Saves or loads numbers, booleans and strings.
  template <class T>
  requires std::integral<T> || std::same_as<T, std::string> StateTree& operator()(
      std::string_view name, T& value) {
    if (saving()) {
      contents_.values[path(name)] = value;
    } else {
      try {
        value = this->value(name).template get<T>();
      } catch (const nlohmann::json::exception&) {
        fail(name, "has another type than expected");
      }
    }
    return *this;
  }

  /// Saves or loads floating point; infinities and NaN survive.
  StateTree& operator()(std::string_view name, double& value);

  /// The same in single precision.
  StateTree& operator()(std::string_view name, float& value);

  /// The same in double precision.
  StateTree& operator()(std::string_view name, std::vector<double>& value);

  /// Saves or loads integers: as many as there are, or any number where there are none.
  StateTree& operator()(std::string_view name, std::vector<int64_t>& value);

  /// Saves or loads an enumeration, as its number.
  template <class T>
  requires std::is_enum_v<T> StateTree& operator()(std::string_view name, T& value) {
    auto number = static_cast<int64_t>(value);
    (*this)(name, number);
    value = static_cast<T>(number);
    return *this;
  }

  /// Saves or loads raw bytes, kept as a uint8 tensor.
  StateTree& bytes(std::string_view name, std::string& value);

  /// Saves or loads a tensor. A defined one keeps its storage on loading: shape and type must
  /// agree, values are copied. An undefined one receives the saved one.
  StateTree& operator()(std::string_view name, torch::Tensor& value);

  /// Saves or loads a full chunk; see FrozenTensor.
  StateTree& operator()(std::string_view name, FrozenTensor& value);

  /// Anything with a state of its own becomes a subtree.
  template <HasState T>
  StateTree& operator()(std::string_view name, T& value) {
    const std::string outer = prefix_;
    prefix_ = path(name) + "/";
    value.state(*this);
    prefix_ = outer;
    return *this;
  }

  /// A function as a subtree: tree.scope("statistics", [&](StateTree& tree) { ... })
  template <std::invocable<StateTree&> F>
  StateTree& scope(std::string_view name, F&& body) {
    const std::string outer = prefix_;
    prefix_ = path(name) + "/";
    body(*this);
    prefix_ = outer;
    return *this;
  }

 private:
  std::string path(std::string_view name) const { return prefix_ + std::string(name); }
  const nlohmann::json& value(std::string_view name) const;
  [[noreturn]] void fail(std::string_view name, const std::string& what) const;

  Mode mode_;
  Contents contents_;
  std::string prefix_;
};

}  // namespace accumbens
