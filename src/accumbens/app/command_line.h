#pragma once

#include <functional>

/// Deep reinforcement learning on LibTorch.
namespace accumbens {

class Catalogue;

/// The program. Returns its exit code: 0 done, 1 failure at run time, 2 wrong usage or
/// configuration, 130 stopped by a signal.
/// extend: adds agents, environments and networks of one's own to those of Accumbens.
int run_command_line(int argc, char** argv, const std::function<void(Catalogue&)>& extend = {});

}  // namespace accumbens
