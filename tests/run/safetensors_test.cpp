#include "accumbens/core/safetensors.h"

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cstring>

#include "accumbens/core/digest.h"
#include "accumbens/core/error.h"
#include "accumbens/core/random.h"
#include "run/test_files.h"

namespace accumbens {
namespace {

const std::map<std::string, torch::ScalarType> kTypes = {
    {"uint8", torch::kUInt8},       {"int8", torch::kInt8},       {"int16", torch::kInt16},
    {"int32", torch::kInt32},       {"int64", torch::kInt64},     {"float16", torch::kFloat16},
    {"bfloat16", torch::kBFloat16}, {"float32", torch::kFloat32}, {"float64", torch::kFloat64},
    {"bool", torch::kBool}};

// the tensors of tests/oracles/safetensors_roundtrip.py
std::map<std::string, torch::Tensor> example() {
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, type] : kTypes) {
    tensors[name] = torch::arange(6).reshape({2, 3}).to(type);
  }
  tensors["scalar"] = torch::tensor(0.1, torch::kFloat64);
  tensors["empty"] = torch::empty({0, 3});
  return tensors;
}

void expect_equal(const std::map<std::string, torch::Tensor>& actual,
                  const std::map<std::string, torch::Tensor>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(actual.contains(name)) << name;
    EXPECT_EQ(actual.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(actual.at(name), tensor)) << name;
  }
}

std::string file_of(const std::string& header, const std::string& data) {
  const uint64_t size = header.size();
  std::string text(reinterpret_cast<const char*>(&size), sizeof(size));
  return text + header + data;
}

