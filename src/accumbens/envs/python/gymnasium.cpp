// Any environment of Gymnasium (Towers et al., 2024, "Gymnasium: a standard interface for
// reinforcement learning environments") by its id, in an embedded Python.

#include <pybind11/stl.h>

#include <cmath>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "accumbens/envs/gymnasium/gymnasium.h"
#include "accumbens/envs/python/gymnasium_spaces.h"
#include "accumbens/envs/python/python.h"

namespace accumbens {
namespace {

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
