#include "accumbens/core/safetensors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <torch/utils.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "accumbens/core/digest.h"
#include "accumbens/core/error.h"
#include "accumbens/core/output_file.h"

namespace accumbens {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

constexpr uint64_t kMaxHeader = 100'000'000;  // the limit of the reference implementation
constexpr size_t kPiece = size_t{1} << 20;    // bytes moved and hashed while still in the cache

constexpr std::array<std::pair<torch::ScalarType, const char*>, 10> kTypes{{
    {torch::kUInt8, "U8"},
    {torch::kInt8, "I8"},
    {torch::kInt16, "I16"},
    {torch::kInt32, "I32"},
    {torch::kInt64, "I64"},
    {torch::kFloat16, "F16"},
    {torch::kBFloat16, "BF16"},
    {torch::kFloat32, "F32"},
    {torch::kFloat64, "F64"},
    {torch::kBool, "BOOL"},
}};

const char* type_name(torch::ScalarType type) {
  for (const auto& [known, name] : kTypes) {
    if (known == type) return name;
  }
  return nullptr;
}

// a file read from front to back and hashed on the way
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path)
      : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) fail(std::generic_category().message(errno));
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
      ::close(descriptor_);
      fail("it is not a regular file");
    }
    size_ = static_cast<uint64_t>(status.st_size);
  }
  ~InputFile() { ::close(descriptor_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  uint64_t size() const { return size_; }
  std::string digest() const { return digest_.hex(); }

  void read(void* data, size_t size) {
    char* next = static_cast<char*>(data);
    while (size > 0) {
      const ssize_t got = ::read(descriptor_, next, std::min(size, kPiece));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(std::generic_category().message(errno));
      if (got == 0) fail("it ends too early");
      digest_.update(next, static_cast<size_t>(got));
      next += got;
      size -= static_cast<size_t>(got);
    }
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error("cannot read " + path_.string() + ": " + what);
  }

 private:
  const std::filesystem::path& path_;
  int descriptor_;
  uint64_t size_ = 0;
  Digest digest_;
};

struct Entry {
  std::string name;
  torch::ScalarType type;
  std::vector<int64_t> shape;
  uint64_t begin;  // bytes after the header
  uint64_t end;
};

// an entry whose bytes are those that its type and shape need
Entry parse_entry(const InputFile& file, const std::string& name, const nlohmann::json& json) {
  const auto fail = [&](const std::string& what) { file.fail("tensor '" + name + "' " + what); };

  // type
  Entry entry{name, torch::ScalarType::Undefined, {}, 0, 0};
  const auto& dtype = json.at("dtype").get_ref<const std::string&>();
  for (const auto& [type, known] : kTypes) {
    if (dtype == known) entry.type = type;
  }
  if (entry.type == torch::ScalarType::Undefined) fail("has type " + dtype + ", which is unknown");

  // shape; zeros count as ones for the overflow, as they do in strides
  uint64_t bytes = c10::elementSize(entry.type);
  bool empty = false;
  for (const auto& size : json.at("shape").get_ref<const nlohmann::json::array_t&>()) {
    if (!size.is_number_unsigned()) fail("has a shape that is not a list of sizes");
    const auto value = size.get<uint64_t>();
    empty = empty || value == 0;
    if (__builtin_mul_overflow(bytes, std::max<uint64_t>(value, 1), &bytes) || bytes > INT64_MAX) {
      fail("has a shape that is too large");
    }
    entry.shape.push_back(static_cast<int64_t>(value));
  }
  if (empty) bytes = 0;

  // place
  const auto& offsets = json.at("data_offsets").get_ref<const nlohmann::json::array_t&>();
  if (offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned()) {
    fail("has data_offsets that are not two positions");
  }
  entry.begin = offsets[0].get<uint64_t>();
  entry.end = offsets[1].get<uint64_t>();
  if (entry.begin > entry.end || entry.end - entry.begin != bytes) {
    fail("has other data_offsets than its type and shape need");
  }
  return entry;
}

using Tensors = std::map<std::string, torch::Tensor>;

// what a file begins with, and the order of the tensors after it
struct Layout {
  std::string header;  // a multiple of 8 bytes
  std::vector<const Tensors::value_type*> order;
  int64_t data_size = 0;  // bytes

  int64_t file_size() const {
    return static_cast<int64_t>(sizeof(uint64_t) + header.size()) + data_size;
  }
};

Layout lay_out(const std::filesystem::path& path, const Tensors& tensors,
               const std::map<std::string, std::string>& metadata) {
  // large elements first, so that every tensor is aligned
  Layout layout;
  for (const auto& entry : tensors) {
    if (!entry.second.defined() || type_name(entry.second.scalar_type()) == nullptr) {
      throw Error("cannot write " + path.string() + ": tensor '" + entry.first +
                  "' has a type that safetensors cannot hold");
    }
    layout.order.push_back(&entry);
  }
  std::stable_sort(layout.order.begin(), layout.order.end(), [](const auto* a, const auto* b) {
    return a->second.element_size() > b->second.element_size();
  });

  // the header says where each tensor lies
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  for (const auto* entry : layout.order) {
    const torch::Tensor& tensor = entry->second;
    const int64_t begin = layout.data_size;
    layout.data_size += static_cast<int64_t>(tensor.nbytes());
    header[entry->first] = {{"dtype", type_name(tensor.scalar_type())},
                            {"shape", tensor.sizes().vec()},
                            {"data_offsets", {begin, layout.data_size}}};
  }
  try {
    layout.header = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw Error("cannot write " + path.string() + ": a name or its metadata is not UTF-8");
  }
  layout.header.resize((layout.header.size() + 7) / 8 * 8, ' ');
  return layout;
}

}  // namespace

