#include "accumbens/run/checkpointer.h"

#include <fcntl.h>
#include <stdio.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <system_error>

#include "accumbens/core/digest.h"
#include "accumbens/core/output_file.h"
#include "accumbens/core/safetensors.h"

namespace accumbens {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFormat = "accumbens checkpoint 1";
constexpr uintmax_t kMostManifest = 1ULL << 28;  // bytes
constexpr const char* kTensorName = "chunk";     // the name inside a chunk's file
constexpr const char* kNewChunk = "new.tmp";     // a chunk that has no name yet
constexpr const char* kReplaced = ".replaced";   // a checkpoint that stepped aside

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error("cannot read " + path.string() + ": " + what);
}

void check_content(const fs::path& path, const FileContent& content, const nlohmann::json& entry) {
  if (content.size != entry.at("size").get<int64_t>() ||
      content.digest != entry.at("xxh128").get_ref<const std::string&>()) {
    fail(path, "its content is not what was written");
  }
}

// what is in a directory, as far as it can be read
std::vector<fs::path> entries_of(const fs::path& directory, std::error_code& error) {
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    entries.push_back(entry->path());
  }
  return entries;
}

// a wrong size is found before anything is read
void check_size(const fs::path& path, const nlohmann::json& entry) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) fail(path, error.message());
  const auto expected = entry.at("size").get<uint64_t>();
  if (size != expected) {
    fail(path, "it has " + std::to_string(size) + " bytes where " + std::to_string(expected) +
                   " were written");
  }
}

// whether a file is there but cannot be opened, or read to its end, whatever it holds
bool is_out_of_reach(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return static_cast<bool>(error);
  if (!fs::is_regular_file(path, error)) return false;
  std::ifstream file(path, std::ios::binary);
  file.ignore(std::numeric_limits<std::streamsize>::max());
  return !file.eof();
}

std::string read_text(const fs::path& path, uintmax_t most) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) fail(path, error.message());
  if (size > most) fail(path, "it is larger than any that is written");
  std::string text(size, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(text.data(), static_cast<std::streamsize>(size))) fail(path, "it is unreadable");
  return text;
}

std::string json_text(const fs::path& path, const nlohmann::json& json) {
  try {
    return json.dump(1) + "\n";
  } catch (const nlohmann::json::exception&) {
    throw Error("cannot write " + path.string() + ": a string in the state is not UTF-8");
  }
}

nlohmann::json write_text(const fs::path& path, const std::string& text) {
  OutputFile file(path);
  file.write(text);
  file.close();
  return {{"size", text.size()}, {"xxh128", digest_of(text)}};
}

// the manifest vouches for all other files, and its own digest for itself
std::string manifest_text(const fs::path& path, nlohmann::json manifest) {
  manifest.erase("xxh128");
  manifest["xxh128"] = digest_of(json_text(path, manifest));
  return json_text(path, manifest);
}

// puts a new directory where it belongs; one that is already there ends up at `from` or `aside`
void put_in_place(const fs::path& from, const fs::path& to, const fs::path& aside) {
  if (fs::exists(to)) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) return;
    const std::error_code error(errno, std::generic_category());

    // not every file system can exchange; if no new one follows, the old one is found aside
    if (error != std::errc::invalid_argument && error != std::errc::function_not_supported &&
        error != std::errc::not_supported) {
      throw fs::filesystem_error("cannot exchange", from, to, error);
    }
    fs::remove_all(aside);
    fs::rename(to, aside);
  }
  fs::rename(from, to);
}

// a removal that is interrupted leaves a leftover, not a damaged checkpoint
void remove_checkpoint(const fs::path& path) {
  const fs::path removed = path.string() + ".tmp";
  std::error_code error;
  fs::remove_all(removed, error);
  fs::rename(path, removed, error);
  fs::remove_all(error ? path : removed, error);
}

}  // namespace

Checkpointer::Checkpointer(fs::path directory, int64_t keep)
    : directory_(std::move(directory)), keep_(keep) {
  if (keep_ < 1) throw std::invalid_argument("Checkpointer keeps at least one checkpoint");
}

fs::path Checkpointer::place_of(int64_t id) const {
  return directory_ / ("ckpt." + std::to_string(id));
}

fs::path Checkpointer::checkpoint_path(int64_t id) const {
  // in its place, unless it stepped aside for one that never came
  const fs::path place = place_of(id);
  const fs::path aside = place.string() + kReplaced;
  std::error_code error;
  return !fs::exists(place, error) && !error && fs::exists(aside, error) ? aside : place;
}

fs::path Checkpointer::chunk_path(const std::string& digest) const {
  return directory_ / "chunks" / (digest + ".safetensors");
}

