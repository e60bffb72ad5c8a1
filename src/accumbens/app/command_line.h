#pragma once

namespace accumbens {

/// The program. Returns its exit code: 0 done, 1 failure at run time, 2 wrong usage or
/// configuration, 130 stopped by Ctrl-C or SIGTERM.
int run_command_line(int argc, char** argv);

}  // namespace accumbens
