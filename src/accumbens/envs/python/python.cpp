#include "accumbens/envs/python/python.h"

#include <cstdlib>
#include <mutex>

namespace accumbens {
namespace {

// Python keeps what is printed in blocks, and is never ended, which would write the last one
struct FlushAtExit {
  ~FlushAtExit() {
    const py::gil_scoped_acquire held;
    for (const char* stream : {"stdout", "stderr"}) {
      try {
        py::module_::import("sys").attr(stream).attr("flush")();
      } catch (const py::error_already_set&) {
        // nobody is left to be told
      }
    }
  }
};

}  // namespace

void start_python() {
  static std::mutex starting;
  const std::lock_guard<std::mutex> alone(starting);
  if (Py_IsInitialized()) return;
  const char* chosen = std::getenv("ACCUMBENS_PYTHON");
  const char* executable = chosen ? chosen : ACCUMBENS_PYTHON;

  // pygame, which many environments import, would greet on the standard output
  setenv("PYGAME_HIDE_SUPPORT_PROMPT", "1", /*overwrite=*/0);

  // site-packages are found beside the executable; signals stay the program's own
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  config.install_signal_handlers = 0;
  config.parse_argv = 0;
  PyStatus status = PyConfig_SetBytesString(&config, &config.executable, executable);
  if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status)) {
    throw std::runtime_error(std::string("the embedded Python of ") + executable +
                             " does not start (" + (status.err_msg ? status.err_msg : "unknown") +
                             "); set ACCUMBENS_PYTHON to the python of the virtual environment "
                             "that has the packages");
  }

  // whoever needs Python takes it for as long as needed; it runs until the program ends
  PyEval_SaveThread();
  static const FlushAtExit flush_at_exit;
}

py::module_ import_package(const std::string& module, const std::string& package,
                           const std::string& purpose) {
  try {
    return py::module_::import(module.c_str());
  } catch (const py::error_already_set& error) {
    const auto python = py::module_::import("sys").attr("executable").cast<std::string>();
    throw std::runtime_error(purpose + " need " + package + ", which " + python +
                             " cannot import; install it with '" + python + " -m pip install " +
                             package + "' (Python says: " + text(error.value()) + ")");
  }
}

std::string text(const py::handle& object) {
  return py::str(object).cast<std::string>();
}

std::string type_name(const py::handle& object) {
  return text(py::type::of(object).attr("__name__"));
}

}  // namespace accumbens