int64_t safetensors_size(const std::map<std::string, torch::Tensor>& tensors,
                         const std::map<std::string, std::string>& metadata) {
  return lay_out("safetensors", tensors, metadata).file_size();
}

FileContent write_safetensors(const std::filesystem::path& path,
                              const std::map<std::string, torch::Tensor>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  const Layout layout = lay_out(path, tensors, metadata);
  OutputFile file(path);
  Digest digest;
  const auto write = [&](const void* data, size_t size) {
    const char* next = static_cast<const char*>(data);
    while (size > 0) {
      const size_t piece = std::min(size, kPiece);
      digest.update(next, piece);
      file.write(next, piece);
      next += piece;
      size -= piece;
    }
  };

  // header, then one tensor after another
  const uint64_t header_size = layout.header.size();
  write(&header_size, sizeof(header_size));
  write(layout.header.data(), layout.header.size());
  for (const auto* entry : layout.order) {
    const torch::Tensor tensor = entry->second.detach().cpu().contiguous();
    write(tensor.const_data_ptr(), tensor.nbytes());
  }
  file.close();
  return {layout.file_size(), digest.hex()};
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  InputFile file(path);
  Safetensors result;

  // header
  uint64_t header_size = 0;
  if (file.size() < sizeof(header_size)) file.fail("it is too short for safetensors");
  file.read(&header_size, sizeof(header_size));
  if (header_size > file.size() - sizeof(header_size) || header_size > kMaxHeader) {
    file.fail("its header is longer than the file");
  }
  std::string header_text(header_size, '\0');
  file.read(header_text.data(), header_text.size());
  std::vector<Entry> entries;
  try {
    const auto header = nlohmann::json::parse(header_text);
    for (const auto& [name, json] : header.get_ref<const nlohmann::json::object_t&>()) {
      if (name == "__metadata__") {
        result.metadata = json.get<std::map<std::string, std::string>>();
      } else {
        entries.push_back(parse_entry(file, name, json));
      }
    }
  } catch (const nlohmann::json::exception&) {
    file.fail("its header is not that of safetensors");
  }

  // the tensors fill the rest of the file, without gaps and without overlaps
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t position = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != position) file.fail("tensor '" + entry.name + "' overlaps or leaves a gap");
    position = entry.end;
  }
  if (position != file.size() - sizeof(header_size) - header_size) {
    file.fail("its size is not what its header says");
  }

  // the bytes go where they stay
  for (const Entry& entry : entries) {
    torch::Tensor tensor = torch::empty(entry.shape, entry.type);
    file.read(tensor.data_ptr(), static_cast<size_t>(entry.end - entry.begin));
    result.tensors.emplace(entry.name, std::move(tensor));
  }
  result.content = {static_cast<int64_t>(file.size()), file.digest()};
  return result;
}

}  // namespace accumbens
