// Any environment of Gymnasium (Towers et al., 2024, "Gymnasium: a standard interface for
// reinforcement learning environments") by its id, in an embedded Python.

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/envs/gymnasium/gymnasium.h"
#include "accumbens/envs/python/python.h"

namespace accumbens {
namespace {

constexpr int64_t kMostActions = 4096;
constexpr int64_t kMostNumbers = int64_t{1} << 24;  // in an observation

std::string text(const py::handle& object) {
  return py::str(object).cast<std::string>();
}

bool is_a(const py::handle& object, const py::module_& module, const char* name) {
  return py::isinstance(object, module.attr(name));
}

std::string type_name(const py::handle& object) {
  return text(py::type::of(object).attr("__name__"));
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

[[noreturn]] void refuse(const std::string& id, const std::string& what) {
  throw std::invalid_argument("the environment '" + id + "' " + what);
}

// Observations as agents take them. A Box keeps its shape; bytes stay bytes, and images, which
// Gymnasium has with their channels last, get them first. Everything else becomes one row of
// float32, as gymnasium.spaces.flatten does it: categories one-hot, the parts of a Dict or Tuple
// one after the other.
class ObservationReader {
 public:
  // needs the interpreter held, as does read()
  ObservationReader(const std::string& id, const py::module_& spaces, const py::object& space)
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

  const std::vector<int64_t>& shape() const { return shape_; }
  bool bytes() const { return bytes_; }

  void read(const py::object& observation, void* out) const {
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

  void collect(const py::module_& spaces, const py::object& space, Part part) {
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

  void collect_inside(const py::module_& spaces, const py::handle& space, Part part,
                      const py::object& key) {
    part.name += "[" + text(py::repr(key)) + "]";
    part.path.push_back(key);
    collect(spaces, py::reinterpret_borrow<py::object>(space), std::move(part));
  }

  py::object found(const Part& part, const py::object& observation) const {
    py::object value = observation;
    for (const py::object& key : part.path) value = value[key];
    return value;
  }

  py::array array_of(const Part& part, const py::object& value) const {
    py::array array = py::array::ensure(value);
    if (!array) fail(part, "is no array but a " + type_name(value));
    if (!std::equal(part.shape.begin(), part.shape.end(), array.shape(),
                    array.shape() + array.ndim())) {
      fail(part, "has the shape " + text(array.attr("shape")) + ", but its space " +
                     text(py::tuple(py::cast(part.shape))));
    }
    return array;
  }

  void read_bytes(const py::object& observation, uint8_t* out) const {
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

  void read_numbers(const Part& part, const py::array& array, float* out) const {
    if (std::strchr("biuf", array.dtype().kind()) == nullptr) {
      fail(part, "has the dtype " + text(array.dtype()) + ", which is none of numbers");
    }
    const py::array_t<float, py::array::c_style | py::array::forcecast> numbers(array);
    for (int64_t i = 0; i < part.size; ++i) {
      out[i] = numbers.data()[i];
      if (!std::isfinite(out[i])) fail(part, "holds " + std::to_string(out[i]));
    }
  }

  void read_categories(const Part& part, const py::array& array, float* out) const {
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

  [[noreturn]] void fail(const Part& part, const std::string& what) const {
    throw std::runtime_error("the environment '" + id_ + "' breaks its promise: its " + part.name +
                             " " + what);
  }

  std::string id_;
  std::vector<Part> parts_;
  int64_t size_ = 0;  // of all parts
  std::vector<int64_t> shape_;
  bool bytes_ = false;
  bool channels_last_ = false;
};

// Actions as the environment takes them. Several discrete choices at once are one number, whose
// last choice changes fastest.
class ActionWriter {
 public:
  // needs the interpreter held, as does write()
  ActionWriter(const std::string& id, const py::module_& spaces, const py::object& space)
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

  int64_t num_actions() const { return num_actions_; }
  std::vector<float> low() const { return {low_.begin(), low_.end()}; }
  std::vector<float> high() const { return {high_.begin(), high_.end()}; }

  py::object write(int64_t action) const {
    // the environment may keep an array, or write into it
    const py::object& object = actions_.at(static_cast<size_t>(action));
    return shape_.empty() ? object : object.attr("copy")();
  }

  py::object write(const float* action) const {
    if (dtype_.itemsize() == sizeof(float)) return clipped<float>(action);
    return clipped<double>(action);
  }

 private:
  void add_discrete(int64_t action) {
    py::array_t<int64_t> numbers(static_cast<py::ssize_t>(choices_.size()));
    for (size_t i = choices_.size(); i-- > 0; action /= choices_[i]) {
      numbers.mutable_at(static_cast<py::ssize_t>(i)) = starts_[i] + action % choices_[i];
    }
    const py::object typed = numbers.attr("astype")(dtype_);
    actions_.push_back(shape_.empty() ? py::object(typed[py::int_(0)])
                                      : py::object(typed.attr("reshape")(shape_)));
  }

  void take_bounds(const py::object& space) {
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
  py::object clipped(const float* action) const {
    py::array_t<T> numbers(shape_);
    T* out = numbers.mutable_data();
    for (size_t i = 0; i < low_.size(); ++i) {
      out[i] =
          std::clamp(static_cast<T>(action[i]), static_cast<T>(low_[i]), static_cast<T>(high_[i]));
    }
    return numbers;
  }

  std::string id_;
  py::dtype dtype_;
  std::vector<int64_t> shape_;    // of an action, {} of a single choice
  std::vector<int64_t> choices_;  // of discrete ones, how many
  std::vector<int64_t> starts_;   // the least of each
  int64_t num_actions_ = 0;
  std::vector<py::object> actions_;  // every discrete one
  std::vector<double> low_, high_;   // of continuous ones
};

py::dict parsed(const std::string& kwargs) {
  if (kwargs.empty()) return {};
  py::object value;
  try {
    value = py::module_::import("json").attr("loads")(kwargs);
  } catch (const py::error_already_set&) {
    // no JSON at all
  }
  if (value && py::isinstance<py::dict>(value)) return value;
  throw std::invalid_argument("create_gym_environment.kwargs is '" + kwargs +
                              "', which is no JSON object such as '{\"continuous\": true}'");
}

// gymnasium.make, whose refusals are sentences by themselves
py::object make(const GymnasiumOptions& options) {
  const py::module_ gymnasium =
      import_package("gymnasium", "gymnasium", "Environments such as '" + options.id + "'");
  const py::dict kwargs = parsed(options.kwargs);
  try {
    return gymnasium.attr("make")(options.id, **kwargs);
  } catch (const py::error_already_set& error) {
    if (!error.matches(gymnasium.attr("error").attr("Error")) &&
        !error.matches(PyExc_ImportError)) {
      throw;
    }
    refuse(options.id, "cannot be made; Gymnasium " + text(gymnasium.attr("__version__")) +
                           " says: " + text(error.value()));
  }
}

// the JSON object at the beginning of a text, which it is cut off
py::dict take_object(std::string& text, const std::string& wrapper) {
  try {
    const py::module_ json = py::module_::import("json");
    const py::str whole(text);
    const py::tuple found = json.attr("JSONDecoder")().attr("raw_decode")(whole);
    text = py::str(whole[py::slice(found[1].cast<py::ssize_t>(), std::nullopt, std::nullopt)]);
    return found[0];
  } catch (const py::error_already_set&) {
    throw std::invalid_argument("create_gym_environment.wrappers has after '" + wrapper +
                                "' no JSON object such as {\"size\": 4}, but '" + text + "'");
  }
}

// "module:Class, module:Class{...}"
py::object wrapped(py::object environment, const GymnasiumOptions& options) {
  const auto trim = [](std::string& text) {
    text.erase(0, text.find_first_not_of(' '));
    text.erase(text.find_last_not_of(' ') + 1);
  };
  std::string rest = options.wrappers;
  for (trim(rest); !rest.empty(); trim(rest)) {
    std::string name = rest.substr(0, rest.find_first_of(",{"));
    rest.erase(0, name.size());
    trim(name);
    const size_t colon = name.find(':');
    if (colon == std::string::npos) {
      throw std::invalid_argument("create_gym_environment.wrappers names '" + name +
                                  "', which is not module:Class, such as "
                                  "'gymnasium.wrappers:FlattenObservation'");
    }
    const py::dict kwargs = rest.starts_with('{') ? take_object(rest, name) : py::dict();
    trim(rest);
    if (!rest.empty() && rest.front() != ',') {
      throw std::invalid_argument("create_gym_environment.wrappers needs a comma before '" + rest +
                                  "'");
    }
    rest.erase(0, 1);
    const py::module_ module = py::module_::import(name.substr(0, colon).c_str());
    environment = module.attr(name.substr(colon + 1).c_str())(environment, **kwargs);
  }
  return environment;
}

class PythonTask final : public GymnasiumTask {
 public:
  // needs the interpreter held
  explicit PythonTask(const GymnasiumOptions& options) : id_(options.id) {
    environment_ = wrapped(make(options), options);
    resets_at_once_ = has_same_step_autoreset();
    const py::module_ spaces = py::module_::import("gymnasium.spaces");
    observations_.emplace(id_, spaces, environment_.attr("observation_space"));
    actions_.emplace(id_, spaces, environment_.attr("action_space"));
    spaces_ = {.observation_shape = observations_->shape(),
               .bytes = observations_->bytes(),
               .num_actions = actions_->num_actions(),
               .action_low = actions_->low(),
               .action_high = actions_->high()};

    // bound once, as it is called every step
    step_ = environment_.attr("step");
  }

  ~PythonTask() override {
    const py::gil_scoped_acquire held;
    try {
      environment_.attr("close")();
    } catch (const py::error_already_set&) {
      // nobody is left to be told
    }
    observations_.reset();
    actions_.reset();
    step_ = py::object();
    environment_ = py::object();
  }

  const GymnasiumSpaces& spaces() const override { return spaces_; }

  void reset(std::optional<uint32_t> seed, void* observation) override {
    with_python(failure_, [&] {
      const py::object result = environment_.attr("reset")(py::arg("seed") = seed);
      const py::tuple values = values_of(result, 2, "reset", "(observation, info)");
      observations_->read(values[0], observation);
    });
  }

  GymnasiumOutcome step(int64_t action, void* observation) override {
    return with_python(failure_, [&] { return answer(actions_->write(action), observation); });
  }

  GymnasiumOutcome step(const float* action, void* observation) override {
    return with_python(failure_, [&] { return answer(actions_->write(action), observation); });
  }

 private:
  // An environment that resets itself is reset once more, and nothing is lost. One that does so
  // within the step that ends an episode has the episode's last observation elsewhere.
  bool has_same_step_autoreset() const {
    const py::object metadata = environment_.attr("metadata");
    if (metadata.is_none()) return false;
    const py::object mode = metadata.attr("get")("autoreset_mode");
    const py::module_ vector = py::module_::import("gymnasium.vector");
    const bool known = py::hasattr(vector, "AutoresetMode");  // from 1.1 on
    return known && mode.equal(vector.attr("AutoresetMode").attr("SAME_STEP"));
  }

  // the observation that an episode ended with, where the next one has begun already
  py::object final_observation(const py::object& info) const {
    py::object found = py::isinstance<py::dict>(info) ? info.attr("get")("final_obs") : py::none();
    if (!found.is_none()) return found;
    throw std::runtime_error(
        "the environment '" + id_ +
        "' resets itself in the step that ends an episode (its metadata has AutoresetMode."
        "SAME_STEP), but has not put the episode's last observation in info['final_obs'], as "
        "Gymnasium does; make it with AutoresetMode.DISABLED or NEXT_STEP");
  }

  // needs the interpreter held
  GymnasiumOutcome answer(const py::object& action, void* observation) {
    const py::object result = step_(action);
    const py::tuple values =
        values_of(result, 5, "step", "(observation, reward, terminated, truncated, info)");
    const auto truth = [](const py::object& value) { return py::bool_(value).cast<bool>(); };
    const bool terminated = truth(values[2]), truncated = truth(values[3]);
    const bool elsewhere = resets_at_once_ && (terminated || truncated);
    observations_->read(elsewhere ? final_observation(values[4]) : py::object(values[0]),
                        observation);

    const py::object given = values[1];
    const double reward = PyFloat_AsDouble(given.ptr());
    if (PyErr_Occurred()) throw py::error_already_set();
    if (!std::isfinite(static_cast<float>(reward))) {
      throw std::runtime_error("the environment '" + id_ + "' gave the reward " + text(given) +
                               ", from which nothing can be learnt");
    }
    return {.reward = static_cast<float>(reward), .terminated = terminated, .truncated = truncated};
  }

  py::tuple values_of(const py::object& result, size_t count, const std::string& function,
                      const std::string& expected) const {
    if (py::isinstance<py::tuple>(result) && py::len(result) == count) return result;
    throw std::runtime_error(
        "the environment '" + id_ + "' answers " + function + "() with " +
        (py::isinstance<py::tuple>(result) ? std::to_string(py::len(result)) + " values"
                                           : "a " + type_name(result)) +
        " instead of Gymnasium's " + expected + ": it may be written for Gym, its predecessor");
  }

  std::string id_;
  std::string failure_ = "the environment '" + id_ + "' failed";
  py::object environment_, step_;
  bool resets_at_once_ = false;
  std::optional<ObservationReader> observations_;
  std::optional<ActionWriter> actions_;
  GymnasiumSpaces spaces_;
};

class PythonLibrary final : public GymnasiumLibrary {
 public:
  std::unique_ptr<GymnasiumTask> create(const GymnasiumOptions& options) override {
    start_python();
    return with_python("the environment '" + options.id + "' cannot be made",
                       [&] { return std::make_unique<PythonTask>(options); });
  }
};

}  // namespace
}  // namespace accumbens

extern "C" __attribute__((visibility("default"))) accumbens::GymnasiumLibrary*
accumbens_gymnasium_library() {
  static accumbens::PythonLibrary library;
  return &library;
}
