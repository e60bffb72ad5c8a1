#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "accumbens/core/state_tree.h"
#include "accumbens/envs/atari/emulator.h"

namespace accumbens {

/// What an agent sees of an emulator: two screens pooled into an observation. A class per system,
/// each byte for byte as it does it.
class AtariScreen {
 public:
  virtual ~AtariScreen() = default;

  /// Of an observation, uint8.
  virtual std::vector<int64_t> shape() const = 0;

  /// A game begins, of which there is one screen: shows it.
  virtual void begin(Emulator& emulator, uint8_t* observation) = 0;

  /// An agent step begins.
  virtual void begin_step() {}

  /// Keeps the present screen. slot: 0 for the last screen but one of an agent step, 1 for the
  /// last.
  virtual void capture(Emulator& emulator, int64_t slot) = 0;

  /// Shows what was captured.
  virtual void show(Emulator& emulator, uint8_t* observation) = 0;

  virtual void state(StateTree& tree) = 0;
};

/// observation: "pixels", of [size, size], or "ram", the console's [128] bytes at the end of each
/// agent step. preset: see AtariEnvironment.
std::unique_ptr<AtariScreen> make_atari_screen(const std::string& preset,
                                               const std::string& observation,
                                               const Emulator& emulator, int64_t size);

}  // namespace accumbens
