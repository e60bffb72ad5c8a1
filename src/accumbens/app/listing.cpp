#include "accumbens/app/listing.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <vector>

#include "accumbens/envs/factory.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;

void print(const std::string& name, const std::string& summary) {
  std::cout << name << std::string(name.size() < 28 ? 28 - name.size() : 1, ' ') << summary << '\n';
}

int list_configs() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(ACCUMBENS_CONFIG_DIR)) {
    if (entry.path().extension() == ".gin") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) std::cout << file.string() << '\n';
  return 0;
}

}  // namespace

int list(const Catalogue& catalogue, const std::string& what) {
  if (what == "configs") return list_configs();
  if (what == "agents") {
    for (const auto& [name, entry] : catalogue.agents) print(name, entry.summary);
  } else if (what == "networks") {
    for (const auto& [name, entry] : catalogue.networks) print(name, entry.summary);
  } else {
    for (const std::string& name : known_environments()) std::cout << name << '\n';
  }
  return 0;
}

}  // namespace accumbens
