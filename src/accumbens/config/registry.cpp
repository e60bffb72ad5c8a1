#include "accumbens/config/registry.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "accumbens/config/nearest_name.h"

namespace accumbens {
namespace {

bool has_suffix(std::string_view dotted, std::string_view suffix) {
  if (!dotted.ends_with(suffix)) return false;
  return dotted.size() == suffix.size() || dotted[dotted.size() - suffix.size() - 1] == '.';
}

// every way to write the full name of a configurable: modules times labels
std::vector<std::string> full_names(const Configurable& configurable) {
  std::vector<std::string> labels = configurable.aliases;
  labels.insert(labels.begin(), configurable.name);
  if (configurable.modules.empty()) return labels;
  std::vector<std::string> names;
  for (const std::string& module : configurable.modules) {
    for (const std::string& label : labels) names.push_back(module + "." + label);
  }
  return names;
}

std::string bound_text(double bound) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, bound).ptr};
}

std::string unoptional_type_text(FieldType type) {
  switch (type) {
    case FieldType::kBool:
      return "bool";
    case FieldType::kInt:
      return "int";
    case FieldType::kDouble:
      return "float";
    case FieldType::kString:
      return "string";
    case FieldType::kReference:
      return "@reference";
    case FieldType::kIntList:
      return "list of int";
    case FieldType::kDoubleList:
      return "list of float";
    case FieldType::kReferenceList:
      return "list of @reference";
  }
  return "";
}

bool is_number(FieldType type, const Value& value) {
  return value.as<int64_t>() || (type == FieldType::kDouble && value.as<double>());
}

bool is_listed(const Range& range, const std::string& name) {
  return std::find(range.one_of.begin(), range.one_of.end(), name) != range.one_of.end();
}

// the scope of a reference does not count
std::string name_of(const ReferenceValue& reference) {
  return reference.name.substr(reference.name.rfind('/') + 1);
}

bool has_type(FieldType type, const Range& range, const Value& value) {
  switch (type) {
    case FieldType::kBool:
      return value.as<bool>() != nullptr;
    case FieldType::kInt:
    case FieldType::kDouble:
      return is_number(type, value);
    case FieldType::kString:
      // a name may also be one of the listed references
      return value.as<std::string>() ||
             (value.as<ReferenceValue>() &&
              is_listed(range, "@" + name_of(*value.as<ReferenceValue>())));
    case FieldType::kReference:
      return value.as<ReferenceValue>() != nullptr;
    case FieldType::kIntList:
    case FieldType::kDoubleList:
    case FieldType::kReferenceList:
      break;
  }
  const FieldType element = type == FieldType::kIntList      ? FieldType::kInt
                            : type == FieldType::kDoubleList ? FieldType::kDouble
                                                             : FieldType::kReference;
  const auto* list = value.as<ListValue>();
  return list && std::all_of(list->items.begin(), list->items.end(),
                             [&](const Value& item) { return has_type(element, range, item); });
}

bool in_range(FieldType type, const Range& range, const Value& value) {
  if (const auto* list = value.as<ListValue>()) {
    return std::all_of(list->items.begin(), list->items.end(),
                       [&](const Value& item) { return in_range(type, range, item); });
  }
  const auto* string = value.as<std::string>();
  const auto* reference = value.as<ReferenceValue>();
  if (string || reference) {
    std::string name = string ? *string : name_of(*reference);
    if (reference && type == FieldType::kString) name = "@" + name;
    return range.one_of.empty() || is_listed(range, name);
  }
  const auto within = [&](auto number) {
    const auto at = static_cast<double>(number);
    return (range.low_open ? at > range.low : at >= range.low) &&
           (range.high_open ? at < range.high : at <= range.high);
  };
  if (const auto* integer = value.as<int64_t>()) return within(*integer);
  if (const auto* real = value.as<double>()) return within(*real);
  return true;
}

// counts stay far from where their sums and products would overflow
constexpr int64_t kMostCount = 1'000'000'000'000'000;

bool too_many(const Value& value) {
  if (const auto* list = value.as<ListValue>()) return std::ranges::any_of(list->items, too_many);
  const auto* integer = value.as<int64_t>();
  return integer && *integer > kMostCount;
}

}  // namespace

std::string Field::type_text() const {
  return unoptional_type_text(type) + (optional ? " or None" : "");
}

std::string Field::default_text() const {
  return gin_text(default_value);
}