std::vector<int64_t> Checkpointer::ids() const {
  std::error_code error;
  const std::vector<fs::path> entries = entries_of(directory_, error);
  if (error && error != std::errc::no_such_file_or_directory) fail(directory_, error.message());
  std::set<int64_t> ids;
  for (const fs::path& entry : entries) {
    const bool aside = entry.extension() == kReplaced;
    const std::string name = (aside ? entry.stem() : entry.filename()).string();
    if (!name.starts_with("ckpt.")) continue;
    int64_t id = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + 5, end, id);
    if (parsed.ec == std::errc() && parsed.ptr == end && id >= 0) ids.insert(id);
  }
  return {ids.begin(), ids.end()};
}

void Checkpointer::require_writable() const {
  // by trying; what a kill would leave are leftovers
  std::error_code ignored;
  const bool was_there = fs::exists(directory_, ignored);
  make_directories(directory_);
  const auto try_in = [&](const fs::path& folder, const char* name) {
    OutputFile(folder / name).close();
    fs::remove(folder / name, ignored);
  };
  try_in(directory_, "ckpt.tmp");
  if (fs::exists(directory_ / "chunks", ignored)) try_in(directory_ / "chunks", kNewChunk);
  if (!was_there) fs::remove(directory_, ignored);
}

void Checkpointer::write(StateTree& saved, int64_t id, const nlohmann::json& summary) {
  if (id < 0) throw std::invalid_argument("a checkpoint's id is not negative");
  if (!removed_leftovers_) remove_leftovers();
  removed_leftovers_ = true;

  // what is written last must be the newest
  for (const int64_t other : ids()) {
    if (other > id && !damaged_.contains(other)) {
      throw Error("cannot write checkpoint " + std::to_string(id) + ": " + directory_.string() +
                  " already holds the newer " + std::to_string(other) +
                  "; continue that run, or use a new --base_dir");
    }
  }

  const fs::path place = place_of(id);
  const fs::path beside = place.string() + ".tmp";
  const fs::path aside = place.string() + kReplaced;
  try {
    // new chunks first, so that a manifest names only what is there
    make_directories(directory_ / "chunks");
    const nlohmann::json frozen = write_frozen(saved.contents().frozen);
    sync_directory(directory_ / "chunks");

    // the files, then the manifest that vouches for them
    make_directories(beside);
    const FileContent tensors =
        write_safetensors(beside / "tensors.safetensors", saved.contents().tensors);
    const nlohmann::json state = write_text(
        beside / "state.json", json_text(beside / "state.json", saved.contents().values));
    const nlohmann::json manifest = {
        {"format", kFormat},
        {"id", id},
        {"summary", summary},
        {"files",
         {{"state.json", state},
          {"tensors.safetensors", {{"size", tensors.size}, {"xxh128", tensors.digest}}}}},
        {"frozen", frozen}};
    write_text(beside / "manifest.json", manifest_text(beside / "manifest.json", manifest));
    sync_directory(beside);

    // all at once
    put_in_place(beside, place, aside);
    sync_directory(directory_);
  } catch (const std::exception& error) {
    std::error_code ignored;
    fs::remove_all(beside, ignored);
    remove_unused_chunks();
    if (const auto* file_error = dynamic_cast<const fs::filesystem_error*>(&error)) {
      throw Error("cannot write " + place.string() + ": " + file_error->code().message());
    }
    throw;
  }

  // the one that was replaced
  std::error_code ignored;
  fs::remove_all(beside, ignored);
  fs::remove_all(aside, ignored);
  damaged_.erase(id);
  remove_old();
  remove_unused_chunks();
}

nlohmann::json Checkpointer::write_frozen(const std::map<std::string, FrozenTensor>& frozen) {
  nlohmann::json entries = nlohmann::json::object();
  for (const auto& [key, tensor] : frozen) {
    // known and still there: nothing to do
    const std::map<std::string, torch::Tensor> chunk{{kTensorName, tensor.data}};
    if (!tensor.digest->empty()) {
      const int64_t size = safetensors_size(chunk);
      std::error_code error;
      if (fs::file_size(chunk_path(*tensor.digest), error) == static_cast<uintmax_t>(size)) {
        entries[key] = {{"size", size}, {"xxh128", *tensor.digest}};
        continue;
      }
    }

    // written beside, then named after its content
    const fs::path beside = directory_ / "chunks" / kNewChunk;
    const FileContent content = write_safetensors(beside, chunk);
    fs::rename(beside, chunk_path(content.digest));
    *tensor.digest = content.digest;
    entries[key] = {{"size", content.size}, {"xxh128", content.digest}};
  }
  return entries;
}

nlohmann::json Checkpointer::read_manifest(int64_t id) const {
  const fs::path path = checkpoint_path(id) / "manifest.json";
  const std::string text = read_text(path, kMostManifest);

  // deeper ones are not of this program, and would take a stack as deep
  constexpr int kDepth = 8;
  const auto shallow = [](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
    return depth <= kDepth;
  };
  const auto manifest = nlohmann::json::parse(text, shallow, /*allow_exceptions=*/false);
  if (!manifest.is_object() || manifest_text(path, manifest) != text) {
    fail(path, "its content is not what was written");
  }
  if (manifest.value("format", "") != kFormat) {
    fail(path, "it was written by another version of this program");
  }
  return manifest;
}

