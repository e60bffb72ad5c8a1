#include "accumbens/config/places.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace accumbens {
namespace {

// where in the text the word begins, npos where it does not occur as a whole
size_t find_word(const std::string& text, const std::string& word) {
  const auto in_word = [&](size_t i) {
    return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) || text[i] == '_');
  };
  size_t found = text.find(word);
  while (found != std::string::npos &&
         ((found > 0 && in_word(found - 1)) || in_word(found + word.size()))) {
    found = text.find(word, found + 1);
  }
  return found;
}

}  // namespace

std::string behind_places(const std::string& message,
                          const std::map<std::string, std::set<std::string>>& places_of) {
  std::map<size_t, std::set<std::string>> mentioned;
  for (const auto& [word, places] : places_of) {
    const size_t found = find_word(message, word);
    if (found != std::string::npos) mentioned[found] = places;
  }
  std::vector<std::string> places;
  for (const auto& [position, its] : mentioned) {
    for (const std::string& one : its) {
      if (std::ranges::find(places, one) == places.end()) places.push_back(one);
    }
  }
  std::string text;
  for (const std::string& one : places) text += (text.empty() ? "" : ", ") + one;
  return text.empty() || message.starts_with(text + ":") ? message : text + ": " + message;
}

}  // namespace accumbens
