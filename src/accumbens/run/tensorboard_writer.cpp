#include "accumbens/run/tensorboard_writer.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <protozero/pbf_writer.hpp>
#include <vector>

namespace accumbens {
namespace {

constexpr std::string_view kPrefix = "events.out.tfevents.";
constexpr std::string_view kSuffix = ".accumbens";  // other programs' files are left alone

// whether a file of this name, which has no folders, was written by this program
bool is_own(const std::string& name) {
  return name.starts_with(kPrefix) && name.ends_with(kSuffix) &&
         name.find('/') == std::string::npos;
}

// field numbers of tensorflow/core/util/event.proto and framework/summary.proto
constexpr protozero::pbf_tag_type kEventWallTime = 1;
constexpr protozero::pbf_tag_type kEventStep = 2;
constexpr protozero::pbf_tag_type kEventFileVersion = 3;
constexpr protozero::pbf_tag_type kEventSummary = 5;
constexpr protozero::pbf_tag_type kSummaryValue = 1;
constexpr protozero::pbf_tag_type kValueTag = 1;
constexpr protozero::pbf_tag_type kValueSimpleValue = 2;

constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78U : 0U);
    table[byte] = crc;
  }
  return table;
}();

template <class T>
std::string little_endian(T value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(T); ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

// TFRecord masks checksums, so that the checksum of data that holds checksums stays sound
std::string masked_crc(std::string_view data) {
  const uint32_t crc = crc32c(data);
  return little_endian<uint32_t>(((crc >> 15) | (crc << 17)) + 0xA282EAD8U);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

}  // namespace

uint32_t crc32c(std::string_view data) {
  uint32_t crc = 0xFFFFFFFFU;
  for (const unsigned char byte : data) crc = kCrcTable[(crc ^ byte) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

double TensorboardWriter::system_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TensorboardWriter::TensorboardWriter(std::filesystem::path directory, std::function<double()> clock)
    : directory_(std::move(directory)), clock_(std::move(clock)) {}

void TensorboardWriter::append_record(const std::string& event) {
  const std::string length = little_endian<uint64_t>(event.size());
  file_->append(length + masked_crc(length) + event + masked_crc(event));
}

void TensorboardWriter::write(int64_t step, const std::map<std::string, double>& values) {
  const double wall_time = clock_();
  if (!file_) {
    // a new run: no events of a lost one beside its own
    make_directories(directory_);
    std::vector<std::filesystem::path> stale;
    std::error_code ignored;
    for (std::filesystem::directory_iterator entry(directory_, ignored), end;
         !ignored && entry != end; entry.increment(ignored)) {
      if (is_own(entry->path().filename().string())) stale.push_back(entry->path());
    }
    for (const auto& path : stale) std::filesystem::remove(path, ignored);

    // the file's first event names its format
    name_ = std::string(kPrefix) + std::to_string(static_cast<int64_t>(wall_time)) + "." +
            host_name() + std::string(kSuffix);
    file_ = std::make_unique<AppendedFile>(directory_ / name_);
    std::string event;
    protozero::pbf_writer writer(event);
    writer.add_double(kEventWallTime, wall_time);
    writer.add_string(kEventFileVersion, "brain.Event:2");
    append_record(event);
  }

  std::string summary;
  protozero::pbf_writer summary_writer(summary);
  for (const auto& [tag, value] : values) {
    protozero::pbf_writer value_writer(summary_writer, kSummaryValue);
    value_writer.add_string(kValueTag, tag);
    value_writer.add_float(kValueSimpleValue, static_cast<float>(value));
  }
  std::string event;
  protozero::pbf_writer writer(event);
  writer.add_double(kEventWallTime, wall_time);
  writer.add_int64(kEventStep, step);
  writer.add_message(kEventSummary, summary);
  append_record(event);
}

void TensorboardWriter::state(StateTree& tree) {
  tree("name", name_);
  tree.require("name", name_.empty() || is_own(name_));
  if (tree.loading()) {
    file_ = name_.empty() ? nullptr : std::make_unique<AppendedFile>(directory_ / name_);
  }
  if (file_) tree("file", *file_);
}

}  // namespace accumbens
