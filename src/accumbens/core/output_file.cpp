#include "accumbens/core/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "accumbens/core/error.h"

namespace accumbens {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  std::string message =
      "cannot write " + path.string() + ": " + std::generic_category().message(error);
  if (error == ENOSPC || error == EDQUOT) {
    message += "; free some space there, or choose a directory on another disk";
  } else if (error == EACCES || error == EROFS || error == EPERM) {
    message += "; make it writable, or choose another directory";
  }
  throw Error(message);
}

// devices and pipes cannot be synced, and need not be
void sync_descriptor(const std::filesystem::path& path, int descriptor) {
  if (::fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP) fail(path, errno);
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path path, int64_t kept)
    : path_(std::move(path)),
      descriptor_(
          ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (kept == 0 ? O_TRUNC : 0), 0666)) {
  if (descriptor_ < 0) fail(path_, errno);
  if (kept > 0 &&
      (::ftruncate(descriptor_, kept) != 0 || ::lseek(descriptor_, 0, SEEK_END) != kept)) {
    const int error = errno;
    ::close(descriptor_);
    fail(path_, error);
  }
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OutputFile::write(const void* data, size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor_, next, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path_, errno);
    next += written;
    size -= static_cast<size_t>(written);
  }
}

void OutputFile::sync() {
  sync_descriptor(path_, descriptor_);
}

void OutputFile::close() {
  sync();
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0 && errno != EINTR) fail(path_, errno);
}

void sync_directory(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail(path, errno);
  const bool synced = ::fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP;
  const int error = errno;
  ::close(descriptor);
  if (!synced) fail(path, error);
}

void make_directories(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail(path, error.value());
}

}  // namespace accumbens