std::string Field::range_text() const {
  if (!range.part_of.empty()) return "`accumbens list " + range.part_of + "`";
  if (!range.one_of.empty()) {
    std::string text;
    for (size_t i = 0; i < range.one_of.size(); ++i) {
      const std::string& name = range.one_of[i];
      const bool last = i + 1 == range.one_of.size();
      text += (i == 0 ? "" : last ? " or " : ", ");
      text += type == FieldType::kReference ? "@" + name : name[0] == '@' ? name : gin_text(name);
    }
    return text;
  }
  const bool has_low = std::isfinite(range.low);
  const bool has_high = std::isfinite(range.high);
  if (has_low && has_high) {
    return (range.low_open ? "(" : "[") + bound_text(range.low) + ", " + bound_text(range.high) +
           (range.high_open ? ")" : "]");
  }
  if (has_low) return (range.low_open ? "above " : "at least ") + bound_text(range.low);
  return has_high ? "at most " + bound_text(range.high) : "";
}

std::string Field::refusal(const Value& value) const {
  if (optional && value.is_none()) return "";
  if (!has_type(type, range, value)) {
    const std::string text = type_text();
    const std::string article = text[0] == '@' ? "a " : text[0] == 'i' ? "an " : "a ";
    return "takes " + article + text + ", not " + describe(value);
  }
  if (!in_range(type, range, value)) {
    const auto* string = value.as<std::string>();
    const std::string text = range_text();
    const bool interval = text[0] == '[' || text[0] == '(';
    const bool list = value.as<ListValue>() != nullptr;
    return std::string("must be ") + (interval ? "in " : "") + text +
           (list ? " in each element" : "") + ", not " + gin_text(value) +
           (string ? did_you_mean(*string, range.one_of) : "");
  }
  const bool whole = type == FieldType::kInt || type == FieldType::kIntList;
  const bool counts = whole && std::isfinite(range.low) && !std::isfinite(range.high);
  if (counts && too_many(value)) {
    return "must be at most " + bound_text(kMostCount) + ", not " + gin_text(value);
  }
  return "";
}

const Field* Configurable::find(std::string_view field) const {
  const auto other = renamed.find(std::string(field));
  if (other != renamed.end()) field = other->second;
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& candidate) { return candidate.name == field; });
  return found == fields.end() ? nullptr : &*found;
}

std::vector<std::string> Configurable::parameters() const {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  for (const auto& [name, field] : renamed) names.push_back(name);
  for (const auto& [name, reason] : unused) names.push_back(name);
  return names;
}

Registry::Registry() {
  constants_["gin.REQUIRED"] = ConstantReference{"gin.REQUIRED"};
}

void Registry::add_reference(const std::string& name, ConfigurableNames names) {
  add(named(name, std::move(names)));
}

void Registry::add_absent(const std::string& name, const std::vector<std::string>& parameters,
                          ConfigurableNames names) {
  Configurable configurable = named(name, std::move(names));
  configurable.absent = true;
  for (const std::string& parameter : parameters) configurable.unused.emplace(parameter, "");
  add(std::move(configurable));
}

void Registry::add_module(const std::string& name, const std::string& bindings) {
  modules_[name] = bindings;
}

const std::string* Registry::module(std::string_view name) const {
  const auto found = modules_.find(name);
  if (found != modules_.end()) return &found->second;

  // a package: a module inside it is known
  const std::string inside = std::string(name) + ".";
  const auto first = modules_.lower_bound(inside);
  static const std::string kNone;
  return first != modules_.end() && first->first.starts_with(inside) ? &kNone : nullptr;
}

std::vector<std::string> Registry::module_names() const {
  std::vector<std::string> names;
  for (const auto& [name, bindings] : modules_) names.push_back(name);
  return names;
}

void Registry::add_constant(const std::string& name, Value value) {
  if (!constants_.emplace(name, std::move(value)).second) {
    throw Error("the constant " + name + " is registered twice");
  }
}

Configurable Registry::named(const std::string& name, ConfigurableNames names) const {
  return {.name = name,
          .aliases = std::move(names.aliases),
          .modules = std::move(names.modules),
          .summary = std::move(names.summary),
          .base = names.base.empty() ? nullptr : &resolve(names.base),
          .fields = {},
          .renamed = std::move(names.renamed),
          .unused = std::move(names.unused)};
}

