#include "accumbens/envs/python/gymnasium_spaces.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace accumbens {
namespace {

constexpr int64_t kMostActions = 4096;
constexpr int64_t kMostNumbers = int64_t{1} << 24;  // in an observation

bool is_a(const py::handle& object, const py::module_& module, const char* name) {
  return py::isinstance(object, module.attr(name));
}

int64_t product(const std::vector<int64_t>& sizes) {
  int64_t numbers = 1;
  for (const int64_t size : sizes) {
    if (size == 0) return 0;
    if (numbers > kMostNumbers / size) return kMostNumbers + 1;
    numbers *= size;
  }
  return numbers;
}

std::vector<int64_t> shape_of(const py::handle& object) {
  return object.attr("shape").cast<std::vector<int64_t>>();
}

// a list of whole numbers, of any shape
std::vector<int64_t> integers(const py::handle& array) {
  return array.attr("flatten")().attr("tolist")().cast<std::vector<int64_t>>();
}

}  // namespace

void refuse(const std::string& id, const std::string& what) {
  throw std::invalid_argument("create_gym_environment.environment_name: '" + id + "' " + what);
}

ObservationReader::ObservationReader(const std::string& id, const py::module_& spaces,
                                     const py::object& space)
    : id_(id) {
  collect(spaces, space, {.path = {}, .name = "observation"});
  shape_ = {size_};

  // alone, a Box keeps its shape
  if (is_a(space, spaces, "Box")) {
    const Part& box = parts_.front();
    if (!box.shape.empty()) shape_ = box.shape;
    bytes_ = text(space.attr("dtype")) == "uint8";
    channels_last_ = bytes_ && box.shape.size() == 3 && box.shape[2] < box.shape[0];
    if (channels_last_) shape_ = {box.shape[2], box.shape[0], box.shape[1]};
  }
}

void ObservationReader::read(const py::object& observation, void* out) const {
  if (bytes_) {
    read_bytes(observation, static_cast<uint8_t*>(out));
    return;
  }
  for (const Part& part : parts_) {
    auto* numbers = static_cast<float*>(out) + part.offset;
    const py::array array = array_of(part, found(part, observation));
    if (part.categories.empty()) {
      read_numbers(part, array, numbers);
    } else {
      read_categories(part, array, numbers);
    }
  }
}

void ObservationReader::collect(const py::module_& spaces, const py::object& space, Part part) {
  // those that hold others
  if (is_a(space, spaces, "Dict")) {
    for (const auto& [key, inner] : space.attr("spaces").cast<py::dict>()) {
      collect_inside(spaces, inner, part, py::reinterpret_borrow<py::object>(key));
    }
    return;
  }
  if (is_a(space, spaces, "Tuple")) {
    py::ssize_t place = 0;
    for (const py::handle inner : space.attr("spaces")) {
      collect_inside(spaces, inner, part, py::int_(place++));
    }
    return;
  }

  if (is_a(space, spaces, "Discrete")) {
    part.categories = {space.attr("n").cast<int64_t>()};
    part.first_category = {space.attr("start").cast<int64_t>()};
  } else if (is_a(space, spaces, "MultiDiscrete")) {
    part.shape = shape_of(space);
    part.categories = integers(space.attr("nvec"));
    part.first_category = integers(space.attr("start"));
  } else if (is_a(space, spaces, "Box") || is_a(space, spaces, "MultiBinary")) {
    part.shape = shape_of(space);
  } else {
    refuse(id_, "has in its " + part.name + " the space " + type_name(space) +
                    ", which is not one of Box, Discrete, MultiBinary, MultiDiscrete, Dict and "
                    "Tuple; bind create_gym_environment.wrappers to a wrapper that turns it into "
                    "one of them");
  }
  part.size = part.categories.empty() ? product(part.shape) : 0;
  for (const int64_t n : part.categories) {
    part.size = std::min(part.size + std::min(n, kMostNumbers), kMostNumbers + 1);
  }
  part.offset = size_;
  size_ += part.size;
  if (part.size == 0 || size_ > kMostNumbers) {
    refuse(id_, "has in its " + part.name + " " +
                    (part.size == 0 ? "no numbers" : "too many numbers: over 16,777,216") + " (" +
                    text(space) + "); bind create_gym_environment.wrappers to a wrapper " +
                    "that turns it into something else");
  }
  parts_.push_back(std::move(part));
}

void ObservationReader::collect_inside(const py::module_& spaces, const py::handle& space,
                                       Part part, const py::object& key) {
  part.name += "[" + text(py::repr(key)) + "]";
  part.path.push_back(key);
  collect(spaces, py::reinterpret_borrow<py::object>(space), std::move(part));
}

py::object ObservationReader::found(const Part& part, const py::object& observation) const {
  py::object value = observation;
  for (const py::object& key : part.path) value = value[key];
  return value;
}

py::array ObservationReader::array_of(const Part& part, const py::object& value) const {
  py::array array = py::array::ensure(value);
  if (!array) fail(part, "is no array but a " + type_name(value));
  if (!std::equal(part.shape.begin(), part.shape.end(), array.shape(),
                  array.shape() + array.ndim())) {
    fail(part, "has the shape " + text(array.attr("shape")) + ", but its space " +
                   text(py::tuple(py::cast(part.shape))));
  }
  return array;
}

void ObservationReader::read_bytes(const py::object& observation, uint8_t* out) const {
  const Part& part = parts_.front();
  const py::array array = array_of(part, observation);
  if (array.dtype().kind() != 'u' || array.itemsize() != 1) {
    fail(part, "has the dtype " + text(array.dtype()) + ", but its space uint8");
  }
  const py::array_t<uint8_t, py::array::c_style | py::array::forcecast> pixels(array);
  const uint8_t* in = pixels.data();
  if (!channels_last_) {
    std::memcpy(out, in, static_cast<size_t>(part.size));
    return;
  }
  const int64_t channels = shape_[0], image = shape_[1] * shape_[2];
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t i = 0; i < image; ++i) *out++ = in[i * channels + c];
  }
}

