#include "accumbens/app/command_line.h"

#include <c10/util/Exception.h>
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "accumbens/app/doctor.h"
#include "accumbens/app/listing.h"
#include "accumbens/config/configuration.h"
#include "accumbens/config/nearest_name.h"
#include "accumbens/core/error.h"
#include "accumbens/run/catalogue.h"
#include "accumbens/run/experiment.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;

constexpr int kStoppedBySignal = 130;

std::atomic<bool> stop_requested{false};

// a log must not get the number of a standard stream that is closed, whose text it would hold
void open_standard_streams() {
  for (int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
  }
}

// the first signal asks for a checkpoint and an orderly end, the second one gets its default
void on_signal(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

// what was ignored from the start, as with nohup, stays so
void stop_on(int signal) {
  if (std::signal(signal, on_signal) == SIG_IGN) std::signal(signal, SIG_IGN);
}

struct Arguments {
  std::string base_dir;
  std::vector<std::string> gin_files;
  std::vector<std::string> gin_bindings;
  int64_t episodes = 10;
  std::optional<int64_t> checkpoint;
  std::string what;
  bool render = false;
  bool verbose = false;
  bool markdown = false;
  std::vector<std::string> files;  // as gin_files
  std::vector<std::string> diff;   // files of another configuration
};

void say(const std::string& text) {
  std::cout << text << std::endl;
}

void warn(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) std::cerr << "warning: " << warning << '\n';
}

Configuration load_configuration(const Catalogue& catalogue, const Arguments& arguments) {
  Configuration configuration(catalogue.registry, arguments.gin_files, arguments.gin_bindings);
  warn(configuration.warnings());
  warn(catalogue.check(configuration));
  return configuration;
}

// without --gin_files, base_dir's own configuration is meant
void use_own_configuration(Arguments& arguments) {
  if (!arguments.gin_files.empty()) return;
  const fs::path own = fs::path(arguments.base_dir) / "operative_config.gin";
  std::error_code error;
  const fs::file_status status = fs::status(own, error);
  if (status.type() == fs::file_type::not_found) {
    throw ConfigError("there is no run in '" + arguments.base_dir +
                      "' (no operative_config.gin): name another --base_dir, or a configuration "
                      "for a new run, for instance --gin_files configs/dopamine/dqn.gin");
  }
  if (!fs::is_regular_file(status)) {
    throw ConfigError("cannot read " + own.string() + ": " +
                      (error ? error.message() : "it is not a file") +
                      "; make it readable, or name another --base_dir");
  }
  arguments.gin_files = {own.string()};
}

int train(const Catalogue& catalogue, Arguments arguments) {
  use_own_configuration(arguments);
  const Configuration configuration = load_configuration(catalogue, arguments);
  Experiment experiment(catalogue, configuration, arguments.base_dir, say);
  experiment.resume();
  warn(catalogue.unread(configuration));
  if (experiment.train(stop_requested) == Runner::Outcome::kDone) {
    say("done: " + arguments.base_dir);
    return 0;
  }
  say("stopped, and saved: the same command continues " + arguments.base_dir);
  return kStoppedBySignal;
}

// a binding that shows the first environment in a window
std::string shown(const Catalogue& catalogue, const Arguments& arguments) {
  const Configuration configuration(catalogue.registry, arguments.gin_files,
                                    arguments.gin_bindings);
  const Reference reference = configuration.get<RunnerOptions>("Runner").create_environment_fn;
  const std::string environment = split_scope(reference.name).second;
  if (!catalogue.registry.resolve(environment).find("render_mode")) {
    throw ConfigError(
        "--render shows the environments of @create_gym_environment and "
        "@create_atari_environment, not those of @" +
        environment);
  }
  return shown_environment(reference).name + ".render_mode = 'human'";
}

