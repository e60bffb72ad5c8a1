#include "accumbens/config/gin_parser.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>
#include <tao/pegtl.hpp>
#include <tao/pegtl/version.hpp>
#include <utility>

#include "accumbens/config/nearest_name.h"

namespace accumbens {
namespace {

namespace pegtl = tao::pegtl;

constexpr size_t kDeepestNesting = 100;

// what the actions build while the grammar matches
class Builder {
 public:
  Builder(std::string_view text, const std::string& file) : text_(text), file_(file) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') line_starts_.push_back(i + 1);
    }
  }

  SourceLocation locate(const char* at) const {
    const size_t byte = at - text_.data();
    const size_t line =
        std::upper_bound(line_starts_.begin(), line_starts_.end(), byte) - line_starts_.begin();
    const size_t start = line_starts_[line - 1];
    const std::string_view rest = text_.substr(start);
    const auto characters = std::count_if(rest.begin(), rest.begin() + (byte - start),
                                          [](char c) { return (c & 0xc0) != 0x80; });
    return {.file = file_,
            .line = static_cast<int64_t>(line),
            .column = characters + 1,
            .text = std::string(rest.substr(0, rest.find('\n')))};
  }

  [[noreturn]] void fail(const char* at, const std::string& message) const {
    throw error_at(locate(at), message);
  }

  // "expected this, found 'that'"
  [[noreturn]] void fail_expecting(const char* at, const std::string& expected) const {
    const std::string_view rest = text_.substr(at - text_.data());
    std::string found = "the end of the text";
    if (!rest.empty() && rest[0] == '\n') {
      found = "the end of the line";
    } else if (!rest.empty()) {
      size_t size = 1;
      while (size < rest.size() && (rest[size] & 0xc0) == 0x80) ++size;
      found = "'" + std::string(rest.substr(0, size)) + "'";
    }
    fail(at, "expected " + expected + ", found " + found);
  }

  bool in_brackets() const { return !open_.empty(); }

  void open_bracket(const char* at, char bracket) {
    if (open_.size() == kDeepestNesting) {
      fail(at, "brackets are nested more than " + std::to_string(kDeepestNesting) + " deep");
    }
    open_.push_back({.bracket = bracket, .comma = false, .items = {}});
  }

  void comma() { open_.back().comma = true; }

  void close_bracket() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.bracket == '{') {
      DictValue dict;
      for (size_t i = 0; i + 1 < done.items.size(); i += 2) {
        insert(dict, std::move(done.items[i]), std::move(done.items[i + 1]));
      }
      finish(std::move(dict));
    } else if (done.bracket == '(' && done.items.size() == 1 && !done.comma) {
      finish(std::move(done.items[0]));
    } else {
      finish(ListValue{.tuple = done.bracket == '(', .items = std::move(done.items)});
    }
  }

  // a key of a dict was just finished
  void check_key(const char* at) const {
    if (!hashable(open_.back().items.back()))
      fail(at, "a list or dict cannot be the key of a dict");
  }

  void finish(Value value) {
    if (open_.empty()) {
      value_ = std::move(value);
    } else {
      open_.back().items.push_back(std::move(value));
    }
  }

  // the value is finished: the statement is whole
  void add_binding(const char* value_at) {
    const bool in_block = parameter_at != nullptr;
    const size_t dot = key.rfind('.');
    const bool macro = !in_block && dot == std::string::npos;
    const size_t slash = key.rfind('/');
    const size_t name = slash == std::string::npos ? 0 : slash + 1;
    const size_t name_end = in_block || macro ? key.size() : dot;

    const char* label_at = in_block ? parameter_at : macro ? key_at : key_at + dot + 1;
    statements.emplace_back(
        BindingStatement{.scope = slash == std::string::npos ? "" : key.substr(0, slash),
                         .name = key.substr(name, name_end - name),
                         .parameter = in_block ? parameter
                                      : macro  ? ""
                                               : key.substr(dot + 1),
                         .value = std::exchange(value_, Value()),
                         .location = locate(key_at),
                         .parameter_location = locate(label_at),
                         .value_location = locate(value_at)});
    parameter_at = nullptr;
  }

  // scratch of the statement and the token being read
  std::string key;
  const char* key_at = nullptr;
  std::string parameter;  // of a line in a block
  const char* parameter_at = nullptr;
  size_t header_indentation = 0;            // of the block, in characters
  std::optional<size_t> block_indentation;  // of its lines, set by the first
  std::string module;
  std::string string;
  std::string reference;
  bool called = false;
  bool negative = false;
  std::vector<Statement> statements;

 private:
  struct Open {
    char bracket;
    bool comma;  // (1) is 1, (1,) a tuple
    std::vector<Value> items;
  };

  static bool hashable(const Value& value) {
    if (value.as<DictValue>()) return false;
    const auto* list = value.as<ListValue>();
    if (!list) return true;
    return list->tuple && std::all_of(list->items.begin(), list->items.end(), hashable);
  }

  // as in Python, a later equal key replaces the value and 1, 1.0 and True are one key
  static void insert(DictValue& dict, Value key, Value value) {
    for (auto& [existing, item] : dict.items) {
      if (existing == key || (number(existing) && number(existing) == number(key))) {
        item = std::move(value);
        return;
      }
    }
    dict.items.emplace_back(std::move(key), std::move(value));
  }

  static std::optional<long double> number(const Value& value) {
    if (const auto* flag = value.as<bool>()) return *flag ? 1 : 0;
    if (const auto* integer = value.as<int64_t>()) return *integer;
    if (const auto* real = value.as<double>()) return *real;
    return std::nullopt;
  }

  std::string_view text_;
  const std::string& file_;
  std::vector<size_t> line_starts_{0};
  std::vector<Open> open_;  // brackets not yet closed, outermost first
  Value value_;             // finished, outside all brackets
};