std::string error_of(const std::filesystem::path& path) {
  try {
    read_safetensors(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// oracle: what was written
TEST(Safetensors, EveryTypeSurvivesWritingAndReading) {
  const TemporaryDirectory directory;
  const FileContent written =
      write_safetensors(directory / "a.safetensors", example(), {{"key", "value"}});
  const Safetensors read = read_safetensors(directory / "a.safetensors");
  expect_equal(read.tensors, example());
  EXPECT_EQ(read.metadata, (std::map<std::string, std::string>{{"key", "value"}}));

  // size and digest are those of the file's bytes
  const std::string bytes = read_file(directory / "a.safetensors");
  EXPECT_EQ(written.size, static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(written.digest, digest_of(bytes));
  EXPECT_EQ(read.content.size, written.size);
  EXPECT_EQ(read.content.digest, written.digest);
  EXPECT_EQ(safetensors_size(example(), {{"key", "value"}}), written.size);
}

// oracle: a contiguous copy
TEST(Safetensors, ViewsAreWrittenInTheirOwnOrder) {
  const TemporaryDirectory directory;
  const torch::Tensor view = torch::arange(12).reshape({3, 4}).t().slice(0, 1, 3);
  write_safetensors(directory / "a.safetensors", {{"view", view}});
  expect_equal(read_safetensors(directory / "a.safetensors").tensors,
               {{"view", view.contiguous().clone()}});
}

// oracle: the digest of the empty text that xxh128sum prints
TEST(Digest, EqualsXxh128sum) {
  EXPECT_EQ(digest_of(""), "99aa06d3014798d86001c324468d497f");
}

// oracle: Hugging Face's safetensors for Python
TEST(Safetensors, PythonReadsWhatWeWrite) {
  const TemporaryDirectory directory;
  write_safetensors(directory / "a.safetensors", example(), {{"key", "value"}});
  const std::string six = " [2, 3] 0.0 1.0 2.0 3.0 4.0 5.0\n";
  EXPECT_EQ(
      run_oracle("safetensors_roundtrip.py", "print " + (directory / "a.safetensors").string()),
      "metadata key value\n"
      "bfloat16 bfloat16" +
          six +
          "bool bool [2, 3] 0.0 1.0 1.0 1.0 1.0 1.0\n"
          "empty float32 [0, 3]\n"
          "float16 float16" +
          six + "float32 float32" + six + "float64 float64" + six + "int16 int16" + six +
          "int32 int32" + six + "int64 int64" + six + "int8 int8" + six +
          "scalar float64 [] 0.1\n"
          "uint8 uint8" +
          six);
}

// oracle: Hugging Face's safetensors for Python
TEST(Safetensors, WeReadWhatPythonWrites) {
  const TemporaryDirectory directory;
  run_oracle("safetensors_roundtrip.py", "write " + (directory / "a.safetensors").string());
  const Safetensors read = read_safetensors(directory / "a.safetensors");
  expect_equal(read.tensors, example());
  EXPECT_EQ(read.metadata, (std::map<std::string, std::string>{{"written by", "Python"}}));
}

// oracle: the format's rules, broken one at a time
TEST(Safetensors, BrokenFilesAreRefusedByName) {
  const TemporaryDirectory directory;
  const auto entry = [](const std::string& dtype, const std::string& shape,
                        const std::string& offsets) {
    return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets +
           "}";
  };
  const auto one = [&](const std::string& dtype, const std::string& shape,
                       const std::string& offsets) {
    return R"({"a":)" + entry(dtype, shape, offsets) + "}";
  };
  const auto two = [&](const std::string& first, const std::string& second) {
    return R"({"a":)" + entry("U8", "[4]", first) + R"(,"b":)" + entry("U8", "[4]", second) + "}";
  };
  const std::string data = "12345678";
  const std::map<std::string, std::string> broken = {
      {"too short", "1234567"},
      {"no header", file_of("", "")},
      {"header longer than the file", std::string("\xff\xff\0\0\0\0\0\0{}", 10)},
      {"header of almost 2^64 bytes", std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)},
      {"not JSON", file_of("{\"a\":", "")},
      {"not an object", file_of("[]", "")},
      {"entry not an object", file_of(R"({"a":1})", "")},
      {"metadata not text", file_of(R"({"__metadata__":{"a":1}})", "")},
      {"unknown type", file_of(one("U9", "[8]", "[0,8]"), data)},
      {"type not text", file_of(R"({"a":{"dtype":1,"shape":[8],"data_offsets":[0,8]}})", data)},
      {"shape too small", file_of(one("U8", "[7]", "[0,8]"), data)},
      {"shape too large", file_of(one("U8", "[9]", "[0,8]"), data)},
      {"negative shape", file_of(one("U8", "[-8]", "[0,8]"), data)},
      {"fractional shape", file_of(one("U8", "[8.0]", "[0,8]"), data)},
      {"overflowing shape", file_of(one("U8", "[4294967296,4294967296,2]", "[0,8]"), data)},
      {"overflow to the right size", file_of(one("U8", "[9223372036854775809,8]", "[0,8]"), data)},
      {"overflow beside zero", file_of(one("U8", "[0,9223372036854775807,8]", "[0,0]"), "")},
      {"one offset", file_of(one("U8", "[8]", "[8]"), data)},
      {"offsets reversed", file_of(one("U8", "[8]", "[8,0]"), data)},
      {"negative offset", file_of(one("U8", "[8]", "[-8,0]"), data)},
      {"offset beyond the file", file_of(one("U8", "[9]", "[0,9]"), data)},
      {"not from the beginning", file_of(one("U8", "[7]", "[1,8]"), data)},
      {"overlap", file_of(two("[0,4]", "[2,6]"), data)},
      {"same place", file_of(two("[0,4]", "[0,4]"), data)},
      {"gap", file_of(two("[0,4]", "[5,9]"), data + "9")},
      {"bytes left over", file_of(one("U8", "[8]", "[0,8]"), data + "9")},
  };
  for (const auto& [what, bytes] : broken) {
    write_file(directory / "broken", bytes);
    EXPECT_THAT(error_of(directory / "broken"), testing::HasSubstr((directory / "broken").string()))
        << what;
  }

  // the same file unbroken is fine; no file at all and a directory are not
  write_file(directory / "whole", file_of(two("[0,4]", "[4,8]"), data));
  EXPECT_EQ(error_of(directory / "whole"), "");
  EXPECT_THAT(error_of(directory / "missing"), testing::HasSubstr("No such file"));
  EXPECT_THAT(error_of(directory.path()), testing::HasSubstr("not a regular file"));
}

// oracle: every answer other than Error or a tensor is a crash, which sanitizers see
TEST(Safetensors, RandomDamageIsAnErrorOrAFile) {
  const TemporaryDirectory directory;
  write_safetensors(directory / "a", example(), {{"key", "value"}});
  const std::string whole = read_file(directory / "a");
  RandomStream random(1, "damage");
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = whole;
    for (int64_t flips = 1 + random.below(3); flips > 0; --flips) {
      damaged[random.below(900)] = static_cast<char>(random.below(256));
    }
    if (random.below(4) == 0) damaged.resize(random.below(static_cast<int64_t>(whole.size())));
    write_file(directory / "b", damaged);
    refused += !error_of(directory / "b").empty();
  }
  EXPECT_GT(refused, 1000);
}

// oracle: the format's list of types
TEST(Safetensors, TypesWithoutANameAreRefused) {
  const TemporaryDirectory directory;
  EXPECT_THROW(write_safetensors(directory / "a", {{"z", torch::zeros({2}, torch::kComplexFloat)}}),
               Error);
  EXPECT_THROW(write_safetensors(directory / "a", {{"undefined", torch::Tensor()}}), Error);
}

}  // namespace
}  // namespace accumbens
