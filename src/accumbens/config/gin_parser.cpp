#include "accumbens/config/gin_parser.h"

#include <tao/pegtl.hpp>
#include <utility>

#include "accumbens/config/gin_builder.h"
#include "accumbens/config/gin_grammar.h"
#include "accumbens/config/gin_literals.h"
#include "accumbens/config/nearest_name.h"

namespace accumbens {
namespace gin {
namespace {

template <typename Rule>
struct Control : tao::pegtl::normal<Rule> {
  template <typename Input>
  [[noreturn]] static void raise(const Input& in, Builder& builder) {
    static_assert(kExpected<Rule> != nullptr);
    builder.fail_expecting(in.current(), kExpected<Rule>);
  }
};

template <typename Rule>
struct Action {};

template <char Bracket>
struct Action<grammar::opening<Bracket>> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.open_bracket(in.begin(), Bracket);
  }
};

template <char Bracket>
struct Action<grammar::closing<Bracket>> {
  static void apply0(Builder& builder) { builder.close_bracket(); }
};

template <>
struct Action<grammar::comma> {
  static void apply0(Builder& builder) { builder.comma(); }
};

template <>
struct Action<grammar::dict_key> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.check_key(in.begin());
  }
};

template <>
struct Action<grammar::minus> {
  static void apply0(Builder& builder) { builder.negative = true; }
};

template <>
struct Action<grammar::number> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.finish(
        number_of({in.begin(), in.size()}, std::exchange(builder.negative, false), builder));
  }
};

template <>
struct Action<grammar::quoted> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.string += string_of({in.begin(), in.size()}, builder);
  }
};

template <>
struct Action<grammar::string_value> {
  static void apply0(Builder& builder) { builder.finish(std::exchange(builder.string, {})); }
};

template <>
struct Action<grammar::reference_name> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.reference = in.string();
    builder.check_scopes(in.begin(), builder.reference);
  }
};

template <>
struct Action<grammar::closing_call> {
  static void apply0(Builder& builder) { builder.called = true; }
};

template <>
struct Action<grammar::reference> {
  static void apply0(Builder& builder) {
    builder.finish(ReferenceValue{.name = std::move(builder.reference),
                                  .called = std::exchange(builder.called, false)});
  }
};

template <>
struct Action<grammar::constant_name> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.finish(ConstantReference{in.string()});
  }
};

template <>
struct Action<grammar::word> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    const std::string word = in.string();
    if (word == "None") {
      builder.finish(Value());
    } else if (word == "True" || word == "False") {
      builder.finish(word == "True");
    } else {
      const std::string nearest = did_you_mean(word, {"True", "False", "None"});
      builder.fail(in.begin(), "'" + word + "' is not a value" +
                                   (nearest.empty() ? ": a string needs quotes, a reference '@', a "
                                                      "constant or macro '%'"
                                                    : nearest));
    }
  }
};

template <>
struct Action<grammar::key> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.key = in.string();
    builder.key_at = in.begin();
    builder.check_scopes(in.begin(), builder.key);
  }
};

template <>
struct Action<grammar::block_start> {
  static void apply0(Builder& builder) {
    builder.header_indentation = builder.locate(builder.key_at).column - 1;
    builder.block_indentation.reset();
  }
};

template <>
struct Action<grammar::parameter> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.parameter = in.string();
    builder.parameter_at = in.begin();
  }
};

template <>
struct Action<grammar::bound_value> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.add_binding(in.begin());
  }
};

template <>
struct Action<grammar::module_name> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.module = in.string();
  }
};

template <>
struct Action<grammar::imported_name> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.module += "." + in.string();
  }
};

template <>
struct Action<grammar::import> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.statements.emplace_back(
        ImportStatement{.module = builder.module, .location = builder.locate(in.begin())});
  }
};
template <>
struct Action<grammar::from_import> : Action<grammar::import> {};

template <>
struct Action<grammar::included_file> {
  template <typename Input>
  static void apply(const Input& in, Builder& builder) {
    builder.statements.emplace_back(IncludeStatement{.file = std::exchange(builder.string, {}),
                                                     .location = builder.locate(in.begin())});
  }
};

// bytes of the UTF-8 character at the front of the text, 0 where there is none
size_t utf8_size(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return byte(0) == 0 ? 0 : 1;
  const size_t size = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // no overlong forms, no surrogates, nothing above U+10FFFF
  const bool outside = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xed && byte(1) > 0x9f) ||
                       (byte(0) == 0xf0 && byte(1) < 0x90) || (byte(0) == 0xf4 && byte(1) > 0x8f);
  return outside ? 0 : size;
}

// '\n' ends every line, and a byte order mark at the front is dropped
std::string with_plain_line_ends(std::string_view text) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    plain += text[i] == '\r' ? '\n' : text[i];
  }
  return plain;
}

}  // namespace
}  // namespace gin

std::vector<Statement> parse_gin(std::string_view text, const std::string& file_name) {
  const std::string plain = gin::with_plain_line_ends(text);
  gin::Builder builder(plain, file_name);
  for (size_t i = 0, size = 0; i < plain.size(); i += size) {
    size = gin::utf8_size(std::string_view(plain).substr(i));
    if (size == 0) builder.fail(plain.data() + i, "the text is not UTF-8 here");
  }
  tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy, tao::pegtl::eol::lf> input(
      plain.data(), plain.data() + plain.size(), file_name);
  tao::pegtl::parse<gin::grammar::file, gin::Action, gin::Control>(input, builder);
  return std::move(builder.statements);
}

}  // namespace accumbens