namespace grammar {

using namespace tao::pegtl;
#if TAO_PEGTL_VERSION_MAJOR < 3
// PEGTL 2 (Ubuntu 22.04) does not ask rules for the rules inside them
struct empty_list {};
#endif

// ---- spaces: inside brackets a line end is one

struct comment : seq<one<'#'>, star<not_one<'\n'>>> {};
struct blank : sor<one<' ', '\t', '\f'>, seq<one<'\\'>, one<'\n'>, not_at<eof>>> {};
struct blanks : star<blank> {};
struct end_of_line : seq<opt<comment>, eolf> {};

struct in_brackets {
  using rule_t = in_brackets;
  using subs_t = empty_list;

  template <apply_mode, rewind_mode, template <typename...> class Action,
            template <typename...> class Control, typename Input>
  static bool match(Input&, Builder& builder) {
    return builder.in_brackets();
  }
};

struct free_gap : star<sor<blank, one<'\n'>, comment>> {};
struct gap : if_then_else<in_brackets, free_gap, blanks> {};

// ---- names

struct dotted : list<identifier, one<'.'>> {};
struct scoped : list<dotted, one<'/'>> {};

// ---- values

struct value;

struct digits : list<plus<digit>, one<'_'>> {};
template <char Lower, char Upper, typename Digit>
struct based : seq<one<'0'>, one<Lower, Upper>, opt<one<'_'>>, list<plus<Digit>, one<'_'>>> {};
struct hexadecimal : based<'x', 'X', xdigit> {};
struct octal : based<'o', 'O', range<'0', '7'>> {};
struct binary : based<'b', 'B', one<'0', '1'>> {};
struct exponent : seq<one<'e', 'E'>, opt<one<'+', '-'>>, digits> {};
struct floating : sor<seq<digits, one<'.'>, opt<digits>, opt<exponent>>,
                      seq<one<'.'>, digits, opt<exponent>>, seq<digits, exponent>> {};
struct decimal : sor<seq<at<range<'1', '9'>>, digits>, list<plus<one<'0'>>, one<'_'>>> {};
struct end_of_number : not_at<sor<identifier_other, one<'.'>>> {};
struct number : seq<sor<hexadecimal, octal, binary, floating, decimal>, must<end_of_number>> {};
struct minus : one<'-'> {};
struct negated : seq<number> {};
struct negative_number : seq<minus, gap, must<negated>> {};

template <char Quote>
struct closing_quote : one<Quote> {};
template <char Quote>
struct closing_quotes : rep<3, one<Quote>> {};
struct escaped : seq<one<'\\'>, any> {};
template <char Quote>
struct short_string
    : seq<one<Quote>, star<sor<escaped, not_one<Quote, '\\', '\n'>>>, must<closing_quote<Quote>>> {
};
template <char Quote>
struct long_string : seq<rep<3, one<Quote>>, star<not_at<closing_quotes<Quote>>, sor<escaped, any>>,
                         must<closing_quotes<Quote>>> {};
struct string_prefix : seq<one<'r', 'R', 'u', 'U'>, at<one<'\'', '"'>>> {};
struct quoted
    : seq<opt<string_prefix>,
          sor<long_string<'\''>, long_string<'"'>, short_string<'\''>, short_string<'"'>>> {};
struct joined_strings : seq<quoted, star<gap, quoted>> {};
struct string_value : seq<joined_strings> {};

struct reference_name : scoped {};
struct closing_call : one<')'> {};
struct reference_call : seq<blanks, one<'('>, free_gap, must<closing_call>> {};
struct reference : seq<one<'@'>, blanks, must<reference_name>, opt<reference_call>> {};

struct constant_name : scoped {};
struct constant : seq<one<'%'>, blanks, must<constant_name>> {};

struct word : identifier {};  // True, False, None

template <char Bracket>
struct opening : one<Bracket> {};
template <char Bracket>
struct closing : one<Bracket> {};
struct comma : one<','> {};
template <typename Item>
struct items : seq<gap, opt<Item, gap, star<comma, gap, Item, gap>, opt<comma, gap>>> {};
struct list_literal : seq<opening<'['>, items<value>, must<closing<']'>>> {};
struct tuple_literal : seq<opening<'('>, items<value>, must<closing<')'>>> {};
struct dict_key : seq<success, value> {};  // alone value would have to be complete for PEGTL 2
struct colon : one<':'> {};
struct dict_item : seq<dict_key, gap, must<colon>, gap, must<value>> {};
struct dict_literal : seq<opening<'{'>, items<dict_item>, must<closing<'}'>>> {};

struct value : sor<list_literal, tuple_literal, dict_literal, negative_number, number, string_value,
                   reference, constant, word> {};

// ---- statements

struct bound_value : seq<value> {};
struct key : seq<star<identifier, one<'/'>>, dotted> {};
struct binding : seq<one<'='>, blanks, must<bound_value>, blanks, must<end_of_line>> {};

// the lines of a block share an indentation; the builder keeps it
struct indentation {
  using rule_t = indentation;
  using subs_t = empty_list;

