#pragma once

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace accumbens {

/// The real program as a process of its own, with output and errors in one file.
class Program {
 public:
  /// file_size_limit: in bytes, stands for a disk that is full; memory_limit: of its addresses.
  Program(const std::vector<std::string>& arguments, const std::filesystem::path& output,
          rlim_t file_size_limit = RLIM_INFINITY, rlim_t memory_limit = RLIM_INFINITY)
      : output_(output) {
    pid_ = fork();
    if (pid_ != 0) return;
    ::signal(SIGHUP, SIG_DFL);  // whatever ctest was started with
    const rlimit limit{file_size_limit, file_size_limit};
    setrlimit(RLIMIT_FSIZE, &limit);
    const rlimit memory{memory_limit, memory_limit};
    setrlimit(RLIMIT_AS, &memory);
    const int file = open(output.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0644);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    std::vector<std::string> words{ACCUMBENS_BINARY_DIR "/accumbens"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }

  void signal(int number) const { kill(pid_, number); }

  /// "NAME=value" of each variable of its environment, with zeros between them.
  std::string environment() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/environ");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// The exit code, or 128 + the signal that ended it.
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::string output() const {
    std::ifstream file(output_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path output_;
  pid_t pid_;
};

}  // namespace accumbens
