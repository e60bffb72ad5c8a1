#include "accumbens/config/gin_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <variant>

#include "accumbens/config/nearest_name.h"
#include "accumbens/config/value.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;

// the files beside a missing one, for the nearest name
std::string did_you_mean_file(const fs::path& file) {
  std::vector<std::string> names;
  std::error_code error;
  const fs::path directory = file.has_parent_path() ? file.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  const std::string nearest = nearest_name(file.filename().string(), names);
  if (nearest.empty()) return "";
  return "; did you mean '" + (file.parent_path() / nearest).string() + "'?";
}

}  // namespace

void GinFiles::read(const std::string& file) {
  read(file, nullptr);
}

void GinFiles::add(const std::string& text, const std::string& name) {
  collect(parse_gin(text, name), "");
}

void GinFiles::read(const std::string& file, const SourceLocation* named_at) {
  const auto fail = [&](const std::string& message) {
    if (named_at) throw error_at(*named_at, message);
    throw ConfigError("--gin_files: " + message);
  };

  // files that include one file twice, which does the same, would have no end
  constexpr int64_t kMostFiles = 1'000;
  if (++num_files_ > kMostFiles) {
    fail("more than " + std::to_string(kMostFiles) + " files are included");
  }

  // a directory opens but does not read
  std::error_code error;
  if (!fs::exists(file, error)) {
    const bool missing = !error || error == std::errc::no_such_file_or_directory;
    fail(missing ? "there is no file '" + file + "'" + did_you_mean_file(file)
                 : "the file '" + file + "' cannot be opened: " + error.message());
  }
  if (fs::is_directory(file, error)) fail("'" + file + "' is a directory, not a file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) fail("the file '" + file + "' cannot be opened");

  // some devices have no end
  constexpr size_t kLargest = size_t{16} << 20;
  std::string text;
  for (std::istreambuf_iterator<char> at(stream), end; at != end; ++at) {
    text += *at;
    if (text.size() > kLargest) fail("'" + file + "' is larger than 16 MB: no configuration is");
  }

  const std::string canonical = fs::weakly_canonical(file, error).string();
  if (std::ranges::find(including_, canonical) != including_.end()) {
    fail("the file '" + file + "' includes itself");
  }
  including_.push_back(canonical);
  collect(parse_gin(text, file), fs::path(file).parent_path().string());
  including_.pop_back();
}

void GinFiles::collect(std::vector<Statement> statements, const std::string& directory) {
  for (Statement& statement : statements) {
    if (auto* binding = std::get_if<BindingStatement>(&statement)) {
      bindings_.push_back(std::move(*binding));
    } else if (const auto* include = std::get_if<IncludeStatement>(&statement)) {
      read((fs::path(directory) / include->file).string(), &include->location);
    } else if (const auto* import = std::get_if<ImportStatement>(&statement)) {
      if (import->module.starts_with("accumbens.")) continue;
      const std::string* stands_for = registry_.module(import->module);
      if (!stands_for) {
        warnings_.push_back(place(import->location) + ": the import of '" + import->module +
                            "' has no effect: Python modules are not loaded" +
                            did_you_mean(import->module, registry_.module_names()));
        continue;
      }
      for (Statement& implied : parse_gin(*stands_for, import->module)) {
        auto& binding = std::get<BindingStatement>(implied);
        binding.location = binding.parameter_location = binding.value_location = import->location;
        binding.implied = true;

        // whatever is bound anywhere goes before what an import stands for
        bindings_.insert(bindings_.begin(), std::move(binding));
      }
    }
  }
}

}  // namespace accumbens
