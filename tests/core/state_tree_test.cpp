#include "accumbens/core/state_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>

namespace accumbens {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

enum class Colour : int8_t { kRed = -1, kGreen = 7 };

// something of every kind that a tree can hold
struct Inner {
  int64_t count = 0;
  torch::Tensor weights = torch::zeros({2, 3});

  void state(StateTree& tree) { tree("count", count)("weights", weights); }
};

struct Everything {
  bool flag = false;
  int32_t small = 0;
  uint64_t large = 0;
  double number = 0;
  float narrow = 0;
  double infinite = 0;
  double nan = 0;
  std::string text;
  std::string raw;
  Colour colour = Colour::kRed;
  std::vector<int64_t> integers;
  std::vector<double> doubles;
  torch::Tensor undefined;
  Inner inner;
  Inner second;

  void state(StateTree& tree) {
    tree("flag", flag)("small", small)("large", large)("number", number)("narrow", narrow);
    tree("infinite", infinite)("nan", nan)("text", text)("colour", colour);
    tree("integers", integers)("doubles", doubles)("undefined", undefined);
    tree.bytes("raw", raw);
    tree("inner", inner);
    tree.scope("outer", [&](StateTree& outer) { outer("second", second); });
  }
};

Everything example() {
  Everything value;
  value.flag = true;
  value.small = -5;
  value.large = std::numeric_limits<uint64_t>::max();
  value.number = 0.1;
  value.narrow = 0.1F;
  value.infinite = -std::numeric_limits<double>::infinity();
  value.nan = std::numeric_limits<double>::quiet_NaN();
  value.text = "a \"text\"\n";
  value.raw = std::string("\0\xff raw", 6);
  value.colour = Colour::kGreen;
  value.integers = {1, -2, std::numeric_limits<int64_t>::max()};
  value.doubles = {0.1, std::numeric_limits<double>::infinity()};
  value.inner.count = 3;
  value.inner.weights = torch::arange(6, torch::kFloat32).view({3, 2}).t();
  value.second.weights = torch::full({2, 3}, 9.0F);
  return value;
}

// oracle: what was saved; the values have been through JSON text, as in a file
TEST(StateTree, LoadsWhatWasSaved) {
  Everything saved = example();
  StateTree saving;
  saved.state(saving);
  StateTree::Contents contents = saving.contents();
  contents.values = nlohmann::json::parse(contents.values.dump());

  Everything loaded;
  StateTree loading(contents);
  EXPECT_TRUE(loading.loading());
  loaded.state(loading);
  EXPECT_EQ(loaded.flag, saved.flag);
  EXPECT_EQ(loaded.small, saved.small);
  EXPECT_EQ(loaded.large, saved.large);
  EXPECT_EQ(loaded.number, saved.number);
  EXPECT_EQ(loaded.narrow, saved.narrow);
  EXPECT_EQ(loaded.infinite, saved.infinite);
  EXPECT_TRUE(std::isnan(loaded.nan));
  EXPECT_EQ(loaded.text, saved.text);
  EXPECT_EQ(loaded.raw, saved.raw);
  EXPECT_EQ(loaded.colour, saved.colour);
  EXPECT_EQ(loaded.integers, saved.integers);
  EXPECT_EQ(loaded.doubles, saved.doubles);
  EXPECT_FALSE(loaded.undefined.defined());
  EXPECT_EQ(loaded.inner.count, saved.inner.count);
  EXPECT_TRUE(loaded.inner.weights.equal(saved.inner.weights));
  EXPECT_TRUE(loaded.second.weights.equal(saved.second.weights));
}

TEST(StateTree, KeysArePaths) {
  Everything value = example();
  StateTree tree;
  value.state(tree);
  EXPECT_EQ(tree.contents().values.at("inner/count"), 3);
  EXPECT_TRUE(tree.contents().tensors.contains("outer/second/weights"));
  EXPECT_TRUE(tree.contains("inner"));
  EXPECT_TRUE(tree.contains("outer/second"));
  EXPECT_TRUE(tree.contains("text"));
  EXPECT_FALSE(tree.contains("inne"));
  EXPECT_FALSE(tree.contains("undefined"));
  tree.scope("outer", [](StateTree& outer) {
    EXPECT_TRUE(outer.contains("second"));
    EXPECT_FALSE(outer.contains("inner"));
  });
}

TEST(StateTree, SavedTensorsDoNotFollowLaterChanges) {
  torch::Tensor weights = torch::ones({3}, torch::requires_grad());
  StateTree tree;
  tree("weights", weights);
  {
    const torch::NoGradGuard no_grad;
    weights.fill_(5);
  }
  EXPECT_TRUE(tree.contents().tensors.at("weights").equal(torch::ones({3})));
  EXPECT_FALSE(tree.contents().tensors.at("weights").requires_grad());
}

TEST(StateTree, LoadedTensorsKeepTheirStorage) {
  torch::Tensor weights = torch::zeros({3}, torch::requires_grad());
  const void* storage = weights.data_ptr();
  StateTree::Contents contents;
  contents.tensors["weights"] = torch::ones({3});
  StateTree tree(contents);
  tree("weights", weights);
  EXPECT_EQ(weights.data_ptr(), storage);
  EXPECT_TRUE(weights.requires_grad());
  EXPECT_TRUE(weights.detach().equal(torch::ones({3})));
}

TEST(StateTree, FrozenTensorsAreSharedNotCopied) {
  FrozenTensor saved{.data = torch::ones({3})};
  StateTree saving;
  saving("chunk", saved);
  StateTree loading(saving.contents());
  FrozenTensor loaded;
  loading("chunk", loaded);
  EXPECT_EQ(loaded.data.data_ptr(), saved.data.data_ptr());

  // whoever writes a copy notes the digest for all
  *saving.contents().frozen.at("chunk").digest = "abc";
  EXPECT_EQ(*saved.digest, "abc");
  EXPECT_EQ(*loaded.digest, "abc");
}

TEST(StateTree, WhatDoesNotFitIsNamedByItsPath) {
  StateTree::Contents contents;
  contents.values = {{"agent/text", "text"}, {"agent/list", {1, 2}}};
  contents.tensors["agent/weights"] = torch::zeros({2, 3});
  StateTree tree(contents);
  tree.scope("agent", [](StateTree& agent) {
    int64_t number = 0;
    double real = 0;
    std::string raw;
    FrozenTensor frozen;
    torch::Tensor longer = torch::zeros({4});
    torch::Tensor integers = torch::zeros({2, 3}, torch::kInt64);
    const auto fails = [](const char* path, const char* why) {
      return ThrowsMessage<Error>(AllOf(HasSubstr(path), HasSubstr(why)));
    };
    EXPECT_THAT([&] { agent("steps", number); }, fails("'agent/steps'", "missing"));
    EXPECT_THAT([&] { agent("text", number); }, fails("'agent/text'", "another type"));
    EXPECT_THAT([&] { agent("list", real); }, fails("'agent/list'", "not a number"));
    EXPECT_THAT([&] { agent("bias", longer); }, fails("'agent/bias'", "missing"));
    EXPECT_THAT([&] { agent("weights", longer); }, fails("'agent/weights'", "[2, 3]"));
    EXPECT_THAT([&] { agent("weights", integers); }, fails("'agent/weights'", "Long"));
    EXPECT_THAT([&] { agent.bytes("weights", raw); }, fails("'agent/weights'", "bytes"));
    EXPECT_THAT([&] { agent("chunk", frozen); }, fails("'agent/chunk'", "missing"));

    // a list of none takes any number, another as many as it has
    std::vector<int64_t> none, two(2), three(3);
    std::vector<double> reals;
    EXPECT_NO_THROW(agent("list", none)("list", two));
    EXPECT_THAT([&] { agent("list", three); }, fails("'agent/list'", "another size"));
    EXPECT_THAT([&] { agent("reals", reals); }, fails("'agent/reals'", "not a list"));
    EXPECT_NO_THROW(agent.require("list", true));
    EXPECT_THAT([&] { agent.require("list", false); }, fails("'agent/list'", "cannot have"));
  });
}

}  // namespace
}  // namespace accumbens
