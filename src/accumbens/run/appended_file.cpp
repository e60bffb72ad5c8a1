#include "accumbens/run/appended_file.h"

#include <string>
#include <system_error>

namespace accumbens {

void AppendedFile::append(std::string_view text) {
  if (!file_) {
    if (path_.has_parent_path()) make_directories(path_.parent_path());
    file_.emplace(path_);
  }
  file_->write(text);
  size_ += static_cast<int64_t>(text.size());
}

void AppendedFile::state(StateTree& tree) {
  if (tree.saving() && file_) file_->sync();
  tree("size", size_);
  tree.require("size", size_ >= 0);
  if (tree.saving()) return;

  // no file, nor anything to keep: the first append starts it
  file_.reset();
  std::error_code error;
  if (size_ == 0 && !std::filesystem::is_regular_file(path_, error)) return;

  // the rest is cut off
  const auto size = std::filesystem::file_size(path_, error);
  if (error || static_cast<int64_t>(size) < size_) {
    const std::string found = error == std::errc::no_such_file_or_directory ? "is missing"
                              : error ? "cannot be read (" + error.message() + ")"
                                      : "has only " + std::to_string(size) + " bytes";
    throw Error("cannot continue " + path_.string() + ": it " + found + " where " +
                std::to_string(size_) +
                " were written; put it back, or start anew in another --base_dir");
  }
  file_.emplace(path_, size_);
}

}  // namespace accumbens