void Registry::add(Configurable configurable) {
  // one full name, one configurable
  const std::vector<std::string> names = full_names(configurable);
  for (const auto& other : configurables_) {
    for (const std::string& taken : full_names(*other)) {
      if (std::find(names.begin(), names.end(), taken) != names.end()) {
        throw Error("the configurable " + taken + " is registered twice");
      }
    }
  }

  // defaults that a Gin file could not state
  for (const Field& field : configurable.fields) {
    const std::string label = configurable.name + "." + field.name;
    if (configurable.find(field.name) != &field) throw Error(label + " is declared twice");
    const auto* reference = field.default_value.as<ReferenceValue>();
    if (reference && reference->name.empty()) {
      throw Error("the default of " + label + " names nothing; use std::optional<Reference>");
    }
    const auto* real = field.default_value.as<double>();
    if (real && !std::isfinite(*real)) {
      throw Error("the default of " + label + " is not finite; use std::optional<double>");
    }
    const std::string refusal = field.refusal(field.default_value);
    if (!refusal.empty()) throw Error("the default of " + label + " " + refusal);
  }
  for (const auto& [name, field] : configurable.renamed) {
    if (!configurable.find(field)) throw Error(configurable.name + " has no field " + field);
  }
  for (const std::string& module : configurable.modules) modules_.try_emplace(module);
  configurables_.push_back(std::make_unique<const Configurable>(std::move(configurable)));
}

const Configurable& Registry::resolve(std::string_view selector) const {
  // an exact full name wins, else every one that ends so is a candidate
  std::vector<const Configurable*> candidates;
  for (const auto& configurable : configurables_) {
    const std::vector<std::string> names = full_names(*configurable);
    if (std::find(names.begin(), names.end(), selector) != names.end()) return *configurable;
    if (std::any_of(names.begin(), names.end(),
                    [&](const std::string& name) { return has_suffix(name, selector); })) {
      candidates.push_back(configurable.get());
    }
  }
  if (candidates.size() == 1) return *candidates[0];

  if (candidates.size() > 1) {
    std::string list;
    for (const Configurable* candidate : candidates) {
      const std::vector<std::string> names = full_names(*candidate);
      const auto fits = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
        return has_suffix(name, selector);
      });
      list += (list.empty() ? "" : candidate == candidates.back() ? " or " : ", ") + *fits;
    }
    throw ConfigError("'" + std::string(selector) + "' is ambiguous: write more of " + list);
  }

  // nothing fits: the module is wrong, or the name
  const std::string label(selector.substr(selector.rfind('.') + 1));
  std::vector<std::string> labels;
  std::vector<std::string> qualified;  // all that end in this very label
  for (const auto& configurable : configurables_) {
    labels.push_back(configurable->name);
    labels.insert(labels.end(), configurable->aliases.begin(), configurable->aliases.end());
    for (const std::string& name : full_names(*configurable)) {
      if (!has_suffix(name, label)) continue;
      qualified.push_back(label);
      for (size_t dot = name.size() - label.size(); dot > 1;) {
        const size_t previous = name.rfind('.', dot - 2);
        dot = previous == std::string::npos ? 0 : previous + 1;
        qualified.push_back(name.substr(dot));
      }
    }
  }
  if (!qualified.empty()) {
    const std::string nearest = nearest_name(selector, qualified);
    throw ConfigError("'" + label + "' is not in the module '" +
                      std::string(selector.substr(0, selector.size() - label.size() - 1)) +
                      "'; did you mean '" + (nearest.empty() ? label : nearest) + "'?");
  }
  throw ConfigError("no configurable is named '" + std::string(selector) + "'" +
                    did_you_mean(label, labels));
}

const Value* Registry::constant(std::string_view name) const {
  const auto exact = constants_.find(std::string(name));
  if (exact != constants_.end()) return &exact->second;
  const Value* found = nullptr;
  std::string names;
  for (const auto& [full, value] : constants_) {
    if (!has_suffix(full, name)) continue;
    if (found)
      throw ConfigError("'%" + std::string(name) + "' is ambiguous: " + names + " or " + full);
    names = full;
    found = &value;
  }
  return found;
}

std::string Registry::selector(const Configurable& configurable) const {
  try {
    if (&resolve(configurable.name) == &configurable) return configurable.name;
  } catch (const ConfigError&) {
    // ambiguous
  }
  return full_names(configurable).front();
}

void Registry::check_default_references() const {
  for (const auto& configurable : configurables_) {
    for (const Field& field : configurable->fields) {
      const auto* reference = field.default_value.as<ReferenceValue>();
      if (!reference) continue;
      try {
        resolve(reference->name);
      } catch (const ConfigError& error) {
        throw Error("the default of " + configurable->name + "." + field.name + ": " +
                    error.what());
      }
    }
  }
}

std::vector<const Configurable*> Registry::configurables() const {
  std::vector<const Configurable*> sorted;
  for (const auto& configurable : configurables_) sorted.push_back(configurable.get());
  std::sort(sorted.begin(), sorted.end(),
            [](const Configurable* a, const Configurable* b) { return a->name < b->name; });
  return sorted;
}

std::vector<std::string> Registry::constant_names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : constants_) names.push_back(name);
  return names;
}

}  // namespace accumbens
