#include "accumbens/run/checkpointer.h"

#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <torch/types.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <limits>
#include <thread>

#include "accumbens/core/digest.h"
#include "accumbens/core/random.h"
#include "run/test_files.h"

namespace accumbens {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// a run in small: numbers, tensors, and memory that fills chunk by chunk
struct Owner {
  int64_t step = 0;
  double loss = -std::numeric_limits<double>::infinity();
  std::string game = "Pong \"x\" \xc3\xa4";
  std::string raw = std::string("\0\xff\n", 3);
  torch::Tensor weights = torch::arange(12, torch::kFloat32).reshape({3, 4});
  std::vector<FrozenTensor> chunks;

  void state(StateTree& tree) {
    tree("step", step)("loss", loss)("game", game)("weights", weights);
    tree.bytes("raw", raw);
    auto count = static_cast<int64_t>(chunks.size());
    tree("count", count);
    chunks.resize(count);
    for (int64_t i = 0; i < count; ++i) tree("chunk" + std::to_string(i), chunks[i]);
  }

  // one more step, which changes everything and fills one more chunk
  void advance(int64_t chunk_size = 64) {
    ++step;
    loss = 0.1 * static_cast<double>(step);
    weights = weights + 1;
    chunks.push_back({torch::full({chunk_size}, step, torch::kUInt8)});
  }
};

void save(Checkpointer& checkpointer, Owner& owner) {
  StateTree tree;
  tree("owner", owner);
  checkpointer.write(tree, owner.step, {{"agent_steps", owner.step}});
}

Owner load(Checkpointer::Loaded loaded) {
  Owner owner;
  StateTree tree(std::move(loaded.contents));
  tree("owner", owner);
  return owner;
}

Owner owner_at(int64_t step, int64_t chunk_size = 64) {
  Owner owner;
  while (owner.step < step) owner.advance(chunk_size);
  return owner;
}

void expect_equal(const Owner& actual, const Owner& expected) {
  EXPECT_EQ(actual.step, expected.step);
  EXPECT_EQ(actual.loss, expected.loss);
  EXPECT_EQ(actual.game, expected.game);
  EXPECT_EQ(actual.raw, expected.raw);
  EXPECT_TRUE(torch::equal(actual.weights, expected.weights));
  ASSERT_EQ(actual.chunks.size(), expected.chunks.size());
  for (size_t i = 0; i < actual.chunks.size(); ++i) {
    EXPECT_TRUE(torch::equal(actual.chunks[i].data, expected.chunks[i].data)) << i;
  }
}

std::optional<Checkpointer::Loaded> read_newest(const fs::path& path,
                                                std::vector<std::string>& warnings) {
  warnings.clear();
  return Checkpointer(path).read_newest(
      [&](const std::string& warning) { warnings.push_back(warning); });
}

std::vector<fs::path> files_below(const fs::path& path) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::map<fs::path, ino_t> inodes(const fs::path& path) {
  std::map<fs::path, ino_t> inodes;
  for (const auto& file : files_below(path)) {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0);
    inodes[file] = status.st_ino;
  }
  return inodes;
}

// oracle: what was saved
TEST(Checkpointer, WhatWasWrittenIsRead) {
  const TemporaryDirectory directory;
  Checkpointer checkpointer(directory / "checkpoints");
  Owner owner = owner_at(3);
  save(checkpointer, owner);

  std::vector<std::string> warnings;
  auto loaded = read_newest(directory / "checkpoints", warnings);
  ASSERT_TRUE(loaded);
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_EQ(loaded->id, 3);
  EXPECT_EQ(loaded->summary, nlohmann::json({{"agent_steps", 3}}));
  expect_equal(load(std::move(*loaded)), owner_at(3));
}

// oracle: what was saved, less the chunks
TEST(Checkpointer, ChunksMayBeLeftOut) {
  const TemporaryDirectory directory;
  Checkpointer checkpointer(directory.path());
  Owner owner = owner_at(3);
  save(checkpointer, owner);
  StateTree::Contents all = checkpointer.read(3).contents;
  EXPECT_FALSE(all.frozen.empty());
  checkpointer.read_no_chunks();
  const StateTree::Contents rest = checkpointer.read(3).contents;
  EXPECT_TRUE(rest.frozen.empty());
  EXPECT_EQ(rest.values, all.values);
  EXPECT_EQ(rest.tensors.size(), all.tensors.size());
}