  template <apply_mode, rewind_mode, template <typename...> class Action,
            template <typename...> class Control, typename Input>
  static bool match(Input& in, Builder& builder) {
    size_t width = 0;
    while (width < in.size(width + 1) &&
           (in.peek_char(width) == ' ' || in.peek_char(width) == '\t')) {
      ++width;
    }
    if (width <= builder.header_indentation) return false;
    if (!builder.block_indentation) builder.block_indentation = width;
    if (width != *builder.block_indentation) {
      builder.fail(in.current() + width, "the indentation differs from the lines above");
    }
    in.bump_in_this_line(width);
    return true;
  }
};
struct empty_lines : star<not_at<eof>, blanks, end_of_line> {};
struct parameter : identifier {};
struct equals : one<'='> {};
struct block_binding : seq<must<parameter>, blanks, must<equals>, blanks, must<bound_value>, blanks,
                           must<end_of_line>> {};
struct first_indentation : seq<empty_lines, indentation> {};
struct block_start : one<':'> {};
struct block : seq<block_start, blanks, must<end_of_line>, must<first_indentation>, block_binding,
                   star<empty_lines, indentation, block_binding>> {};

struct binding_or_block : sor<binding, block> {};
struct keyed : seq<key, blanks, must<binding_or_block>> {};

// import, from and include may also be names that are bound
struct import_word : seq<at<TAO_PEGTL_KEYWORD("import")>, TAO_PEGTL_STRING("import")> {};
struct from_word : TAO_PEGTL_STRING("from") {};
struct include_word : TAO_PEGTL_STRING("include") {};
struct as_word : TAO_PEGTL_STRING("as") {};
template <typename Word>
struct keyword : seq<Word, plus<blank>, not_at<one<'=', ':'>>> {};
struct module_name : dotted {};
struct imported_name : identifier {};
struct alias_name : identifier {};
struct alias : opt<plus<blank>, as_word, plus<blank>, must<alias_name>> {};
struct import : seq<keyword<import_word>, must<module_name>, alias> {};
struct from_import : seq<keyword<from_word>, must<module_name>, blanks, must<import_word>, blanks,
                         must<imported_name>, alias> {};
struct included_file : joined_strings {};
struct include_start : sor<keyword<include_word>, seq<include_word, at<one<'\'', '"'>>>> {};
struct include : seq<include_start, must<included_file>> {};
struct directive : seq<sor<import, from_import, include>, blanks, must<end_of_line>> {};

struct statement : sor<directive, keyed> {};
struct file : until<eof, blanks, sor<end_of_line, must<statement>>> {};

}  // namespace grammar

