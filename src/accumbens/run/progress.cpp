#include "accumbens/run/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <vector>

namespace accumbens {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kPlainSeconds = 10;
constexpr int kMaxBar = 30;  // columns between the brackets
constexpr int kMinBar = 5;

// 1234567 as 1,234,567
std::string with_commas(int64_t number) {
  std::string digits = std::to_string(number);
  const int first = number < 0 ? 1 : 0;
  for (int i = static_cast<int>(digits.size()) - 3; i > first; i -= 3)
    digits.insert(static_cast<size_t>(i), 1, ',');
  return digits;
}

// hours:minutes:seconds, rounded up
std::string clock_time(double seconds) {
  const auto total = static_cast<int64_t>(std::ceil(std::clamp(seconds, 0.0, 1e9)));
  char text[40];
  std::snprintf(text, sizeof(text), "%lld:%02d:%02d", static_cast<long long>(total / 3600),
                static_cast<int>(total / 60 % 60), static_cast<int>(total % 60));
  return text;
}

std::string one_decimal(double number) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.1f", number);
  return text;
}

}  // namespace

std::string progress_line(const ProgressStatus& status, std::optional<double> frames_per_second,
                          std::optional<double> seconds_left, int width) {
  const double share =
      status.phase_steps > 0
          ? std::min(1.0, static_cast<double>(status.agent_steps) / status.phase_steps)
          : 0.0;

  // the parts in the order of the line; the higher the rank, the sooner a part goes
  struct Part {
    int rank;
    std::string text;
    std::string brief;
  };
  std::vector<Part> parts;
  const auto add = [&](int rank, const std::string& label, const std::string& brief_label,
                       const std::string& value, const std::string& unit = "",
                       const std::string& brief_unit = "") {
    parts.push_back({rank, label + value + unit, brief_label + value + brief_unit});
  };
  const std::string iterations = std::to_string(status.num_iterations);
  add(0, status.phase + " ", status.phase + " ", std::to_string(status.iteration + 1) + "/",
      iterations, iterations);
  add(5, "", "", std::to_string(static_cast<int>(share * 100)), "%", "%");
  add(1, "Steps executed: ", "", with_commas(status.agent_steps), "", " steps");
  add(6, "Frames: ", "", with_commas(status.frames), "", " frames");
  if (status.episode_length) {
    add(4, "Episode length: ", "length ", with_commas(*status.episode_length));
  }
  if (status.episode_return) add(1, "Return: ", "return ", one_decimal(*status.episode_return));
  if (status.average_return) add(4, "Average: ", "average ", one_decimal(*status.average_return));
  if (frames_per_second) {
    add(3, "", "", with_commas(std::llround(*frames_per_second)), " frames/s", " fps");
  }
  if (seconds_left) add(2, "", "", clock_time(*seconds_left), " left", " left");

  const auto join = [&] {
    std::string line;
    for (const Part& part : parts) {
      if (!line.empty()) line += "  ";
      line += part.text;
    }
    return line;
  };
  std::string line = join();
  if (width <= 0) return line;

  // what does not fit becomes brief, then goes; the bar is worth more than what goes first
  const auto room = [&] { return width - static_cast<int>(line.size()); };
  if (room() < kMinBar + 4) {
    for (Part& part : parts) part.text = part.brief;
    line = join();
  }
  for (int rank = 6; rank > 0 && room() < (rank > 3 ? kMinBar + 4 : 0); --rank) {
    std::erase_if(parts, [&](const Part& part) { return part.rank == rank; });
    line = join();
  }
  if (room() < 0) line.resize(width);

  // the bar takes what is free, behind the iteration
  const int bar = std::min(kMaxBar, room() - 4);
  if (bar < kMinBar) return line;
  std::string drawn(static_cast<size_t>(bar + 2), '.');
  std::fill_n(drawn.begin() + 1, static_cast<int>(share * bar), '#');
  drawn.front() = '[';
  drawn.back() = ']';
  parts.insert(parts.begin() + 1, {0, drawn, drawn});
  return join();
}

Progress::Console Progress::standard_output() {
  const char* term = std::getenv("TERM");
  const bool terminal =
      ::isatty(STDOUT_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
  const auto width = [] {
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? int{size.ws_col}
                                                                             : 80;
  };
  const auto seconds = [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  };
  return {std::cout, terminal, width, seconds};
}

std::string Progress::line(const ProgressStatus& status, double now, int width) const {
  // speed and time left from what this process did in this phase
  std::optional<double> frames_per_second;
  std::optional<double> seconds_left;
  const double elapsed = now - began_;
  const int64_t steps = status.agent_steps - first_step_;
  if (elapsed > 0 && steps > 0) {
    frames_per_second = static_cast<double>(status.frames - first_frame_) / elapsed;
    const int64_t steps_left = std::max<int64_t>(0, status.phase_steps - status.agent_steps);
    seconds_left = static_cast<double>(steps_left) * elapsed / static_cast<double>(steps);
  }
  return progress_line(status, frames_per_second, seconds_left, width);
}

void Progress::draw(const ProgressStatus& status, double now) {
  last_drawn_ = now;
  if (console_.terminal) {
    // one column stays free: a full last column makes some terminals wrap
    const std::string text = line(status, now, std::max(1, console_.width() - 1));
    console_.out << '\r' << text << "\x1b[K" << std::flush;
  } else {
    console_.out << line(status, now, /*width=*/0) << '\n' << std::flush;
  }
}

void Progress::begin(const ProgressStatus& status) {
  began_ = last_drawn_ = console_.seconds();
  first_step_ = status.agent_steps;
  first_frame_ = status.frames;
  if (console_.terminal) draw(status, began_);
}

void Progress::update(const ProgressStatus& status) {
  const double now = console_.seconds();
  if (now - last_drawn_ >= (console_.terminal ? kRedrawSeconds : kPlainSeconds)) draw(status, now);
}

void Progress::end(const ProgressStatus& status) {
  draw(status, console_.seconds());
  if (console_.terminal) console_.out << '\n' << std::flush;
}

}  // namespace accumbens
