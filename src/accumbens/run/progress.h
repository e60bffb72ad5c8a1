#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

namespace accumbens {

/// What the console shows of one phase of one iteration.
struct ProgressStatus {
  std::string phase;                      // "train" or "eval"
  int64_t iteration = 0;                  // from 0, shown from 1
  int64_t num_iterations = 0;             // of the run
  int64_t agent_steps = 0;                // executed in this phase
  int64_t phase_steps = 0;                // agent steps that the phase asks for
  int64_t frames = 0;                     // of this phase
  std::optional<int64_t> episode_length;  // agent steps of the last episode that ended
  std::optional<double> episode_return;   // and its return
  std::optional<double> average_return;   // of the episodes of this phase
};

/// One line: Dopamine's "Steps executed / Episode length / Return" with a bar, the speed and the
/// time left. Where it does not fit into `width` columns, the labels become brief, then parts go,
/// the frames first; width 0 is unlimited and without a bar.
/// frames_per_second, seconds_left (of the phase): nullopt as long as they are unknown.
std::string progress_line(const ProgressStatus& status, std::optional<double> frames_per_second,
                          std::optional<double> seconds_left, int width);

/// Prints progress. On a terminal one line is redrawn at most 10 times a second; elsewhere a plain
/// line comes at most every 10 s. Either way the end of a phase leaves a line.
class Progress {
 public:
  /// Where the lines go.
  struct Console {
    std::ostream& out;                // of the lines
    bool terminal;                    // lines can be redrawn
    std::function<int()> width;       // columns; asked only on a terminal
    std::function<double()> seconds;  // a clock that never goes back
  };

  /// Standard output as it is.
  static Console standard_output();

  /// Prints nothing yet.
  explicit Progress(Console console) : console_(std::move(console)) {}

  /// A phase begins, or goes on in a resumed run.
  void begin(const ProgressStatus& status);

  /// Cheap enough for every step.
  void update(const ProgressStatus& status);

  /// A phase ends, or is left off, with a line that stays.
  void end(const ProgressStatus& status);

 private:
  std::string line(const ProgressStatus& status, double now, int width) const;
  void draw(const ProgressStatus& status, double now);

  Console console_;
  double began_ = 0;        // seconds
  double last_drawn_ = 0;   // seconds
  int64_t first_step_ = 0;  // what the phase had done when this process took it up
  int64_t first_frame_ = 0;
};

}  // namespace accumbens
