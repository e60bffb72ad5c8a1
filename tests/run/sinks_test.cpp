#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "accumbens/run/csv_writer.h"
#include "accumbens/run/jsonl_writer.h"
#include "accumbens/run/tensorboard_writer.h"
#include "run/test_files.h"

namespace accumbens {
namespace {

using testing::HasSubstr;

template <class Sink>
StateTree::Contents saved(Sink& sink) {
  StateTree tree;
  tree("sink", sink);
  return tree.contents();
}

template <class Sink>
void load(Sink& sink, const StateTree::Contents& contents) {
  StateTree tree(contents);
  tree("sink", sink);
}

std::string event_file(const std::filesystem::path& directory) {
  std::string content;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    content = read_file(entry.path());
    ++files;
  }
  EXPECT_EQ(files, 1);
  return content;
}

// oracle: concatenation
TEST(AppendedFile, IsOnDiskAtOnceAndBeginsAnewWithoutAResume) {
  const TemporaryDirectory directory;
  write_file(directory / "log", "of a lost run");
  AppendedFile file(directory / "log");
  EXPECT_EQ(read_file(directory / "log"), "of a lost run");
  file.append("one ");
  file.append("two");
  EXPECT_EQ(read_file(directory / "log"), "one two");
}

// oracle: the file of a run that was never interrupted
TEST(AppendedFile, AResumeCutsWhatCameAfterTheCheckpoint) {
  const TemporaryDirectory directory;
  const auto path = directory / "log";
  StateTree::Contents nothing, one;
  {
    AppendedFile file(path);
    nothing = saved(file);
    file.append("one ");
    one = saved(file);
    file.append("two, lost");
  }
  {
    AppendedFile file(path);
    load(file, one);
    file.append("two");
    EXPECT_EQ(read_file(path), "one two");
  }

  // a checkpoint from before the first line
  AppendedFile file(path);
  load(file, nothing);
  EXPECT_EQ(read_file(path), "");
  file.append("zero");
  EXPECT_EQ(read_file(path), "zero");

  // there it needs no file, and makes none
  AppendedFile other(directory / "other");
  load(other, nothing);
  EXPECT_FALSE(std::filesystem::exists(directory / "other"));
}

// oracle: the system's own sentences
TEST(AppendedFile, FailuresNameTheFile) {
  const TemporaryDirectory directory;
  const auto error_of = [](auto body) -> std::string {
    try {
      body();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };

  // Linux has a device that is always full
  std::filesystem::create_symlink("/dev/full", directory / "full");
  const std::string full = error_of([&] { AppendedFile(directory / "full").append("x"); });
  EXPECT_THAT(full, HasSubstr("cannot write " + (directory / "full").string()));
  EXPECT_THAT(full, HasSubstr("No space left on device"));

  // a file where a directory should be
  write_file(directory / "file", "");
  EXPECT_THAT(error_of([&] { AppendedFile(directory / "file" / "log").append("x"); }),
              HasSubstr("Not a directory"));

  // a pipe, whose reader would be waited for, and one that has a reader
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0666), 0);
  const auto append_to_pipe = [&] { AppendedFile(directory / "pipe").append("x"); };
  EXPECT_THAT(error_of(append_to_pipe), HasSubstr("pipe: it is not a file"));
  const int reader = ::open((directory / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_THAT(error_of(append_to_pipe), HasSubstr("pipe: it is not a file"));
  ::close(reader);

  // a file that lost something
  AppendedFile file(directory / "log");
  file.append("12345");
  const auto contents = saved(file);
  std::filesystem::resize_file(directory / "log", 4);
  AppendedFile resumed(directory / "log");
  EXPECT_THAT(error_of([&] { load(resumed, contents); }), HasSubstr("has only 4 bytes where 5"));
  StateTree::Contents forged = contents;
  for (auto& [key, value] : forged.values.items()) value = -1;
  EXPECT_THAT(error_of([&] { load(resumed, forged); }), HasSubstr("size"));
  EXPECT_EQ(read_file(directory / "log"), "1234");
  std::filesystem::remove(directory / "log");
  EXPECT_THAT(error_of([&] { load(resumed, contents); }), HasSubstr("is missing"));
  std::filesystem::create_directory(directory / "log");
  EXPECT_THAT(error_of([&] { load(resumed, contents); }), HasSubstr("(Is a directory) where 5"));
}

// oracle: RFC 4180, written by hand
TEST(CsvWriter, WritesTheHeaderOnceAndQuotesWhatNeedsQuotes) {
  const TemporaryDirectory directory;
  CsvWriter csv(directory / "a.csv", {"iteration", "return", "a, \"b\""});
  csv.row({int64_t{0}, 1.0, std::string("plain")});
  csv.row({int64_t{-1}, -20.5, std::string("x,\"y\"\nz")});
  EXPECT_EQ(read_file(directory / "a.csv"),
            "iteration,return,\"a, \"\"b\"\"\"\n"
            "0,1,plain\n"
            "-1,-20.5,\"x,\"\"y\"\"\nz\"\n");
  EXPECT_THROW(csv.row({int64_t{0}}), std::invalid_argument);
}

// oracle: strtod
TEST(CsvWriter, DoublesReadBackAsTheSameNumber) {
  const TemporaryDirectory directory;
  const std::vector<double> numbers = {0.1,
                                       1.0 / 3.0,
                                       -0.0,
                                       1e300,
                                       5e-324,
                                       123456789.123456789,
                                       std::numeric_limits<double>::infinity(),
                                       -std::numeric_limits<double>::infinity(),
                                       std::numeric_limits<double>::quiet_NaN()};
  CsvWriter csv(directory / "a.csv", {"x"});
  for (const double number : numbers) csv.row({number});
  std::ifstream file(directory / "a.csv");
  std::string line;
  std::getline(file, line);
  for (const double number : numbers) {
    std::getline(file, line);
    const double read = std::strtod(line.c_str(), nullptr);
    if (std::isnan(number)) {
      EXPECT_TRUE(std::isnan(read)) << line;
    } else {
      EXPECT_EQ(read, number) << line;
      EXPECT_EQ(std::signbit(read), std::signbit(number)) << line;
    }
  }
}

// oracle: the file of a run that was never interrupted
TEST(CsvWriter, AResumedRunHasOneHeaderAndEveryRowOnce) {
  const TemporaryDirectory directory;
  const auto path = directory / "a.csv";
  StateTree::Contents contents;
  {
    CsvWriter csv(path, {"x", "y"});
    csv.row({int64_t{1}, 1.5});
    contents = saved(csv);
    csv.row({int64_t{2}, 99.0});
  }
  CsvWriter csv(path, {"x", "y"});
  load(csv, contents);
  csv.row({int64_t{2}, 2.5});
  EXPECT_EQ(read_file(path), "x,y\n1,1.5\n2,2.5\n");

  CsvWriter other(path, {"x", "z"});
  EXPECT_THROW(load(other, contents), Error);
}

// oracle: lines written by hand
TEST(JsonlWriter, WritesOneObjectALine) {
  const TemporaryDirectory directory;
  const double infinity = std::numeric_limits<double>::infinity();
  JsonlWriter jsonl(directory / "a.jsonl");
  jsonl.write(4000, {{"loss", 0.25}, {"a \"tag\"", 2.0}});
  jsonl.write(8000, {{"a", infinity}, {"b", -infinity}, {"c", std::nan("")}, {"d\xff", 1.0}});
  EXPECT_EQ(read_file(directory / "a.jsonl"),
            "{\"agent_steps\":4000,\"tag\":\"a \\\"tag\\\"\",\"value\":2.0}\n"
            "{\"agent_steps\":4000,\"tag\":\"loss\",\"value\":0.25}\n"
            "{\"agent_steps\":8000,\"tag\":\"a\",\"value\":\"inf\"}\n"
            "{\"agent_steps\":8000,\"tag\":\"b\",\"value\":\"-inf\"}\n"
            "{\"agent_steps\":8000,\"tag\":\"c\",\"value\":\"nan\"}\n"
            "{\"agent_steps\":8000,\"tag\":\"d\xef\xbf\xbd\",\"value\":1.0}\n");
}

// oracle: RFC 3720, appendix B.4, and the check value of the CRC catalogue
TEST(Crc32c, EqualsThePublishedValues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
}

// oracle: TensorBoard's own readers
TEST(TensorboardWriter, TensorboardReadsIt) {
  const TemporaryDirectory directory;
  double now = 1'700'000'000.25;
  TensorboardWriter writer(directory / "events", [&] { return now++; });
  writer.write(0, {{"Train/AverageReturns", -20.5}});
  writer.write(250'000, {{"Loss", 0.1}, {"Train/AverageReturns", 21.0}});
  writer.write(5'000'000'000, {{"Loss", std::numeric_limits<double>::infinity()}});
  EXPECT_EQ(run_oracle("tensorboard_read.py", (directory / "events").string() + " 2>/dev/null"),
            "event 0 1700000000.25 brain.Event:2\n"
            "event 0 1700000000.25  Train/AverageReturns\n"
            "event 250000 1700000001.25  Loss Train/AverageReturns\n"
            "event 5000000000 1700000002.25  Loss\n"
            "Loss 250000 0.10000000149011612\n"
            "Loss 5000000000 inf\n"
            "Train/AverageReturns 0 -20.5\n"
            "Train/AverageReturns 250000 21.0\n");
  EXPECT_THAT(std::filesystem::directory_iterator(directory / "events")->path().filename().string(),
              testing::AllOf(testing::StartsWith("events.out.tfevents.1700000000."),
                             testing::EndsWith(".accumbens")));
}

// a checkpoint that somebody made up must not write elsewhere, nor over what is there
TEST(TensorboardWriter, ASavedNameIsOneOfItsOwnInItsDirectory) {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "run" / "events.out.tfevents.");
  const std::vector<std::string> victims{"victim", "victim.accumbens", "run/results.csv"};
  for (const std::string& victim : victims) write_file(directory / victim, "precious");
  TensorboardWriter writer(directory / "run");
  writer.write(1, {{"a", 1.0}});
  const StateTree::Contents contents = saved(writer);
  for (const std::string& name :
       {(directory / "victim").string(), std::string("../victim"), std::string("results.csv"),
        std::string("events.out.tfevents./../../victim.accumbens")}) {
    ASSERT_TRUE(std::filesystem::exists(directory / "run" / name));
    StateTree::Contents forged = contents;
    int names = 0;
    for (auto& [key, value] : forged.values.items()) {
      if (key.ends_with("size")) value = 5;
      if (!key.ends_with("name")) continue;
      value = name;
      ++names;
    }
    ASSERT_EQ(names, 1);
    TensorboardWriter resumed(directory / "run");
    EXPECT_THROW(load(resumed, forged), Error) << name;
  }
  for (const std::string& victim : victims) EXPECT_EQ(read_file(directory / victim), "precious");
}

TEST(TensorboardWriter, ANewRunRemovesTheEventsOfALostOneAndNoOthers) {
  const TemporaryDirectory directory;
  const std::string lost = "events.out.tfevents.1600000000.host.accumbens";
  const std::string foreign = "events.out.tfevents.1600000000.host.1.0";
  for (const std::string& name : {lost, foreign}) std::ofstream(directory / name) << "events";
  TensorboardWriter(directory.path()).write(0, {{"Loss", 1.0}});
  EXPECT_FALSE(std::filesystem::exists(directory / lost));
  EXPECT_EQ(read_file(directory / foreign), "events");
}

// oracle: the file of a run that was never interrupted, at the same times
TEST(TensorboardWriter, AResumedRunContinuesItsFile) {
  const TemporaryDirectory directory;
  double now = 1'700'000'000;
  const auto clock = [&] { return now; };
  TensorboardWriter whole(directory / "whole", clock);
  whole.write(1, {{"a", 1.0}});
  whole.write(2, {{"a", 2.0}});

  StateTree::Contents contents;
  {
    TensorboardWriter writer(directory / "cut", clock);
    writer.write(1, {{"a", 1.0}});
    contents = saved(writer);
    writer.write(2, {{"a", 99.0}});
    writer.write(3, {{"a", 99.0}});
  }
  TensorboardWriter writer(directory / "cut", clock);
  load(writer, contents);
  writer.write(2, {{"a", 2.0}});
  EXPECT_EQ(event_file(directory / "cut"), event_file(directory / "whole"));

  // a run that starts anew leaves no events of the lost one
  now += 100;
  TensorboardWriter anew(directory / "cut", clock);
  anew.write(7, {{"a", 7.0}});
  EXPECT_NE(event_file(directory / "cut"), event_file(directory / "whole"));
}

// oracle: a directory without a file
TEST(TensorboardWriter, AResumeFromBeforeTheFirstEventStartsAnew) {
  const TemporaryDirectory directory;
  StateTree::Contents contents;
  {
    TensorboardWriter writer(directory.path());
    contents = saved(writer);
    writer.write(1, {{"a", 1.0}});
  }
  TensorboardWriter writer(directory.path(), [] { return 5.0; });
  load(writer, contents);
  writer.write(1, {{"a", 1.0}});
  EXPECT_GT(event_file(directory.path()).size(), 0U);
}

}  // namespace
}  // namespace accumbens
