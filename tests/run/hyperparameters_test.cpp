#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "accumbens/config/configuration.h"
#include "accumbens/run/catalogue.h"

namespace accumbens {
namespace {

// a table of one parameter per line and one configuration per column
struct Table {
  struct Row {
    std::string parameter, unit;
    std::vector<std::string> cells;  // by file
  };
  std::vector<std::string> files;
  std::vector<Row> rows;
};

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream words(line + ",");
  for (std::string cell; std::getline(words, cell, ',');) cells.push_back(cell);
  return cells;
}

Table read_table(const std::string& name) {
  Table table;
  std::ifstream file(ACCUMBENS_SOURCE_DIR "/tests/run/" + name);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::vector<std::string> cells = split(line);
    const Table::Row row{cells.at(0), cells.at(1), {cells.begin() + 2, cells.end()}};
    if (table.files.empty()) {
      table.files = row.cells;
    } else {
      EXPECT_EQ(row.cells.size(), table.files.size()) << row.parameter;
      table.rows.push_back(row);
    }
  }
  return table;
}

// "0.01/32/32", or nothing for what is no number
std::optional<double> number(const std::string& cell) {
  std::optional<double> result;
  std::istringstream parts(cell);
  for (std::string part; std::getline(parts, part, '/');) {
    char* end = nullptr;
    const double value = std::strtod(part.c_str(), &end);
    if (part.empty() || *end != '\0') return std::nullopt;
    result = result ? *result / value : value;
  }
  return result;
}

std::optional<double> number(const Value& value) {
  if (const auto* integer = value.as<int64_t>()) return static_cast<double>(*integer);
  if (const auto* real = value.as<double>()) return *real;
  return std::nullopt;
}

// one configuration against its column, and what it binds against what the column has
void expect_column(const Catalogue& catalogue, const std::string& folder, const Table& table,
                   size_t column) {
  const Configuration configuration(
      catalogue.registry,
      {ACCUMBENS_SOURCE_DIR "/configs/" + folder + "/" + table.files[column] + ".gin"}, {});
  const auto name = *configuration.value("create_agent", "agent_name").as<std::string>();
  const std::string agent = catalogue.agents.at(name).options;
  const std::string network = configuration.value(agent, "network").as<ReferenceValue>()->name;

  std::set<std::string> pinned;
  for (const auto& [parameter, unit, cells] : table.rows) {
    const std::string& cell = cells[column];
    if (cell.empty()) continue;
    const size_t dot = parameter.find('.');
    std::string configurable = parameter.substr(0, dot);
    if (configurable == "agent") configurable = agent;
    if (configurable == "network") configurable = network;
    const std::string key = configurable + parameter.substr(dot);
    SCOPED_TRACE(key);
    pinned.insert(key);

    const Value value = configuration.value(configurable, parameter.substr(dot + 1));
    if (const auto expected = number(cell)) {
      const auto actual = number(value);
      ASSERT_TRUE(actual) << gin_text(value);

      // an agent step is 4 frames
      const double right = unit == "frames" ? *expected / 4.0 : *expected;
      EXPECT_NEAR(*actual, right, 1e-12 * right);
    } else {
      EXPECT_EQ(gin_text(value), cell);
    }
  }

  // whatever else is bound has no place in the table
  for (const Configurable* configurable : catalogue.registry.configurables()) {
    if (configurable->absent || configuration.bound_at(configurable->name).empty()) continue;
    for (const Field& field : configurable->fields) {
      const std::string key = configurable->name + "." + field.name;
      if (!configuration.bound(configurable->name, field.name)) continue;
      EXPECT_TRUE(pinned.contains(key)) << key << " is bound, but not in the table";
    }
  }
}

// oracle: DQN Zoo's flags, in frames, as dqn_zoo_hyperparameters.csv copies them by hand
TEST(Hyperparameters, OfDqnZoosFilesAreDqnZoos) {
  const Catalogue catalogue;
  const Table table = read_table("dqn_zoo_hyperparameters.csv");
  std::set<std::string> files;
  for (size_t column = 0; column < table.files.size(); ++column) {
    SCOPED_TRACE(table.files[column]);
    files.insert(table.files[column]);
    expect_column(catalogue, "dqn_zoo", table, column);
  }
  std::set<std::string> there;
  for (const auto& entry :
       std::filesystem::directory_iterator(ACCUMBENS_SOURCE_DIR "/configs/dqn_zoo")) {
    there.insert(entry.path().stem().string());
  }
  EXPECT_EQ(files, there);
}

// oracle: Dopamine's own files and defaults, as dopamine_hyperparameters.csv copies them by hand
TEST(Hyperparameters, OfDopaminesAtariFilesAreDopamines) {
  const Catalogue catalogue;
  const Table table = read_table("dopamine_hyperparameters.csv");
  EXPECT_EQ(table.files.size(), 11U);
  for (size_t column = 0; column < table.files.size(); ++column) {
    SCOPED_TRACE(table.files[column]);
    expect_column(catalogue, "dopamine", table, column);
  }
}

}  // namespace
}  // namespace accumbens
