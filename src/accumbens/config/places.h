#pragma once

#include <map>
#include <set>
#include <string>

namespace accumbens {

/// A message behind the places (file:line) of the words that it mentions, in the order of the
/// message: "dqn.gin:3, --gin_bindings:1: ...". A message without any of the words, or already
/// behind their places, stays as it is.
std::string behind_places(const std::string& message,
                          const std::map<std::string, std::set<std::string>>& places_of);

}  // namespace accumbens
