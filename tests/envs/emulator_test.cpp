#include "accumbens/envs/atari/emulator.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "accumbens/core/error.h"
#include "accumbens/core/random.h"
#include "envs/exit_with_error.h"

namespace accumbens {
namespace {

class NativeLibrary : public testing::Test {
 protected:
  void SetUp() override {
    if (&emulator_library() != &python_emulator_library()) return;
    GTEST_SKIP() << "built without ALE's C++ library (scripts/install_ale.sh)";
  }
};

class NativeEmulators : public NativeLibrary, public testing::WithParamInterface<std::string> {};

using NativeLibraryDeathTest = NativeLibrary;

std::string screens(Emulator& emulator) {
  const int64_t pixels = emulator.screen_height() * emulator.screen_width();
  std::string shown(static_cast<size_t>(4 * pixels + kRamBytes), '\0');
  auto* bytes = reinterpret_cast<uint8_t*>(shown.data());
  emulator.screen_grayscale(bytes);
  emulator.screen_rgb(bytes + pixels);
  emulator.ram(bytes + 4 * pixels);
  return shown;
}

// oracle: ale-py, frame by frame, with sticky actions and through the ends of games; and each goes
// on with what the other one saved
TEST_P(NativeEmulators, AreAlePysFrameByFrame) {
  const EmulatorOptions options{.game = GetParam(), .sticky_probability = 0.25, .seed = 7};
  const auto native = emulator_library().create(options);
  const auto oracle = python_emulator_library().create(options);
  ASSERT_EQ(native->num_actions(), oracle->num_actions());
  EXPECT_EQ(native->fires(), oracle->fires());
  ASSERT_EQ(native->screen_height(), oracle->screen_height());
  ASSERT_EQ(native->screen_width(), oracle->screen_width());

  RandomStream random(1, "actions");
  for (int frame = 0; frame < 10'000; ++frame) {
    if (native->game_over()) {
      native->reset();
      oracle->reset();
    }
    const int64_t action = random.below(native->num_actions());
    ASSERT_EQ(native->act(action), oracle->act(action)) << frame;
    ASSERT_EQ(native->game_over(), oracle->game_over()) << frame;
    ASSERT_EQ(native->lives(), oracle->lives()) << frame;
    if (frame % 100 == 0) {
      ASSERT_EQ(screens(*native), screens(*oracle)) << frame;
    }
    if (frame == 5'000) {
      const std::string saved = native->save_state();
      ASSERT_EQ(saved, oracle->save_state());
      const auto unrelated = emulator_library().create({.game = GetParam(), .seed = 8});
      unrelated->load_state(saved);
      ASSERT_EQ(unrelated->save_state(), saved);
      oracle->load_state(saved);
      native->load_state(saved);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Games, NativeEmulators,
                         testing::Values("Pong", "Breakout", "SpaceInvaders", "Qbert"));

// oracle: the same ROMs
TEST_F(NativeLibrary, PlaysAlePysGames) {
  EXPECT_EQ(emulator_library().games(), python_emulator_library().games());
}

// makes Pong with the ROMs of a folder, and exits as the program would
[[noreturn]] void make_pong_from(const std::string& folder) {
  setenv("ACCUMBENS_ROM_DIR", folder.c_str(), 1);
  exit_with_error([] { make_emulator({.game = "Pong"}); });
}

// oracle: the rule that an error says what, where and how to fix it
TEST_F(NativeLibraryDeathTest, AFolderWithoutRomsIsNamed) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(make_pong_from("/nowhere"), ::testing::ExitedWithCode(1),
              "no Atari ROMs in /nowhere; set ACCUMBENS_ROM_DIR");
}

#ifdef ACCUMBENS_ROM_DIR
TEST_F(NativeLibraryDeathTest, AGameWithoutItsRomIsNoUnknownGame) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const std::filesystem::path folder = ACCUMBENS_BINARY_DIR "/tests/one_rom";

  // what is no file is no ROM either
  std::filesystem::create_directories(folder / "pong.bin");
  std::error_code there_already;
  std::filesystem::create_symlink("/nowhere", folder / "none.bin", there_already);
  std::filesystem::copy(ACCUMBENS_ROM_DIR "/breakout.bin", folder,
                        std::filesystem::copy_options::skip_existing);
  EXPECT_EXIT(make_pong_from(folder), ::testing::ExitedWithCode(2),
              "game_name: the ROM of Pong is not among the 1 that there are");
}
#endif

}  // namespace
}  // namespace accumbens
