#include "accumbens/envs/atari/screen.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "accumbens/envs/atari/image.h"

namespace accumbens {
namespace {

/// Two screens, and what they are scaled to.
class PixelScreen : public AtariScreen {
 public:
  PixelScreen(const Emulator& emulator, int64_t channels, int64_t size)
      : height_(emulator.screen_height()),
        width_(emulator.screen_width()),
        size_(size),
        screens_(torch::zeros({2, height_, width_, channels}, torch::kUInt8)) {}

  std::vector<int64_t> shape() const override { return {size_, size_}; }

  // one screen over black
  void begin(Emulator& emulator, uint8_t* observation) override {
    clear();
    capture(emulator, 0);
    show(emulator, observation);
  }

  void state(StateTree& tree) override { tree("screens", screens_); }

 protected:
  uint8_t* slot(int64_t i) { return screens_.mutable_data_ptr<uint8_t>() + i * bytes(); }
  int64_t bytes() const { return screens_.stride(0); }
  int64_t pixels() const { return height_ * width_; }
  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  int64_t size() const { return size_; }

  // the greater of both screens
  void pool(uint8_t* pooled) {
    const uint8_t* one = slot(0);
    const uint8_t* other = slot(1);
    const int64_t count = bytes();
    for (int64_t i = 0; i < count; ++i) pooled[i] = std::max(one[i], other[i]);
  }

  void clear() { screens_.zero_(); }

 private:
  int64_t height_;
  int64_t width_;
  int64_t size_;
  torch::Tensor screens_;  // [2, H, W, channels]
};

class DopamineScreen final : public PixelScreen {
 public:
  DopamineScreen(const Emulator& emulator, int64_t size)
      : PixelScreen(emulator, /*channels=*/1, size), resize_(height(), width(), size, size) {}

  void capture(Emulator& emulator, int64_t i) override { emulator.screen_grayscale(slot(i)); }

  // the maximum stays in the first slot
  void show(Emulator&, uint8_t* observation) override {
    pool(slot(0));
    resize_(slot(0), observation);
  }

 private:
  AreaResize resize_;
};

class DqnZooScreen final : public PixelScreen {
 public:
  DqnZooScreen(const Emulator& emulator, int64_t size)
      : PixelScreen(emulator, /*channels=*/3, size),
        resize_(height(), width(), size, size),
        gray_(pixels()) {}

  // only what this step shows is pooled
  void begin_step() override { clear(); }

  void capture(Emulator& emulator, int64_t i) override { emulator.screen_rgb(slot(i)); }

  void show(Emulator&, uint8_t* observation) override {
    pool(slot(0));
    luma(slot(0), gray_.data(), pixels());
    resize_(gray_.data(), observation);
  }

 private:
  BilinearResize resize_;
  std::vector<uint8_t> gray_;  // [H, W]
};

/// In colour until the last.
class BaselinesScreen final : public PixelScreen {
 public:
  BaselinesScreen(const Emulator& emulator, int64_t size)
      : PixelScreen(emulator, /*channels=*/3, size),
        resize_(height(), width(), size, size, /*channels=*/3),
        pooled_(bytes()),
        scaled_(3 * size * size) {}

  // the first screen of a game is shown as it is, and the slots stay those of the last game
  void begin(Emulator& emulator, uint8_t* observation) override {
    emulator.screen_rgb(pooled_.data());
    show_pooled(observation);
  }

  void capture(Emulator& emulator, int64_t i) override { emulator.screen_rgb(slot(i)); }

  void show(Emulator&, uint8_t* observation) override {
    pool(pooled_.data());
    show_pooled(observation);
  }

 private:
  void show_pooled(uint8_t* observation) {
    resize_(pooled_.data(), scaled_.data());

    // OpenCV's luma: weights .299, .587 and .114 in units of 2^-15, rounded
    const uint8_t* pixel = scaled_.data();
    for (int64_t i = 0; i < size() * size(); ++i, pixel += 3) {
      const int32_t sum = 9798 * pixel[0] + 19235 * pixel[1] + 3735 * pixel[2];
      observation[i] = static_cast<uint8_t>((sum + (1 << 14)) >> 15);
    }
  }

  AreaResize resize_;
  std::vector<uint8_t> pooled_;  // [H, W, 3]
  std::vector<uint8_t> scaled_;  // [size, size, 3]
};

/// No screen at all.
class RamScreen final : public AtariScreen {
 public:
  std::vector<int64_t> shape() const override { return {kRamBytes}; }
  void begin(Emulator& emulator, uint8_t* observation) override { emulator.ram(observation); }
  void capture(Emulator&, int64_t) override {}
  void show(Emulator& emulator, uint8_t* observation) override { emulator.ram(observation); }
  void state(StateTree&) override {}
};

}  // namespace

std::unique_ptr<AtariScreen> make_atari_screen(const std::string& preset,
                                               const std::string& observation,
                                               const Emulator& emulator, int64_t size) {
  if (observation == "ram") return std::make_unique<RamScreen>();
  if (preset == "dqn_zoo") return std::make_unique<DqnZooScreen>(emulator, size);
  if (preset == "baselines") return std::make_unique<BaselinesScreen>(emulator, size);
  return std::make_unique<DopamineScreen>(emulator, size);
}

}  // namespace accumbens
