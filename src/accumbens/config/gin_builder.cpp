#include "accumbens/config/gin_builder.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace accumbens::gin {
namespace {

constexpr size_t kDeepestNesting = 100;

bool hashable(const Value& value) {
  if (value.as<DictValue>()) return false;
  const auto* list = value.as<ListValue>();
  if (!list) return true;
  return list->tuple && std::all_of(list->items.begin(), list->items.end(), hashable);
}

std::optional<long double> number(const Value& value) {
  if (const auto* flag = value.as<bool>()) return *flag ? 1 : 0;
  if (const auto* integer = value.as<int64_t>()) return *integer;
  if (const auto* real = value.as<double>()) return *real;
  return std::nullopt;
}

// as in Python, a later equal key replaces the value and 1, 1.0 and True are one key
void insert(DictValue& dict, Value key, Value value) {
  for (auto& [existing, item] : dict.items) {
    if (existing == key || (number(existing) && number(existing) == number(key))) {
      item = std::move(value);
      return;
    }
  }
  dict.items.emplace_back(std::move(key), std::move(value));
}

}  // namespace

Builder::Builder(std::string_view text, const std::string& file) : text_(text), file_(file) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') line_starts_.push_back(i + 1);
  }
}

SourceLocation Builder::locate(const char* at) const {
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

void Builder::fail(const char* at, const std::string& message) const {
  throw error_at(locate(at), message);
}

void Builder::fail_expecting(const char* at, const std::string& expected) const {
  const std::string_view rest = text_.substr(at - text_.data());
  std::string found = "the end of the text";
  if (!rest.empty() && rest[0] == '\n') {
    found = "the end of the line";
  } else if (!rest.empty() && std::iscntrl(static_cast<unsigned char>(rest[0]))) {
    found = "byte " + std::to_string(rest[0]);
  } else if (rest.size() > 1 && rest[0] == '\xc2' && static_cast<unsigned char>(rest[1]) < 0xa0) {
    found = "a control code";
  } else if (!rest.empty()) {
    size_t size = 1;
    while (size < rest.size() && (rest[size] & 0xc0) == 0x80) ++size;
    found = "'" + std::string(rest.substr(0, size)) + "'";
  }
  fail(at, "expected " + expected + ", found " + found);
}

void Builder::open_bracket(const char* at, char bracket) {
  if (open_.size() == kDeepestNesting) {
    fail(at, "brackets are nested more than " + std::to_string(kDeepestNesting) + " deep");
  }
  open_.push_back({.bracket = bracket, .comma = false, .items = {}});
}

void Builder::close_bracket() {
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

void Builder::check_key(const char* at) const {
  if (!hashable(open_.back().items.back())) fail(at, "a list or dict cannot be the key of a dict");
}

void Builder::finish(Value value) {
  if (open_.empty()) {
    value_ = std::move(value);
  } else {
    open_.back().items.push_back(std::move(value));
  }
}

void Builder::check_scopes(const char* at, std::string_view name) const {
  if (std::ranges::count(name, '/') <= static_cast<int64_t>(kDeepestNesting)) return;
  fail(at, "scopes are nested more than " + std::to_string(kDeepestNesting) + " deep");
}

void Builder::add_binding(const char* value_at) {
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

}  // namespace accumbens::gin
