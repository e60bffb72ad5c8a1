#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "accumbens/config/configuration.h"
#include "config/golden_values.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// the configurables and constants of tests/oracles/gin_files.py

struct AgentOptions {
  double gamma = 0.5;
  int64_t period = 4;
  bool flag = false;
  std::string name = "a";
  std::vector<int64_t> shape{1, 2};
  std::optional<Reference> network;

  template <class Visitor>
  void fields(Visitor& field) {
    field("gamma", gamma, "");
    field("period", period, "");
    field("flag", flag, "");
    field("name", name, "");
    field("shape", shape, "");
    field("network", network, "");
  }
};

struct EnvOptions {
  std::string name = "one";
  int64_t size = 1;

  template <class Visitor>
  void fields(Visitor& field) {
    field("name", name, "");
    field("size", size, "");
  }
};

struct OtherEnvOptions {
  std::string name = "two";
  int64_t size = 2;

  template <class Visitor>
  void fields(Visitor& field) {
    field("name", name, "");
    field("size", size, "");
  }
};

// values as the script writes them, but references by their name alone
std::map<std::string, Value> received(const AgentOptions& options) {
  ListValue shape{.tuple = true, .items = {options.shape.begin(), options.shape.end()}};
  Value network;
  if (options.network) {
    network = options.network->name.substr(options.network->name.rfind('/') + 1);
  }
  return {{"gamma", options.gamma}, {"period", options.period}, {"flag", options.flag},
          {"name", options.name},   {"shape", shape},           {"network", network}};
}
template <class Env>
std::map<std::string, Value> received_env(const Env& options) {
  return {{"name", options.name}, {"size", options.size}};
}

class GinFiles : public testing::Test {
 protected:
  GinFiles() : folder_(fs::path(ACCUMBENS_BINARY_DIR) / "tests" / "gin_files") {
    registry_.add<AgentOptions>("Agent", {.modules = {"lib.agents"}});
    registry_.add<EnvOptions>("Env", {.modules = {"lib.one"}});
    registry_.add<OtherEnvOptions>("Env", {.modules = {"lib.two"}});
    registry_.add_reference("Small", {.modules = {"lib.nets"}});
    registry_.add_reference("Large", {.modules = {"lib.nets"}});
    registry_.add_constant("lib.SIZE", 7);
    registry_.add_constant("other.SIZE", 8);
    registry_.add_constant("lib.SHAPE", tuple_of({3, 4}));
    registry_.add_constant("lib.RATE", 0.25);
  }

  void expect_parsed(const std::string& text, const json& expected) {
    std::vector<Statement> statements;
    std::string error;
    try {
      statements = parse_gin(text, "a.gin");
    } catch (const ConfigError& refused) {
      error = refused.what();
    }
    ASSERT_EQ(!error.empty(), expected.is_null()) << text << "\n" << error;
    if (!error.empty()) return;

    ASSERT_EQ(statements.size(), expected.size()) << text;
    for (size_t i = 0; i < statements.size(); ++i) {
      const json& want = expected[i];
      if (const auto* binding = std::get_if<BindingStatement>(&statements[i])) {
        ASSERT_EQ(want[0], "bind") << text;
        EXPECT_EQ(want[1], binding->scope) << text;
        EXPECT_EQ(want[2], binding->name) << text;
        EXPECT_EQ(want[3], binding->parameter) << text;
        EXPECT_TRUE(value_of_json(want[4]) == binding->value)
            << text << "\nwas read as " << gin_text(binding->value);
      } else if (const auto* import = std::get_if<ImportStatement>(&statements[i])) {
        EXPECT_EQ(want, json::array({"import", import->module})) << text;
      } else {
        EXPECT_EQ(want, json::array({"include", std::get<IncludeStatement>(statements[i]).file}))
            << text;
      }
    }
  }

  void expect_resolved(const json& files, const json& expected) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::string texts;
    for (const auto& [name, text] : files.items()) {
      std::ofstream(folder_ / name, std::ios::binary) << text.get<std::string>();
      texts += name + ":\n" + text.get<std::string>() + "\n";
    }
    std::optional<Configuration> configuration;
    std::string error;
    try {
      configuration.emplace(registry_, std::vector{(folder_ / "a.gin").string()},
                            std::vector<std::string>{});
    } catch (const ConfigError& refused) {
      error = refused.what();
    }
    ASSERT_EQ(!configuration, expected.is_null()) << texts << error;
    if (!configuration) return;

    for (const auto& [name, parameters] : expected.items()) {
      std::map<std::string, Value> values;
      std::string missing;
      try {
        values = name.ends_with("Agent") ? received(configuration->get<AgentOptions>(name))
                 : name.ends_with("one.Env")
                     ? received_env(configuration->get<EnvOptions>(name))
                     : received_env(configuration->get<OtherEnvOptions>(name));
      } catch (const ConfigError& required) {
        missing = required.what();
      }
      ASSERT_EQ(!missing.empty(), parameters.is_null()) << texts << name << "\n" << missing;
      for (const auto& [parameter, value] : values) {
        EXPECT_TRUE(value == value_of_json(parameters.at(parameter)))
            << texts << name << "." << parameter << " is " << gin_text(value);
      }
    }
  }

  Registry registry_;
  fs::path folder_;
};

// oracle: gin-config 0.5.0, tests/oracles/gin_files.py; ACCUMBENS_GIN_FILES names a longer list
TEST_F(GinFiles, AgreeWithGinConfigOnGeneratedAndDamagedFiles) {
  const char* longer = std::getenv("ACCUMBENS_GIN_FILES");
  std::ifstream stream(longer ? longer : ACCUMBENS_SOURCE_DIR "/tests/oracles/gin_files.json");
  const json cases = json::parse(stream);
  ASSERT_GE(cases.size(), 300u);
  for (const json& one : cases) {
    if (one[0] == "parse") {
      expect_parsed(one[1], one[2]);
    } else {
      expect_resolved(one[1], one[2]);
    }
  }
}

}  // namespace
}  // namespace accumbens
