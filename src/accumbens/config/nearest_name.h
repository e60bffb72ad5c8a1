#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace accumbens {

/// The candidate with the least edit distance (Levenshtein, blind to case) to the word, or "" where
/// none is near: more than a third of the word, and more than two letters, would have to change.
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

/// "; did you mean 'nearest'?", or "" where no candidate is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace accumbens
