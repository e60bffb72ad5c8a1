#pragma once

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "accumbens/config/value.h"

namespace accumbens {

/// A value as tests/oracles/gin_literals.py tags it.
inline Value value_of_json(const nlohmann::json& tagged) {
  const std::string type = tagged[0];
  if (type == "none") return {};
  if (type == "bool") return tagged[1].get<bool>();
  if (type == "int") return static_cast<int64_t>(std::stoll(tagged[1].get<std::string>()));
  if (type == "float") return std::strtod(tagged[1].get<std::string>().c_str(), nullptr);
  if (type == "str") return tagged[1].get<std::string>();
  if (type == "reference") return ReferenceValue{tagged[1], tagged[2]};
  if (type == "constant") return ConstantReference{tagged[1]};
  if (type == "dict") {
    DictValue dict;
    for (const auto& [key, item] :
         tagged[1].get<std::vector<std::pair<nlohmann::json, nlohmann::json>>>()) {
      dict.items.emplace_back(value_of_json(key), value_of_json(item));
    }
    return dict;
  }
  ListValue list{.tuple = type == "tuple", .items = {}};
  for (const nlohmann::json& item : tagged[1]) list.items.push_back(value_of_json(item));
  return list;
}

}  // namespace accumbens
