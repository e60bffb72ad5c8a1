#include "accumbens/core/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
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
  } else if (error == EISDIR || error == ENOTDIR) {
    message += "; move away what is there, or choose another directory";
  }
  throw Error(message);
}

// Opens a file or a device for writing; -1 as open(). Whoever opens a pipe would wait for a reader,
// or take what cannot be cut back for a file.
int open_for_writing(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | flags, 0666);
  struct stat status {};
  if (descriptor >= 0 && ::fstat(descriptor, &status) == 0 &&
      (S_ISREG(status.st_mode) || S_ISCHR(status.st_mode))) {
    ::fcntl(descriptor, F_SETFL, 0);  // writing may wait
    return descriptor;
  }
  if (descriptor < 0 && errno != ENXIO) return -1;
  if (descriptor >= 0) ::close(descriptor);
  throw Error("cannot write " + path.string() +
              ": it is not a file; move away what is there, or choose another directory");
}

// devices cannot be synced, and need not be
void sync_descriptor(const std::filesystem::path& path, int descriptor) {
  if (::fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP) fail(path, errno);
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path path, int64_t kept)
    : path_(std::move(path)),
      descriptor_(open_for_writing(path_, O_CREAT | (kept == 0 ? O_TRUNC : 0))) {
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

void require_writable(const std::filesystem::path& path) {
  const int descriptor = open_for_writing(path, /*flags=*/0);
  if (descriptor < 0 && errno != ENOENT) fail(path, errno);
  if (descriptor >= 0) ::close(descriptor);
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