int evaluate(const Catalogue& catalogue, Arguments arguments) {
  use_own_configuration(arguments);
  if (arguments.render) arguments.gin_bindings.push_back(shown(catalogue, arguments));
  const Configuration configuration = load_configuration(catalogue, arguments);
  Experiment experiment(catalogue, configuration, arguments.base_dir, say,
                        /*only_evaluates=*/true);
  const std::vector<Episode> episodes =
      experiment.evaluate(arguments.episodes, arguments.checkpoint, stop_requested);

  // the mean and its spread
  double sum = 0.0;
  double squares = 0.0;
  for (const Episode& episode : episodes) {
    sum += episode.episode_return;
    squares += episode.episode_return * episode.episode_return;
  }
  if (stop_requested) return kStoppedBySignal;
  const auto count = static_cast<double>(episodes.size());
  const double mean = sum / count;
  say("average return " + std::to_string(mean) + ", standard deviation " +
      std::to_string(std::sqrt(std::max(0.0, squares / count - mean * mean))) + ", " +
      std::to_string(episodes.size()) + " episodes");
  return 0;
}

int explain(const Catalogue& catalogue, Arguments arguments) {
  arguments.gin_files.insert(arguments.gin_files.end(), arguments.files.begin(),
                             arguments.files.end());
  if (arguments.gin_files.empty())
    throw ConfigError("explain needs a file, e.g. --gin_files x.gin");
  const Configuration configuration = load_configuration(catalogue, arguments);
  if (arguments.diff.empty()) {
    std::cout << configuration.explain();
    return 0;
  }
  arguments.gin_files = arguments.diff;
  arguments.gin_bindings.clear();
  const std::string diff = configuration.diff(load_configuration(catalogue, arguments));
  std::cout << (diff.empty() ? "nothing differs\n" : diff);
  return 0;
}

// a command or an option that there is not; "" where that is not what is wrong
std::string unknown_word(const CLI::App& app, const std::string& first) {
  std::vector<std::string> known;
  if (app.get_subcommands().empty()) {
    for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
    if (first.empty() || first.starts_with('-')) return "";
    return "there is no command '" + first + "'" + did_you_mean(first, known);
  }
  const CLI::App& command = *app.get_subcommands().front();
  for (const CLI::Option* option : command.get_options()) known.push_back(option->get_name());
  for (const std::string& word : app.remaining(/*recurse=*/true)) {
    if (!word.starts_with("--")) continue;
    const std::string name = word.substr(0, word.find('='));
    return "'" + command.get_name() + "' has no option '" + name + "'" + did_you_mean(name, known);
  }
  return "";
}

// in decimal digits alone: no 0x10, no 010, and nothing for a shell variable that is unset
CLI::Validator whole_number(int64_t least) {
  return {[least](const std::string& text) {
            constexpr size_t kMostDigits = 18;
            const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
            const bool number = !text.empty() && digits && text.size() <= kMostDigits &&
                                (text == "0" ? least == 0 : !text.starts_with('0'));
            return number ? std::string()
                          : "needs a whole number from " + std::to_string(least) + " on, not '" +
                                text + "'";
          },
          "NUMBER"};
}

const CLI::Validator kNamed(
    [](const std::string& text) {
      return text.empty() ? std::string("must not be empty") : std::string();
    },
    "DIRECTORY");

// what LibTorch says where memory is not to be had, or not even to be counted
bool lacks_memory(const c10::Error& error) {
  const std::string what = error.what_without_backtrace();
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         what.find("can't allocate memory") != std::string::npos ||
         what.find("Storage size calculation overflowed") != std::string::npos;
}

int out_of_memory() {
  std::cerr << "accumbens: out of memory; free some, or use less: a smaller replay "
               "(ReplayBuffer.max_capacity), smaller batches or networks, or fewer environments\n";
  return 1;
}

void add_configuration_options(CLI::App& command, Arguments& arguments) {
  // one or more values each, and any number of times
  command.add_option("--gin_files", arguments.gin_files, "configuration files, in order")
      ->expected(1, CLI::detail::expected_max_vector_size)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--gin_bindings", arguments.gin_bindings,
                  "bindings that come after the files, e.g. 'DQNAgent.gamma = 0.9'")
      ->expected(1, CLI::detail::expected_max_vector_size)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace

int run_command_line(int argc, char** argv, const std::function<void(Catalogue&)>& extend) {
  open_standard_streams();
  Arguments arguments;
  CLI::App app("Accumbens: deep reinforcement learning on LibTorch", "accumbens");
  app.set_version_flag("--version", std::string("accumbens ") + ACCUMBENS_VERSION);

  CLI::App* train_command = app.add_subcommand("train", "train an agent, or go on training it");
  train_command->add_option("--base_dir", arguments.base_dir, "where the run is kept")
      ->required()
      ->check(kNamed);
  add_configuration_options(*train_command, arguments);

  CLI::App* evaluate_command = app.add_subcommand("evaluate", "play episodes with a trained agent");
  evaluate_command->add_option("--base_dir", arguments.base_dir, "where the run is kept")
      ->required()
      ->check(kNamed);
  evaluate_command->add_option("--episodes", arguments.episodes, "whole episodes to play (10)")
      ->check(whole_number(1));
  evaluate_command
      ->add_option("--checkpoint", arguments.checkpoint,
                   "number of a checkpoint; the newest if left out")
      ->check(whole_number(0));
  evaluate_command->add_flag("--render", arguments.render, "show the episodes in a window");
  add_configuration_options(*evaluate_command, arguments);

  CLI::App* list_command = app.add_subcommand("list", "what there is to name");
  list_command->add_option(
      "what", arguments.what,
      "agents, configs, configurables (the default with --verbose or --markdown), or parts of a "
      "kind: networks, wrappers, action_functions ...");
  list_command->add_flag("--verbose", arguments.verbose,
                         "every parameter: type, default, range and meaning");
  list_command->add_flag("--markdown", arguments.markdown, "the same as tables for docs");

  CLI::App* explain_command =
      app.add_subcommand("explain", "every value of a configuration, and where it comes from");
  add_configuration_options(*explain_command, arguments);
  explain_command->add_option("files", arguments.files, "the same as --gin_files");
  explain_command
      ->add_option("--diff", arguments.diff,
                   "files of another configuration, without bindings: prints only what differs")
      ->expected(1, CLI::detail::expected_max_vector_size);

  CLI::App* doctor_command = app.add_subcommand("doctor", "versions, devices, and what is missing");
  for (CLI::App* command : app.get_subcommands({})) {
    command->set_version_flag("--version", std::string("accumbens ") + ACCUMBENS_VERSION);
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::string unknown = unknown_word(app, argc > 1 ? argv[1] : "");
    if (error.get_exit_code() != 0 && !unknown.empty()) {
      std::cerr << "accumbens: " << unknown << "\nRun with --help for more information.\n";
      return 2;
    }
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << "accumbens: " << error.what() << "\nRun with --help for more information.\n";
    return 2;
  }
  if (app.get_subcommands().empty()) {
    std::cerr << app.help();
    return 2;
  }

  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) stop_on(signal);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like a full disk
  try {
    Catalogue catalogue;
    if (extend) extend(catalogue);
    if (train_command->parsed()) {
      std::signal(SIGPIPE, SIG_IGN);  // it goes on where nobody reads any more
      return train(catalogue, arguments);
    }
    int code = 0;
    if (evaluate_command->parsed()) code = evaluate(catalogue, arguments);
    if (explain_command->parsed()) code = explain(catalogue, arguments);
    if (list_command->parsed()) {
      code = list(catalogue, arguments.what, arguments.verbose, arguments.markdown);
    }
    if (doctor_command->parsed()) code = doctor();
    if (!std::cout.flush()) throw Error("cannot write to standard output");
    return code;
  } catch (const Error& error) {
    std::cerr << "accumbens: " << error.what() << '\n';
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::length_error&) {  // longer than any memory
    return out_of_memory();
  } catch (const fs::filesystem_error& error) {
    std::cerr << "accumbens: cannot use " << error.path1().string() << ": "
              << error.code().message() << '\n';
    return 1;
  } catch (const c10::Error& error) {
    if (lacks_memory(error)) return out_of_memory();
    std::cerr << "accumbens: LibTorch failed: " << error.what_without_backtrace() << '\n';
    return 1;
  } catch (const std::exception& error) {
    std::cerr << "accumbens: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace accumbens