void ObservationReader::read_numbers(const Part& part, const py::array& array, float* out) const {
  if (std::strchr("biuf", array.dtype().kind()) == nullptr) {
    fail(part, "has the dtype " + text(array.dtype()) + ", which is none of numbers");
  }
  const py::array_t<float, py::array::c_style | py::array::forcecast> numbers(array);
  for (int64_t i = 0; i < part.size; ++i) {
    out[i] = numbers.data()[i];
    if (!std::isfinite(out[i])) fail(part, "holds " + std::to_string(out[i]));
  }
}

void ObservationReader::read_categories(const Part& part, const py::array& array,
                                        float* out) const {
  if (std::strchr("biu", array.dtype().kind()) == nullptr) {
    fail(part, "has the dtype " + text(array.dtype()) + ", but its space whole numbers");
  }
  const py::array_t<int64_t, py::array::c_style | py::array::forcecast> numbers(array);
  std::fill_n(out, part.size, 0.0F);
  for (size_t i = 0; i < part.categories.size(); ++i) {
    const int64_t category = numbers.data()[i], first = part.first_category[i];
    if (category < first || category - first >= part.categories[i]) {
      fail(part, "holds " + std::to_string(category) + ", which is outside of its space");
    }
    out[category - first] = 1.0F;
    out += part.categories[i];
  }
}

void ObservationReader::fail(const Part& part, const std::string& what) const {
  throw std::runtime_error("the environment '" + id_ + "' breaks its promise: its " + part.name +
                           " " + what);
}

ActionWriter::ActionWriter(const std::string& id, const py::module_& spaces,
                           const py::object& space)
    : id_(id), dtype_(py::dtype::from_args(space.attr("dtype"))) {
  if (is_a(space, spaces, "Discrete")) {
    choices_ = {space.attr("n").cast<int64_t>()};
    starts_ = {space.attr("start").cast<int64_t>()};
  } else if (is_a(space, spaces, "MultiDiscrete")) {
    shape_ = shape_of(space);
    choices_ = integers(space.attr("nvec"));
    starts_ = integers(space.attr("start"));
  } else if (is_a(space, spaces, "Box")) {
    shape_ = shape_of(space);
    take_bounds(space);
    return;
  } else {
    refuse(id, "has actions of the space " + type_name(space) +
                   ", but agents choose those of Discrete, MultiDiscrete and Box; bind "
                   "create_gym_environment.wrappers to a wrapper that turns it into one of them");
  }
  num_actions_ = product(choices_);
  if (num_actions_ > kMostActions) {
    refuse(id, "has more than " + std::to_string(kMostActions) + " discrete actions (" +
                   text(space) +
                   "); bind create_gym_environment.wrappers to a wrapper that "
                   "offers fewer");
  }
  for (int64_t action = 0; action < num_actions_; ++action) add_discrete(action);
}

py::object ActionWriter::write(int64_t action) const {
  // the environment may keep an array, or write into it
  const py::object& object = actions_.at(static_cast<size_t>(action));
  return shape_.empty() ? object : object.attr("copy")();
}

py::object ActionWriter::write(const float* action) const {
  if (dtype_.itemsize() == sizeof(float)) return clipped<float>(action);
  return clipped<double>(action);
}

void ActionWriter::add_discrete(int64_t action) {
  py::array_t<int64_t> numbers(static_cast<py::ssize_t>(choices_.size()));
  for (size_t i = choices_.size(); i-- > 0; action /= choices_[i]) {
    numbers.mutable_at(static_cast<py::ssize_t>(i)) = starts_[i] + action % choices_[i];
  }
  const py::object typed = numbers.attr("astype")(dtype_);
  actions_.push_back(shape_.empty() ? py::object(typed[py::int_(0)])
                                    : py::object(typed.attr("reshape")(shape_)));
}

void ActionWriter::take_bounds(const py::object& space) {
  if (dtype_.kind() != 'f' || (dtype_.itemsize() != 4 && dtype_.itemsize() != 8)) {
    refuse(id_, "has actions of " + text(dtype_) +
                    ", but agents choose those of float32 and float64; bind "
                    "create_gym_environment.wrappers to a wrapper that turns them into these");
  }
  const auto numbers = [&](const char* bound) {
    return space.attr(bound).attr("flatten")().attr("tolist")().cast<std::vector<double>>();
  };
  low_ = numbers("low");
  high_ = numbers("high");
  for (size_t i = 0; i < low_.size(); ++i) {
    const auto low = static_cast<float>(low_[i]), high = static_cast<float>(high_[i]);
    if (std::isfinite(low) && std::isfinite(high) && low < high) continue;
    refuse(id_, "has actions between " + text(py::cast(low_[i])) + " and " +
                    text(py::cast(high_[i])) +
                    ", but agents need finite bounds, the lower below the upper; bind "
                    "create_gym_environment.wrappers to a wrapper that has them");
  }
  if (low_.empty()) refuse(id_, "has actions without numbers");
}

template <class T>
py::object ActionWriter::clipped(const float* action) const {
  py::array_t<T> numbers(shape_);
  T* out = numbers.mutable_data();
  for (size_t i = 0; i < low_.size(); ++i) {
    out[i] =
        std::clamp(static_cast<T>(action[i]), static_cast<T>(low_[i]), static_cast<T>(high_[i]));
  }
  return numbers;
}

}  // namespace accumbens
