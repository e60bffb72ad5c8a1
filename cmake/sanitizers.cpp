// What the sanitizers overlook, linked into every program of a sanitizer build (presets asan and
// tsan). Only libraries that are not built here are named: they were not compiled with a sanitizer,
// so it cannot see what they do.

extern "C" {

// Python's extension modules, and the OpenSSL that it loads, keep objects until the process ends;
// ALE forgets the settings of every ROM that it is asked about
const char* __lsan_default_suppressions() {
  return "leak:numpy/_core/\n"
         "leak:libcrypto.so\n"
         "leak:_ale_py\n"
         "leak:ale::*Settings::clone\n"
         "leak:Box2D\n"
         "leak:libpython3\n";
}

// OpenMP's barriers are invisible to ThreadSanitizer; Python's interpreter lock is not, as it is
// made of a pthread mutex
const char* __tsan_default_suppressions() {
  return "called_from_lib:libgomp\n"
         "race:libtorch_cpu.so\n";
}
}