// ---- what was expected where a rule had to match

template <typename Rule>
constexpr const char* kExpected = nullptr;

template <>
constexpr const char* kExpected<grammar::end_of_number> =
    "a number like 250_000, 0.25, 6.25e-5 or 0x10";
template <>
constexpr const char* kExpected<grammar::negated> = "a number after '-'";
template <>
constexpr const char* kExpected<grammar::closing_quote<'\''>> = "' to end the string";
template <>
constexpr const char* kExpected<grammar::closing_quote<'"'>> = "\" to end the string";
template <>
constexpr const char* kExpected<grammar::closing_quotes<'\''>> = "''' to end the string";
template <>
constexpr const char* kExpected<grammar::closing_quotes<'"'>> = "\"\"\" to end the string";
template <>
constexpr const char* kExpected<grammar::reference_name> = "the name of a configurable after '@'";
template <>
constexpr const char* kExpected<grammar::closing_call> =
    "')', as a reference is called without arguments";
template <>
constexpr const char* kExpected<grammar::constant_name> =
    "the name of a constant or macro after '%'";
template <>
constexpr const char* kExpected<grammar::closing<']'>> = "a value, ',' or ']'";
template <>
constexpr const char* kExpected<grammar::closing<')'>> = "a value, ',' or ')'";
template <>
constexpr const char* kExpected<grammar::closing<'}'>> = "'key: value', ',' or '}'";
template <>
constexpr const char* kExpected<grammar::colon> = "':' after the key";
template <>
constexpr const char* kExpected<grammar::value> = "a value after ':'";
template <>
constexpr const char* kExpected<grammar::bound_value> =
    "a value (a number, string, list, tuple, dict, True, False, None, @reference or %constant)";
template <>
constexpr const char* kExpected<grammar::end_of_line> = "the end of the line";
template <>
constexpr const char* kExpected<grammar::first_indentation> =
    "an indented line 'parameter = value'";
template <>
constexpr const char* kExpected<grammar::parameter> = "the name of a parameter";
template <>
constexpr const char* kExpected<grammar::equals> = "'='";
template <>
constexpr const char* kExpected<grammar::binding_or_block> = "'=' and a value";
template <>
constexpr const char* kExpected<grammar::module_name> = "the name of a module";
template <>
constexpr const char* kExpected<grammar::import_word> = "'import'";
template <>
constexpr const char* kExpected<grammar::imported_name> = "the name of what to import";
template <>
constexpr const char* kExpected<grammar::alias_name> = "a name after 'as'";
template <>
constexpr const char* kExpected<grammar::included_file> = "a file name in quotes";
template <>
constexpr const char* kExpected<grammar::statement> =
    "'Name.parameter = value', 'NAME = value', import or include";

template <typename Rule>
struct Control : pegtl::normal<Rule> {
  template <typename Input>
  [[noreturn]] static void raise(const Input& in, Builder& builder) {
    static_assert(kExpected<Rule> != nullptr);
    builder.fail_expecting(in.current(), kExpected<Rule>);
  }
};

// ---- numbers and strings

Value integer_value(std::string digits, int base, bool negative, const char* at,
                    const Builder& builder) {
  if (negative) digits.insert(0, "-");
  int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (result.ec != std::errc()) builder.fail(at, "the integer does not fit into 64 bits");
  return value;
}

Value float_value(const std::string& digits, bool negative, const char* at,
                  const Builder& builder) {
  double value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc()) builder.fail(at, "the number does not fit into a double");
  return negative ? -value : value;
}

