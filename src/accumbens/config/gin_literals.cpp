#include "accumbens/config/gin_literals.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace accumbens::gin {
namespace {

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

}  // namespace

Value number_of(std::string_view literal, bool negative, const Builder& builder) {
  std::string digits(literal);
  std::erase(digits, '_');
  const char kind = digits.size() > 1 && digits[0] == '0' ? digits[1] : ' ';
  const int base = kind == 'x' || kind == 'X'   ? 16
                   : kind == 'o' || kind == 'O' ? 8
                   : kind == 'b' || kind == 'B' ? 2
                                                : 10;
  if (base != 10) return integer_value(digits.substr(2), base, negative, literal.data(), builder);
  if (digits.find_first_of(".eE") != std::string::npos) {
    return float_value(digits, negative, literal.data(), builder);
  }
  return integer_value(digits, base, negative, literal.data(), builder);
}

std::string string_of(std::string_view literal, const Builder& builder) {
  const bool raw = literal[0] == 'r' || literal[0] == 'R';
  if (literal[0] != '\'' && literal[0] != '"') literal.remove_prefix(1);
  const bool triple = literal.size() >= 6 && literal[1] == literal[0] && literal[2] == literal[0];
  const size_t quotes = triple ? 3 : 1;
  const std::string_view body = literal.substr(quotes, literal.size() - 2 * quotes);
  return raw ? std::string(body) : unescape(body, builder);
}

}  // namespace accumbens::gin
