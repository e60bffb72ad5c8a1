#include "accumbens/config/value.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace accumbens {
namespace {

std::string integer_text(int64_t value) {
  std::string digits = std::to_string(value);
  const size_t sign = value < 0 ? 1 : 0;
  for (size_t end = digits.size(); end > sign + 3; end -= 3) digits.insert(end - 3, "_");
  return digits;
}

std::string double_text(double value) {
  if (!std::isfinite(value)) throw Error("Gin has no text for a number that is not finite");
  char buffer[32];
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string string_text(const std::string& value) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text = "'";
  for (const char c : value) {
    switch (c) {
      case '\\':
        text += "\\\\";
        break;
      case '\'':
        text += "\\'";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\r':
        text += "\\r";
        break;
      case '\t':
        text += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          text += std::string("\\x") + kHex[(c >> 4) & 15] + kHex[c & 15];
        } else {
          text += c;
        }
    }
  }
  return text + "'";
}

struct TextOf {
  std::string operator()(std::monostate) const { return "None"; }
  std::string operator()(bool value) const { return value ? "True" : "False"; }
  std::string operator()(int64_t value) const { return integer_text(value); }
  std::string operator()(double value) const { return double_text(value); }
  std::string operator()(const std::string& value) const { return string_text(value); }

  std::string operator()(const ListValue& value) const {
    std::string text;
    for (const Value& item : value.items) text += (text.empty() ? "" : ", ") + gin_text(item);
    if (!value.tuple) return "[" + text + "]";
    return "(" + text + (value.items.size() == 1 ? ",)" : ")");
  }

  std::string operator()(const DictValue& value) const {
    std::string text;
    for (const auto& [key, item] : value.items) {
      text += (text.empty() ? "" : ", ") + gin_text(key) + ": " + gin_text(item);
    }
    return "{" + text + "}";
  }

  std::string operator()(const ReferenceValue& value) const {
    return "@" + value.name + (value.called ? "()" : "");
  }
  std::string operator()(const ConstantReference& value) const { return "%" + value.name; }
};

}  // namespace

std::string place(const SourceLocation& location) {
  return location.file + ":" + std::to_string(location.line);
}

ConfigError error_at(const SourceLocation& location, const std::string& message) {
  // the caret stands below its character: tabs stay tabs, other characters become spaces. Of a long
  // line only what is around it is shown, and of what no terminal should get a dot
  constexpr int64_t kAround = 100;
  constexpr size_t kMostBytes = 1'000;  // of characters that are none, too
  std::string shown, caret;
  int64_t column = 0;
  for (const char c : location.text) {
    const bool continues_character = (c & 0xc0) == 0x80;
    if (!continues_character) ++column;
    if (std::abs(column - location.column) > kAround || shown.size() == kMostBytes) continue;

    // of two bytes, those that begin with 0xc2 and go on below 0xa0 are control codes
    const bool control = c != '\t' && std::iscntrl(static_cast<unsigned char>(c));
    const bool wide_control =
        continues_character && shown.ends_with('\xc2') && static_cast<unsigned char>(c) < 0xa0;
    if (wide_control) shown.pop_back();
    shown += control || wide_control ? '.' : c;
    if (!continues_character && column < location.column) caret += c == '\t' ? '\t' : ' ';
  }
  return ConfigError(place(location) + ":" + std::to_string(location.column) + ": " + message +
                     "\n  " + shown + "\n  " + caret + "^");
}

bool operator==(const Value& a, const Value& b) {
  if (a.data.index() != b.data.index()) return false;
  if (const auto* list = a.as<ListValue>()) {
    const auto* other = b.as<ListValue>();
    return list->tuple == other->tuple && list->items == other->items;
  }
  if (const auto* dict = a.as<DictValue>()) {
    const auto* other = b.as<DictValue>();
    return std::is_permutation(dict->items.begin(), dict->items.end(), other->items.begin(),
                               other->items.end());
  }
  if (const auto* reference = a.as<ReferenceValue>()) {
    const auto* other = b.as<ReferenceValue>();
    return reference->name == other->name && reference->called == other->called;
  }
  if (const auto* constant = a.as<ConstantReference>()) {
    return constant->name == b.as<ConstantReference>()->name;
  }
  if (const auto* flag = a.as<bool>()) return *flag == *b.as<bool>();
  if (const auto* integer = a.as<int64_t>()) return *integer == *b.as<int64_t>();
  if (const auto* real = a.as<double>()) return *real == *b.as<double>();
  if (const auto* string = a.as<std::string>()) return *string == *b.as<std::string>();
  return true;
}

Value tuple_of(std::initializer_list<Value> items) {
  return ListValue{.tuple = true, .items = items};
}

std::string gin_text(const Value& value) {
  return std::visit(TextOf{}, value.data);
}

std::string describe(const Value& value) {
  constexpr const char* kKinds[] = {"",           "the bool ",      "the int ",
                                    "the float ", "the string ",    "the ",
                                    "the dict ",  "the reference ", "the constant "};
  const auto* list = value.as<ListValue>();
  const std::string kind = list ? (list->tuple ? "tuple " : "list ") : "";
  return kKinds[value.data.index()] + kind + gin_text(value);
}

}  // namespace accumbens