// oracle: no directory, no checkpoint
TEST(Checkpointer, AnEmptyPlaceHasNoneAndStaysEmpty) {
  const TemporaryDirectory directory;
  std::vector<std::string> warnings;
  EXPECT_FALSE(read_newest(directory / "checkpoints", warnings));
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_FALSE(fs::exists(directory / "checkpoints"));
  EXPECT_THROW(Checkpointer(directory / "checkpoints").read(5), Error);
}

// oracle: the two newest of five; files by hand
TEST(Checkpointer, OldCheckpointsAndTheirChunksGo) {
  const TemporaryDirectory directory;
  Checkpointer checkpointer(directory.path(), /*keep=*/2);
  Owner owner;
  for (int64_t step = 1; step <= 5; ++step) {
    owner.advance();
    if (owner.chunks.size() > 2) owner.chunks.erase(owner.chunks.begin());
    save(checkpointer, owner);
  }
  EXPECT_THAT(checkpointer.ids(), ElementsAre(4, 5));

  // chunks 3, 4 and 5 are named; 1 and 2 are not
  EXPECT_EQ(files_below(directory / "chunks").size(), 3U);
  EXPECT_EQ(load(checkpointer.read(4)).chunks[0].data[0].item<int64_t>(), 3);
}

// oracle: inode numbers; a file that is written again gets another one
TEST(Checkpointer, OnlyNewChunksAreWritten) {
  const TemporaryDirectory directory;
  Checkpointer checkpointer(directory.path());
  Owner owner = owner_at(3);
  save(checkpointer, owner);
  const auto before = inodes(directory / "chunks");
  ASSERT_EQ(before.size(), 3U);

  owner.advance();
  save(checkpointer, owner);
  auto after = inodes(directory / "chunks");
  EXPECT_EQ(after.size(), 4U);
  for (const auto& [path, inode] : before) EXPECT_EQ(after[path], inode) << path;

  // nor are they after a resume
  Checkpointer resumed(directory.path());
  Owner again = load(*resumed.read_newest([](const std::string&) {}));
  again.advance();
  save(resumed, again);
  auto last = inodes(directory / "chunks");
  EXPECT_EQ(last.size(), 5U);
  for (const auto& [path, inode] : after) EXPECT_EQ(last[path], inode) << path;
  expect_equal(load(resumed.read(5)), owner_at(5));
}

// oracle: the digest of each file is its name
TEST(Checkpointer, ChunksAreNamedAfterTheirContent) {
  const TemporaryDirectory directory;
  Checkpointer checkpointer(directory.path());
  Owner owner = owner_at(3);
  save(checkpointer, owner);
  ASSERT_EQ(files_below(directory / "chunks").size(), 3U);
  for (const auto& file : files_below(directory / "chunks")) {
    EXPECT_EQ(file.stem().string(), digest_of(read_file(file)));
  }
}

// oracle: the chunk itself, which is still in memory
TEST(Checkpointer, AKnownChunkThatVanishedIsWrittenAgain) {
  const TemporaryDirectory directory;
  Checkpointer checkpointer(directory.path());
  Owner owner = owner_at(2);
  save(checkpointer, owner);
  fs::remove(files_below(directory / "chunks")[0]);
  fs::resize_file(files_below(directory / "chunks")[0], 50);
  owner.step = 3;
  save(checkpointer, owner);
  EXPECT_EQ(load(checkpointer.read(3)).chunks.size(), 2U);
}

// oracle: the later state
TEST(Checkpointer, AnEqualIdReplacesAndASmallerOneIsRefused) {
  const TemporaryDirectory directory;
  Checkpointer checkpointer(directory.path());
  Owner owner = owner_at(3);
  save(checkpointer, owner);
  owner.loss = 7;
  save(checkpointer, owner);
  EXPECT_THAT(checkpointer.ids(), ElementsAre(3));
  EXPECT_EQ(load(checkpointer.read(3)).loss, 7);

  owner.step = 2;
  EXPECT_THROW(save(checkpointer, owner), Error);
  EXPECT_EQ(load(checkpointer.read(3)).loss, 7);
}

