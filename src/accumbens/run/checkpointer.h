#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "accumbens/core/state_tree.h"

namespace accumbens {

/// Checkpoints in a directory, each whole or not there at all:
///
///   ckpt.<id>/manifest.json        the files' sizes and digests, the frozen tensors, a summary
///   ckpt.<id>/state.json           numbers and strings, by path
///   ckpt.<id>/tensors.safetensors  tensors, by path
///   chunks/<digest>.safetensors    frozen tensors, written once and shared
///
/// A checkpoint is written beside its place, synced and renamed. Where the file system cannot
/// exchange it with one of the same id, that one steps aside first, and is found there as
/// ckpt.<id>.replaced until the new one is in place. A digest is what `xxh128sum` prints for the
/// file.
class Checkpointer {
 public:
  /// A checkpoint that was read whole.
  struct Loaded {
    int64_t id = 0;                // as it was written
    nlohmann::json summary;        // as it was written
    StateTree::Contents contents;  // tensors on the CPU
  };

  /// Touches nothing until the first write. keep: how many complete checkpoints stay, at least 1.
  explicit Checkpointer(std::filesystem::path directory, int64_t keep = 2);

  /// Throws Error that says why if write() could not write. Leaves everything as it is.
  void require_writable() const;

  /// Writes a saved tree. The id grows with time (agent steps or a running number); an equal id
  /// replaces. Chunks whose digest the tree knows and that are on disk are not written again.
  /// Throws Error if it cannot, and then the older checkpoints are as before.
  void write(StateTree& saved, int64_t id, const nlohmann::json& summary);

  /// The newest checkpoint whose every size and digest is right; nullopt if there is none. Each
  /// damaged one on the way is reported in one sentence that names the file, and makes room for
  /// the next that is written. Throws Error for one with a file that is there but cannot be opened
  /// or read: it may be whole.
  std::optional<Loaded> read_newest(const std::function<void(const std::string&)>& warn);

  /// One checkpoint. Throws Error if it is not there or is damaged.
  Loaded read(int64_t id) const;

  /// From now on chunks are not read, only looked for: for whoever needs the rest alone.
  void read_no_chunks() { reads_chunks_ = false; }

  /// The checkpoints there are, in rising order, damaged ones included.
  std::vector<int64_t> ids() const;

 private:
  std::filesystem::path place_of(int64_t id) const;
  std::filesystem::path checkpoint_path(int64_t id) const;
  std::filesystem::path chunk_path(const std::string& digest) const;
  nlohmann::json read_manifest(int64_t id) const;
  Loaded read(int64_t id, std::filesystem::path& file) const;
  nlohmann::json write_frozen(const std::map<std::string, FrozenTensor>& frozen);
  void remove_leftovers() const;
  void remove_old();
  void remove_unused_chunks() const;

  std::filesystem::path directory_;
  int64_t keep_;
  bool reads_chunks_ = true;
  bool removed_leftovers_ = false;
  std::set<int64_t> damaged_;
};

}  // namespace accumbens
