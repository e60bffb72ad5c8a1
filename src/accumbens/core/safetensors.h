#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace accumbens {

// The safetensors format of Hugging Face: 8 bytes of header length (little-endian), a JSON header,
// the tensors' bytes. Python: safetensors.torch.load_file(path). Types: uint8, int8, int16, int32,
// int64, float16, bfloat16, float32, float64, bool.

/// A file's size in bytes and the digest (see Digest) of its bytes.
struct FileContent {
  int64_t size = 0;    // bytes
  std::string digest;  // 32 hexadecimal digits
};

/// What a file holds.
struct Safetensors {
  std::map<std::string, torch::Tensor> tensors;  // on the CPU, contiguous
  std::map<std::string, std::string> metadata;   // free texts
  FileContent content;                           // of the file
};

/// Writes the tensors one after another, without a second copy of those that are contiguous and on
/// the CPU, and returns when the file would survive a loss of power. Throws Error that names the
/// file if it cannot be written, or if a tensor's type has no name in the format.
FileContent write_safetensors(const std::filesystem::path& path,
                              const std::map<std::string, torch::Tensor>& tensors,
                              const std::map<std::string, std::string>& metadata = {});

/// The size in bytes of the file that write_safetensors would write.
int64_t safetensors_size(const std::map<std::string, torch::Tensor>& tensors,
                         const std::map<std::string, std::string>& metadata = {});

/// Reads a whole file. Trusts nothing in it: throws Error that names the file and what is wrong.
Safetensors read_safetensors(const std::filesystem::path& path);

}  // namespace accumbens