// two checkpoints, of which only the second needs the third chunk
class DamagedCheckpoint : public testing::Test {
 protected:
  DamagedCheckpoint() {
    Checkpointer checkpointer(directory_.path());
    Owner owner = owner_at(2);
    save(checkpointer, owner);
    const auto old_chunks = files_below(directory_ / "chunks");
    owner.advance();
    save(checkpointer, owner);

    // files that only the newest needs
    newest_ = files_below(directory_ / "ckpt.3");
    for (const auto& chunk : files_below(directory_ / "chunks")) {
      if (std::find(old_chunks.begin(), old_chunks.end(), chunk) == old_chunks.end()) {
        newest_.push_back(chunk);
      }
    }
  }

  void expect_previous(const fs::path& file, const std::string& what) {
    std::vector<std::string> warnings;
    auto loaded = read_newest(directory_.path(), warnings);
    ASSERT_TRUE(loaded) << what;
    ASSERT_EQ(loaded->id, 2) << what;
    ASSERT_THAT(warnings, ElementsAre(HasSubstr(file.string()))) << what;
  }

  TemporaryDirectory directory_;
  std::vector<fs::path> newest_;
};

// oracle: the checkpoint before
TEST_F(DamagedCheckpoint, TruncatedAnywhereIsSkippedForThePrevious) {
  ASSERT_EQ(newest_.size(), 4U);
  for (const auto& file : newest_) {
    const std::string whole = read_file(file);
    for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 97) {
      write_file(file, whole.substr(0, size));
      expect_previous(file, "truncated to " + std::to_string(size));
    }
    write_file(file, whole + " ");
    expect_previous(file, "one byte too many");
    fs::remove(file);
    expect_previous(file, "removed");
    fs::create_directory(file);
    expect_previous(file, "a directory, which opens but does not read");
    fs::remove(file);
    write_file(file, whole);
  }
  expect_equal(load(Checkpointer(directory_.path()).read(3)), owner_at(3));
}

// oracle: the checkpoint before
TEST_F(DamagedCheckpoint, AFlippedBitAnywhereIsSkippedForThePrevious) {
  RandomStream random(1, "bits");
  for (const auto& file : newest_) {
    const std::string whole = read_file(file);
    for (int i = 0; i < 200; ++i) {
      std::string damaged = whole;
      const int64_t byte = random.below(static_cast<int64_t>(whole.size()));
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << random.below(8)));
      write_file(file, damaged);
      expect_previous(file, "byte " + std::to_string(byte));
    }
    write_file(file, whole);
  }
}

// oracle: the list of what must be left
TEST_F(DamagedCheckpoint, MakesRoomForTheNextAndItsChunkIsHealed) {
  write_file(newest_.back(), std::string(read_file(newest_.back()).size(), 'x'));
  Checkpointer checkpointer(directory_.path());
  Owner owner = load(*checkpointer.read_newest([](const std::string&) {}));
  EXPECT_EQ(owner.step, 2);

  // the same third chunk as the damaged one
  owner.advance();
  save(checkpointer, owner);
  EXPECT_THAT(checkpointer.ids(), ElementsAre(2, 3));
  expect_equal(load(Checkpointer(directory_.path()).read(3)), owner_at(3));
}

// a stack of that depth would not be enough
TEST_F(DamagedCheckpoint, ADeepManifestIsSkippedForThePrevious) {
  const fs::path manifest = directory_ / "ckpt.3" / "manifest.json";
  constexpr size_t kDepth = 1'000'000;
  write_file(manifest, R"({"a":)" + std::string(kDepth, '[') + std::string(kDepth, ']') + "}");
  expect_previous(manifest, "deep");
}