void append_utf8(std::string& text, uint32_t character) {
  const auto tail = [&](int shift) {
    text += static_cast<char>(0x80 | ((character >> shift) & 0x3f));
  };
  if (character < 0x80) {
    text += static_cast<char>(character);
  } else if (character < 0x800) {
    text += static_cast<char>(0xc0 | (character >> 6));
    tail(0);
  } else if (character < 0x10000) {
    text += static_cast<char>(0xe0 | (character >> 12));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | (character >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// the text between the quotes with Python's escapes replaced; an unknown escape stays as it is
std::string unescape(std::string_view body, const Builder& builder) {
  constexpr std::string_view kSimple = "\\'\"abfnrtv";
  constexpr std::string_view kMeaning = "\\'\"\a\b\f\n\r\t\v";
  std::string text;
  size_t i = 0;

  // appends the character whose number follows: exactly that many hexadecimal, up to three octal
  // digits
  const auto append_number = [&](const char* at, size_t longest, int base) {
    uint32_t character = 0;
    const char* begin = body.data() + i;
    const char* end = begin + std::min(longest, body.size() - i);
    const auto result = std::from_chars(begin, end, character, base);
    if (base == 16 && (result.ec != std::errc() || result.ptr != begin + longest)) {
      builder.fail(at, "expected " + std::to_string(longest) + " hexadecimal digits in the escape");
    }
    if (character > 0x10ffff || (character >= 0xd800 && character < 0xe000)) {
      builder.fail(at, "the escape names no Unicode character");
    }
    i += result.ptr - begin;
    append_utf8(text, character);
  };

  while (i < body.size()) {
    const char* at = body.data() + i;
    if (body[i++] != '\\') {
      text += *at;
      continue;
    }
    const char escape = body[i++];
    if (const size_t simple = kSimple.find(escape); simple != std::string_view::npos) {
      text += kMeaning[simple];
    } else if (escape >= '0' && escape <= '7') {
      --i;
      append_number(at, 3, 8);
    } else if (escape == 'x') {
      append_number(at, 2, 16);
    } else if (escape == 'u') {
      append_number(at, 4, 16);
    } else if (escape == 'U') {
      append_number(at, 8, 16);
    } else if (escape == 'N') {
      builder.fail(at, "characters by name are not supported: write \\u and four digits");
    } else if (escape != '\n') {
      text += '\\';
      text += escape;
    }
  }
  return text;
}

std::string string_of(std::string_view literal, const Builder& builder) {
  const bool raw = literal[0] == 'r' || literal[0] == 'R';
  if (literal[0] != '\'' && literal[0] != '"') literal.remove_prefix(1);
  const bool triple = literal.size() >= 6 && literal[1] == literal[0] && literal[2] == literal[0];
  const size_t quotes = triple ? 3 : 1;
  const std::string_view body = literal.substr(quotes, literal.size() - 2 * quotes);
  return raw ? std::string(body) : unescape(body, builder);
}

// ---- actions

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
    std::string digits = in.string();
    std::erase(digits, '_');
    const bool negative = std::exchange(builder.negative, false);
    const char kind = digits.size() > 1 && digits[0] == '0' ? digits[1] : ' ';
    const int base = kind == 'x' || kind == 'X'   ? 16
                     : kind == 'o' || kind == 'O' ? 8
                     : kind == 'b' || kind == 'B' ? 2
                                                  : 10;
    if (base != 10) {
      builder.finish(integer_value(digits.substr(2), base, negative, in.begin(), builder));
    } else if (digits.find_first_of(".eE") != std::string::npos) {
      builder.finish(float_value(digits, negative, in.begin(), builder));
    } else {
      builder.finish(integer_value(digits, base, negative, in.begin(), builder));
    }
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

std::vector<Statement> parse_gin(std::string_view text, const std::string& file_name) {
  const std::string plain = with_plain_line_ends(text);
  Builder builder(plain, file_name);
  for (size_t i = 0, size = 0; i < plain.size(); i += size) {
    size = utf8_size(std::string_view(plain).substr(i));
    if (size == 0) builder.fail(plain.data() + i, "the text is not UTF-8 here");
  }
  pegtl::memory_input<pegtl::tracking_mode::lazy, pegtl::eol::lf> input(
      plain.data(), plain.data() + plain.size(), file_name);
  pegtl::parse<grammar::file, Action, Control>(input, builder);
  return std::move(builder.statements);
}

}  // namespace accumbens
