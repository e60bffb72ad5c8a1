#pragma once

#include <pybind11/embed.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace accumbens {

namespace py = pybind11;

/// Starts the interpreter of the virtual environment that the plug-in was built with, or of
/// $ACCUMBENS_PYTHON, unless it runs already. It runs until the program ends, where what was
/// printed is flushed, and nobody holds it between two calls of with_python. Throws
/// std::runtime_error if it does not start.
void start_python();

/// A package, which `purpose` needs ("Atari games"). Needs the interpreter held. Throws
/// std::runtime_error, which says how to install it, where it cannot be imported.
py::module_ import_package(const std::string& module, const std::string& package,
                           const std::string& purpose);

/// What Python's str() and type().__name__ say of an object. Need the interpreter held.
std::string text(const py::handle& object);
std::string type_name(const py::handle& object);  ///< likewise

/// Runs body with the interpreter held. What Python raises becomes a std::runtime_error: `failure`,
/// a colon, and Python's message with its traceback.
template <class F>
auto with_python(const std::string& failure, F&& body) {
  const py::gil_scoped_acquire held;
  try {
    return std::forward<F>(body)();
  } catch (const py::error_already_set& error) {
    throw std::runtime_error(failure + ": " + error.what());
  }
}

}  // namespace accumbens
