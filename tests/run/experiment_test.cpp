#include "accumbens/run/experiment.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "accumbens/run/catalogue.h"

namespace accumbens {
namespace {

// half of the smallest normal float, worked out at run time
float denormal() {
  volatile float smallest = std::numeric_limits<float>::min();
  volatile float half = smallest * 0.5F;
  return half;
}

// oracle: IEEE 754 has numbers below float's normal range, which an experiment does without
TEST(Experiment, FlushesDenormalsInItsThreads) {
  ASSERT_NE(denormal(), 0.0F);
  const Catalogue catalogue;
  const Configuration configuration(catalogue.registry,
                                    {ACCUMBENS_SOURCE_DIR "/configs/quickstart/cartpole.gin"}, {});
  const Experiment experiment(catalogue, configuration, testing::TempDir() + "experiment",
                              [](const std::string&) {});
  EXPECT_EQ(denormal(), 0.0F);
  float in_thread = 1.0F;
  std::thread([&] { in_thread = denormal(); }).join();
  EXPECT_EQ(in_thread, 0.0F);
}

}  // namespace
}  // namespace accumbens