// it may be whole: what can be read tomorrow must not be replaced today
TEST_F(DamagedCheckpoint, WhatCannotBeOpenedIsNotTakenForDamaged) {
  std::vector<std::string> warnings;
  const auto expect_stop = [&](const fs::path& path) {
    EXPECT_THAT([&] { read_newest(directory_.path(), warnings); },
                testing::ThrowsMessage<Error>(HasSubstr(path.string())));
    EXPECT_THAT(warnings, IsEmpty()) << path;
  };

  // files, and folders with files
  fs::permissions(directory_.path(), fs::perms::all);
  std::vector<fs::path> paths = newest_;
  paths.insert(paths.end(), {directory_ / "ckpt.3", directory_ / "chunks"});
  for (const fs::path& path : paths) {
    const fs::perms before = fs::status(path).permissions();
    fs::permissions(path, fs::perms::none);
    ::setfsuid(65'534);  // whom, unlike root, permissions are for
    expect_stop(path);
    ::setfsuid(::getuid());
    fs::permissions(path, before);
  }

  // a link to itself, and Linux' regular file that opens but does not read
  for (const fs::path& file : newest_) {
    fs::rename(file, directory_ / "whole");
    for (const fs::path& target : {file, fs::path("/proc/self/mem")}) {
      fs::create_symlink(target, file);
      expect_stop(file);
      fs::remove(file);
    }
    fs::rename(directory_ / "whole", file);
  }
  EXPECT_EQ(read_newest(directory_.path(), warnings)->id, 3);
}

// oracle: none is left
TEST_F(DamagedCheckpoint, AllDamagedIsNone) {
  for (const int id : {2, 3})
    fs::remove(directory_ / ("ckpt." + std::to_string(id)) / "state.json");
  std::vector<std::string> warnings;
  EXPECT_FALSE(read_newest(directory_.path(), warnings));
  EXPECT_EQ(warnings.size(), 2U);
}

// oracle: the sentence of the list of known numbers
TEST_F(DamagedCheckpoint, AMissingIdNamesThoseThereAre) {
  try {
    Checkpointer(directory_.path()).read(9);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("there are 2, 3"));
  }
}

// oracle: the checkpoints there were, and the list of what must be left
TEST_F(DamagedCheckpoint, OneThatSteppedAsideIsFoundUntilAnotherIsInItsPlace) {
  // killed before the new one was in place
  const fs::path place = directory_ / "ckpt.3";
  const fs::path aside = directory_ / "ckpt.3.replaced";
  fs::copy(place, directory_ / "ckpt.3.tmp");
  fs::rename(place, aside);
  Checkpointer checkpointer(directory_.path());
  std::vector<std::string> warnings;
  auto loaded = read_newest(directory_.path(), warnings);
  EXPECT_THAT(warnings, IsEmpty());
  ASSERT_EQ(loaded->id, 3);
  Owner owner = load(*std::move(loaded));
  expect_equal(owner, owner_at(3));

  // it counts like any other
  owner.advance();
  save(checkpointer, owner);
  EXPECT_THAT(checkpointer.ids(), ElementsAre(3, 4));
  expect_equal(load(checkpointer.read(3)), owner_at(3));
  EXPECT_FALSE(fs::exists(directory_ / "ckpt.3.tmp"));
  owner.advance();
  save(checkpointer, owner);
  EXPECT_THAT(checkpointer.ids(), ElementsAre(4, 5));
  EXPECT_FALSE(fs::exists(aside));

  // killed while the old one was removed
  fs::copy(directory_ / "ckpt.5", directory_ / "ckpt.5.replaced");
  fs::remove(directory_ / "ckpt.5.replaced" / "state.json");
  Checkpointer next(directory_.path());
  EXPECT_THAT(next.ids(), ElementsAre(4, 5));
  expect_equal(load(next.read(5)), owner_at(5));
  owner.advance();
  save(next, owner);
  EXPECT_FALSE(fs::exists(directory_ / "ckpt.5.replaced"));
  EXPECT_THAT(next.ids(), ElementsAre(5, 6));

  // the same id again makes room, too
  fs::rename(directory_ / "ckpt.6", directory_ / "ckpt.6.replaced");
  owner.loss = 7;
  save(next, owner);
  EXPECT_FALSE(fs::exists(directory_ / "ckpt.6.replaced"));
  EXPECT_EQ(load(next.read(6)).loss, 7);
}

// oracle: an empty list
TEST(Checkpointer, LeftoversAreNoCheckpointsAndGoWithTheNextWrite) {
  const TemporaryDirectory directory;
  fs::create_directories(directory / "ckpt.9.tmp");
  write_file(directory / "ckpt.9.tmp/state.json", "{}");
  Checkpointer checkpointer(directory.path());
  EXPECT_THAT(checkpointer.ids(), IsEmpty());
  Owner owner = owner_at(1);
  save(checkpointer, owner);
  EXPECT_THAT(checkpointer.ids(), ElementsAre(1));
  EXPECT_FALSE(fs::exists(directory / "ckpt.9.tmp"));
}

