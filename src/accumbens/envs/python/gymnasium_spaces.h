#pragma once

#include <pybind11/numpy.h>

#include <cstdint>
#include <string>
#include <vector>

#include "accumbens/envs/python/python.h"

namespace accumbens {

/// Throws std::invalid_argument: the environment of that id `what`.
[[noreturn]] void refuse(const std::string& id, const std::string& what);

/// Observations as agents take them. A Box keeps its shape; bytes stay bytes, and images, which
/// Gymnasium has with their channels last, get them first. Everything else becomes one row of
/// float32, as gymnasium.spaces.flatten does it: categories one-hot, the parts of a Dict or Tuple
/// one after the other.
class ObservationReader {
 public:
  /// spaces: gymnasium.spaces; space: of the observations. Needs the interpreter held, as does
  /// read(). Throws std::invalid_argument for a space that agents cannot take.
  ObservationReader(const std::string& id, const py::module_& spaces, const py::object& space);

  /// Of what read() writes.
  const std::vector<int64_t>& shape() const { return shape_; }

  /// Whether these are bytes; floats otherwise.
  bool bytes() const { return bytes_; }

  /// Writes an observation to `out`. Throws std::runtime_error where it is not of its space.
  void read(const py::object& observation, void* out) const;

 private:
  // a space that holds no other
  struct Part {
    std::vector<py::object> path;           // keys and places from the whole observation
    std::string name;                       // "observation['position']"
    std::vector<int64_t> shape{};           // of what Python gives
    std::vector<int64_t> categories{};      // how many, where they are one-hot; else empty
    std::vector<int64_t> first_category{};  // the least of each
    int64_t offset = 0;                     // of its first number
    int64_t size = 0;                       // of its numbers
  };

  void collect(const py::module_& spaces, const py::object& space, Part part);
  void collect_inside(const py::module_& spaces, const py::handle& space, Part part,
                      const py::object& key);
  py::object found(const Part& part, const py::object& observation) const;
  py::array array_of(const Part& part, const py::object& value) const;
  void read_bytes(const py::object& observation, uint8_t* out) const;
  void read_numbers(const Part& part, const py::array& array, float* out) const;
  void read_categories(const Part& part, const py::array& array, float* out) const;
  [[noreturn]] void fail(const Part& part, const std::string& what) const;

  std::string id_;
  std::vector<Part> parts_;
  int64_t size_ = 0;  // of all parts
  std::vector<int64_t> shape_;
  bool bytes_ = false;
  bool channels_last_ = false;
};

/// Actions as the environment takes them. Several discrete choices at once are one number, whose
/// last choice changes fastest.
class ActionWriter {
 public:
  /// spaces: gymnasium.spaces; space: of the actions. Needs the interpreter held, as does write().
  /// Throws std::invalid_argument for a space that agents cannot choose from.
  ActionWriter(const std::string& id, const py::module_& spaces, const py::object& space);

  /// Discrete ones; 0 of continuous actions.
  int64_t num_actions() const { return num_actions_; }

  /// Bounds of continuous actions, one for each number.
  std::vector<float> low() const { return {low_.begin(), low_.end()}; }
  std::vector<float> high() const { return {high_.begin(), high_.end()}; }  ///< likewise

  /// What the environment's step takes: of a discrete action, or of the numbers of a continuous
  /// one, which are cut off at the bounds.
  py::object write(int64_t action) const;
  py::object write(const float* action) const;  ///< likewise

 private:
  void add_discrete(int64_t action);
  void take_bounds(const py::object& space);
  template <class T>
  py::object clipped(const float* action) const;

  std::string id_;
  py::dtype dtype_;
  std::vector<int64_t> shape_;    // of an action, {} of a single choice
  std::vector<int64_t> choices_;  // of discrete ones, how many
  std::vector<int64_t> starts_;   // the least of each
  int64_t num_actions_ = 0;
  std::vector<py::object> actions_;  // every discrete one
  std::vector<double> low_, high_;   // of continuous ones
};

}  // namespace accumbens