Checkpointer::Loaded Checkpointer::read(int64_t id) const {
  fs::path file;
  return read(id, file);
}

// file: the one that is being read
Checkpointer::Loaded Checkpointer::read(int64_t id, fs::path& file) const {
  const fs::path place = checkpoint_path(id);
  file = place / "manifest.json";
  std::error_code error;
  if (!fs::exists(place, error) && !error) {
    std::string known;
    for (const int64_t other : ids()) known += (known.empty() ? "" : ", ") + std::to_string(other);
    throw Error("there is no checkpoint " + std::to_string(id) + " in " + directory_.string() +
                (known.empty() ? ", nor any other" : "; there are " + known));
  }

  try {
    const nlohmann::json manifest = read_manifest(id);
    // sizes first: they are cheap
    const auto& files = manifest.at("files");
    const auto& frozen = manifest.at("frozen").get_ref<const nlohmann::json::object_t&>();
    for (const char* name : {"state.json", "tensors.safetensors"}) {
      file = place / name;
      check_size(file, files.at(name));
    }
    for (const auto& [key, entry] : frozen) {
      file = chunk_path(entry.at("xxh128"));
      check_size(file, entry);
    }

    // numbers and strings
    Loaded loaded{manifest.at("id").get<int64_t>(), manifest.at("summary"), {}};
    file = place / "state.json";
    const std::string text = read_text(file, files.at("state.json").at("size").get<uintmax_t>());
    check_content(file, {static_cast<int64_t>(text.size()), digest_of(text)},
                  files.at("state.json"));
    loaded.contents.values = nlohmann::json::parse(text);

    // tensors
    file = place / "tensors.safetensors";
    Safetensors tensors = read_safetensors(file);
    check_content(file, tensors.content, files.at("tensors.safetensors"));
    loaded.contents.tensors = std::move(tensors.tensors);

    // frozen tensors, which need not be written again
    for (const auto& [key, entry] : frozen) {
      if (!reads_chunks_) break;
      const auto& digest = entry.at("xxh128").get_ref<const std::string&>();
      file = chunk_path(digest);
      Safetensors chunk = read_safetensors(file);
      check_content(file, chunk.content, entry);
      loaded.contents.frozen.emplace(
          key, FrozenTensor{chunk.tensors[kTensorName], std::make_shared<std::string>(digest)});
    }
    return loaded;
  } catch (const nlohmann::json::exception&) {
    fail(place, "it is not a checkpoint of this program");
  }
}

std::optional<Checkpointer::Loaded> Checkpointer::read_newest(
    const std::function<void(const std::string&)>& warn) {
  std::vector<int64_t> newest_first = ids();
  std::reverse(newest_first.begin(), newest_first.end());
  for (const int64_t id : newest_first) {
    fs::path file;
    try {
      return read(id, file);
    } catch (const Error& error) {
      if (is_out_of_reach(file)) throw;  // which does not say that it is damaged
      damaged_.insert(id);
      warn("checkpoint " + std::to_string(id) + " is skipped: " + error.what());
    }
  }
  return std::nullopt;
}

void Checkpointer::remove_leftovers() const {
  std::error_code error;
  for (const fs::path& path : entries_of(directory_, error)) {
    const std::string name = path.filename().string();
    const bool was_replaced =
        path.extension() == kReplaced && fs::exists(fs::path(path).replace_extension(), error);
    if (name.starts_with("ckpt.") && (name.ends_with(".tmp") || was_replaced)) {
      fs::remove_all(path, error);
    }
  }
  fs::remove(directory_ / "chunks" / kNewChunk, error);
}

void Checkpointer::remove_old() {
  for (const int64_t id : damaged_) remove_checkpoint(checkpoint_path(id));
  damaged_.clear();
  const std::vector<int64_t> all = ids();
  for (size_t i = 0; i + keep_ < all.size(); ++i) remove_checkpoint(checkpoint_path(all[i]));
}

void Checkpointer::remove_unused_chunks() const {
  // as long as one manifest cannot be read, any chunk may be in use
  std::set<fs::path> used;
  try {
    for (const int64_t id : ids()) {
      if (damaged_.contains(id)) continue;
      const nlohmann::json manifest = read_manifest(id);
      for (const auto& [key, entry] : manifest.at("frozen").items()) {
        used.insert(chunk_path(entry.at("xxh128")).filename());
      }
    }
  } catch (const std::exception&) {
    return;
  }

  std::error_code error;
  for (const fs::path& path : entries_of(directory_ / "chunks", error)) {
    if (!used.contains(path.filename())) fs::remove(path, error);
  }
}

}  // namespace accumbens