// runs in a child, whose exit code is 0 if `body` throws an Error that holds `sentence`
template <class Body>
int exit_code_of_error(const std::string& sentence, Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::string message = "nothing was thrown";
    try {
      body();
    } catch (const Error& error) {
      message = error.what();
    }
    const bool found = message.find(sentence) != std::string::npos;
    if (!found) std::fprintf(stderr, "in the child: %s\n", message.c_str());
    ::_exit(found ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// from now on a system call fails in this process; whether that is allowed
bool fail_calls(uint32_t number, uint32_t error) {
  std::array<sock_filter, 4> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#ifdef SYS_rename
constexpr uint32_t kRename = SYS_rename;
#else
constexpr uint32_t kRename = SYS_renameat;
#endif

// oracle: errno(3), and the state before or after
TEST(Checkpointer, WhereNothingCanBeExchangedAnEqualIdReplacesOrLeavesTheOldOne) {
  constexpr int kNotAllowed = 77;
  const auto replace = [](const fs::path& path, int exchange_error, int rename_error) {
    Checkpointer checkpointer(path);
    Owner owner = owner_at(3);
    save(checkpointer, owner);
    if (!fail_calls(SYS_renameat2, exchange_error)) ::_exit(kNotAllowed);
    if (rename_error != 0 && !fail_calls(kRename, rename_error)) ::_exit(kNotAllowed);
    owner.loss = 7;
    save(checkpointer, owner);
    throw Error("it was replaced");
  };
  struct Case {
    int exchange_error;
    int rename_error;
    std::string sentence;
    double loss;
  };
  const double before = owner_at(3).loss;
  for (const Case& c :
       {Case{EINVAL, 0, "it was replaced", 7}, Case{ENOSYS, 0, "it was replaced", 7},
        Case{ENOTSUP, 0, "it was replaced", 7}, Case{EIO, 0, "ckpt.3: Input/output error", before},
        Case{EINVAL, EIO, "ckpt.3: Input/output error", before}}) {
    const TemporaryDirectory directory;
    const int code = exit_code_of_error(
        c.sentence, [&] { replace(directory.path(), c.exchange_error, c.rename_error); });
    if (code == kNotAllowed) GTEST_SKIP() << "system calls cannot be filtered here";
    EXPECT_EQ(code, 0) << c.exchange_error << " " << c.rename_error;
    EXPECT_EQ(load(Checkpointer(directory.path()).read(3)).loss, c.loss) << c.exchange_error;

    // three files and three chunks
    EXPECT_EQ(files_below(directory.path()).size(), 6U) << c.exchange_error;
  }
}

// oracle: the state before
TEST(Checkpointer, AFailedWriteLeavesTheOldCheckpointsAndNothingElse) {
  const TemporaryDirectory directory;
  Checkpointer checkpointer(directory.path());
  Owner owner = owner_at(2);
  save(checkpointer, owner);
  const auto before = inodes(directory.path());

  // a limit on the size of files breaks the write at the new chunk, or at the tensors
  owner.advance(/*chunk_size=*/9000);
  owner.weights = torch::zeros({5000});
  for (const rlim_t limit : {4096, 10'000}) {
    const int code = exit_code_of_error("cannot write " + directory.path().string(), [&] {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit file_size{limit, limit};
      ::setrlimit(RLIMIT_FSIZE, &file_size);
      save(checkpointer, owner);
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(inodes(directory.path()), before);
  }

  // with room again, the same owner can be written
  save(checkpointer, owner);
  const auto contents = checkpointer.read(3).contents;
  EXPECT_TRUE(torch::equal(contents.frozen.at("owner/chunk2").data, owner.chunks[2].data));
}

// oracle: ENOSPC of a file system of 256 KiB
TEST(Checkpointer, AFullDiskIsSaidAndTheOldCheckpointStays) {
  const TemporaryDirectory directory;
  constexpr int kNotAllowed = 77;
  const int code = exit_code_of_error("No space left on device", [&] {
    // a file system of the child's own
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=256k") != 0) {
      ::_exit(kNotAllowed);
    }
    Checkpointer checkpointer(directory.path());
    Owner owner = owner_at(2);
    save(checkpointer, owner);
    owner.advance(/*chunk_size=*/100'000);
    owner.advance(/*chunk_size=*/200'000);
    try {
      save(checkpointer, owner);
    } catch (const Error&) {
      // three files and two chunks are what there was
      if (Checkpointer(directory.path()).read(2).contents.frozen.size() != 2U) ::_exit(2);
      if (files_below(directory.path()).size() != 5U) ::_exit(3);
      throw;
    }
  });
  if (code == kNotAllowed) GTEST_SKIP() << "mounting is not allowed here";
  EXPECT_EQ(code, 0);
}

// oracle: whatever id the newest has, its content is that of owner_at(id)
TEST(Checkpointer, AKillAtAnyMomentLeavesAReadableCheckpoint) {
  const TemporaryDirectory directory;
  constexpr int64_t kChunk = 20'000;
  {
    Checkpointer checkpointer(directory.path());
    Owner owner = owner_at(1, kChunk);
    save(checkpointer, owner);
  }
  RandomStream random(1, "kills");
  int64_t newest = 1;
  for (int round = 0; round < 40; ++round) {
    // the child says when it begins and whenever it has written
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      // every other one as where nothing can be exchanged
      if (round % 2 == 1) fail_calls(SYS_renameat2, EINVAL);
      Checkpointer checkpointer(directory.path());
      auto loaded = checkpointer.read_newest([](const std::string&) { ::_exit(1); });
      if (!loaded) ::_exit(2);
      Owner owner = load(std::move(*loaded));
      while (::write(pipe[1], "x", 1) == 1) {
        owner.advance(kChunk);
        save(checkpointer, owner);
        save(checkpointer, owner);
      }
      ::_exit(0);
    }
    ::close(pipe[1]);
    char said = 0;
    for (int64_t i = random.below(3); i >= 0; --i) ASSERT_EQ(::read(pipe[0], &said, 1), 1);
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(60'000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ::close(pipe[0]);
    ASSERT_TRUE(WIFSIGNALED(status));

    std::vector<std::string> warnings;
    auto loaded = read_newest(directory.path(), warnings);
    ASSERT_TRUE(loaded);
    EXPECT_THAT(warnings, IsEmpty());
    EXPECT_GE(loaded->id, newest);
    newest = loaded->id;
    expect_equal(load(std::move(*loaded)), owner_at(newest, kChunk));
  }
  EXPECT_GT(newest, 1);
}

// oracle: what write() says of the same places
TEST(Checkpointer, AnUnwritablePlaceIsFoundWithoutAWrite) {
  const TemporaryDirectory directory;
  const fs::path place = directory / "checkpoints";
  const auto expect_both_say = [&](const std::string& name) {
    Checkpointer checkpointer(place);
    Owner owner = owner_at(1);
    const auto says = testing::ThrowsMessage<Error>(HasSubstr(place.string()));
    EXPECT_THAT([&] { checkpointer.require_writable(); }, says) << name;
    EXPECT_THAT([&] { save(checkpointer, owner); }, says) << name;
  };
  write_file(place, "");
  expect_both_say("a file");
  fs::remove(place);
  fs::create_symlink("nowhere", place);
  expect_both_say("a link to nowhere");
  fs::remove(place);
  fs::create_directory(place);
  write_file(place / "chunks", "");
  expect_both_say("a file for chunks");
  fs::remove(place / "chunks");
  fs::permissions(directory.path(), fs::perms::all);
  fs::permissions(place, fs::perms(0555));
  ::setfsuid(65'534);  // whom, unlike root, permissions are for
  expect_both_say("permissions");
  ::setfsuid(::getuid());
  fs::permissions(place, fs::perms::all);

  // it leaves no trace where it can be written
  EXPECT_NO_THROW(Checkpointer(place).require_writable());
  EXPECT_TRUE(fs::is_empty(place));
  fs::remove(place);
  EXPECT_NO_THROW(Checkpointer(place).require_writable());
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

// oracle: the system's own sentence
TEST(Checkpointer, AnUnwritablePlaceIsSaid) {
  const TemporaryDirectory directory;
  write_file(directory / "file", "");
  Checkpointer checkpointer(directory / "file" / "checkpoints");
  Owner owner = owner_at(1);
  try {
    save(checkpointer, owner);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr((directory / "file").string()));
    EXPECT_THAT(error.what(), HasSubstr("Not a directory"));
  }
}

}  // namespace
}  // namespace accumbens
