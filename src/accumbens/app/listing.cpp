#include "accumbens/app/listing.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <vector>

#include "accumbens/app/config_folder.h"
#include "accumbens/core/error.h"
#include "accumbens/envs/factory.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;

void print(const std::string& name, const std::string& summary) {
  std::cout << name << std::string(name.size() < 28 ? 28 - name.size() : 1, ' ') << summary << '\n';
}

int list_configs() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(config_folder())) {
    if (entry.path().extension() == ".gin") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) std::cout << file.string() << '\n';
  return 0;
}

bool listed(const Configurable& configurable) {
  return !configurable.absent && !configurable.fields.empty();
}

std::string joined(const std::vector<std::string>& names, const std::string& quote) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + quote + name + quote;
  return text;
}

std::vector<std::string> keys(const std::map<std::string, std::string>& map) {
  std::vector<std::string> names;
  for (const auto& [key, value] : map) names.push_back(key);
  return names;
}

void print_verbose(const Configurable& configurable) {
  std::cout << configurable.name;
  if (!configurable.aliases.empty()) std::cout << " (" << joined(configurable.aliases, "") << ")";
  std::cout << ": " << configurable.summary << '\n';
  for (const Field& field : configurable.fields) {
    const std::string range = field.range_text();
    std::cout << "  " << field.name << " = " << field.default_text() << "  # " << field.type_text()
              << (range.empty() ? "" : ", " + range) << ": " << field.meaning << '\n';
  }
  for (const auto& [name, field] : configurable.renamed) {
    std::cout << "  " << name << ": the same as " << field << '\n';
  }
  if (!configurable.unused.empty()) {
    std::cout << "  without effect: " << joined(keys(configurable.unused), "") << '\n';
  }
  std::cout << '\n';
}

// a cell of a table
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

void print_markdown(const std::vector<const Configurable*>& configurables) {
  std::cout
      << "# Configuration\n\n"
         "Every parameter that a Gin file can bind, as `accumbens list --markdown` prints it. "
         "The\nlanguage of these files is described in [gin.md](gin.md).\n";
  for (const Configurable* configurable : configurables) {
    if (!listed(*configurable)) continue;
    std::cout << "\n## " << configurable->name << "\n\n" << configurable->summary << ".";
    if (!configurable->aliases.empty()) {
      std::cout << " Also named " << joined(configurable->aliases, "`") << ".";
    }
    if (!configurable->modules.empty()) {
      std::cout << " In " << joined(configurable->modules, "`") << ".";
    }
    std::cout << "\n\n| parameter | type | default | range | meaning |\n"
                 "| --- | --- | --- | --- | --- |\n";
    for (const Field& field : configurable->fields) {
      std::cout << "| `" << field.name << "` | " << field.type_text() << " | `"
                << field.default_text() << "` | " << cell(field.range_text()) << " | "
                << cell(field.meaning) << " |\n";
    }
    for (const auto& [name, field] : configurable->renamed) {
      std::cout << "\n`" << name << "` is another name of `" << field << "`.\n";
    }
    if (configurable->unused.empty()) continue;
    std::cout << "\nAccepted without effect, with a warning:\n\n";
    for (const auto& [name, reason] : configurable->unused) {
      const std::string silent = "no warning either, as other systems' files always bind it";
      std::cout << "- `" << name << "`: " << (reason.empty() ? silent : reason) << "\n";
    }
  }
  std::cout << "\n## Names of Dopamine without a counterpart\n\n"
               "Files that name them resolve, with a warning; they have no effect.\n\n"
               "| name | what it is |\n| --- | --- |\n";
  for (const Configurable* configurable : configurables) {
    if (!configurable->absent) continue;
    std::cout << "| `" << configurable->name << "` | " << cell(configurable->summary) << " |\n";
  }
}

}  // namespace

int list(const Catalogue& catalogue, const std::string& what, bool verbose, bool markdown) {
  const auto configurables = catalogue.registry.configurables();
  if (what.empty() && !verbose && !markdown) {
    throw ConfigError(
        "list what? agents, environments, networks or another kind of part, configs or "
        "configurables, or --verbose");
  }
  if (markdown) {
    print_markdown(configurables);
  } else if (verbose || what == "configurables") {
    for (const Configurable* configurable : configurables) {
      if (!listed(*configurable)) continue;
      if (verbose) {
        print_verbose(*configurable);
      } else {
        print(configurable->name, configurable->summary);
      }
    }
  } else if (what == "configs") {
    return list_configs();
  } else if (what == "agents") {
    for (const auto& [name, entry] : catalogue.agents) print(name, entry.summary);
  } else {
    const auto parts = catalogue.parts();
    if (!parts.contains(what)) {
      std::string kinds;
      for (const auto& [kind, names] : parts) kinds += ", " + kind;
      throw ConfigError("there is nothing named '" + what +
                        "' to list; there are agents, configs, configurables" + kinds);
    }
    for (const auto& [name, summary] : parts.at(what)) print("@" + name, summary);
    if (what == "environments") {
      for (const std::string& name : known_environments()) std::cout << name << '\n';
    }
  }
  return 0;
}

}  // namespace accumbens
