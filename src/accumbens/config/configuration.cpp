#include "accumbens/config/configuration.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "accumbens/config/gin_files.h"
#include "accumbens/config/nearest_name.h"
#include "accumbens/config/places.h"
#include "accumbens/config/resolver.h"

namespace accumbens {
namespace {

const char kBindings[] = "--gin_bindings";

bool is_required(const Value& value) {
  return value.as<ConstantReference>() != nullptr;
}

// what a field takes for the same value: 1 and 1.0 are one float, lists and tuples one list
Value one_spelling(const Field* field, const Value& value) {
  if (!field) return value;
  if (const auto* list = value.as<ListValue>()) {
    ListValue result{.tuple = true, .items = {}};
    for (const Value& item : list->items) result.items.push_back(one_spelling(field, item));
    return result;
  }
  const bool real = field->type == FieldType::kDouble || field->type == FieldType::kDoubleList;
  const auto* integer = value.as<int64_t>();
  if (real && integer) return static_cast<double>(*integer);
  if (const auto* reference = value.as<ReferenceValue>()) return ReferenceValue{reference->name};
  return value;
}

// whether what is bound for `base` reaches the configurable
bool is_or_derives(const Configurable& configurable, const Configurable& base) {
  const Configurable* owner = &configurable;
  while (owner && owner != &base) owner = owner->base;
  return owner;
}

}  // namespace

std::pair<std::string, std::string> split_scope(const std::string& name) {
  const size_t slash = name.rfind('/');
  if (slash == std::string::npos) return {"", name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

Configuration::Scope::Scope(const Configuration& configuration, const std::string& scope)
    : configuration_(configuration), outer_(configuration.scope_) {
  if (!scope.empty()) configuration.scope_ = scope;
}

Configuration::Configuration(const Registry& registry, const std::vector<std::string>& gin_files,
                             const std::vector<std::string>& gin_bindings)
    : registry_(&registry) {
  registry.check_default_references();

  GinFiles files(registry);
  for (const std::string& file : gin_files) files.read(file);

  // one line each, so that the line of an error counts the bindings
  std::string lines;
  for (const std::string& binding : gin_bindings) lines += binding + "\n";
  files.add(lines, kBindings);

  warnings_ = files.warnings();
  bind(files.bindings());
  check_contradictions();
}

void Configuration::bind(const std::vector<BindingStatement>& bindings) {
  // everything is checked, also what a later binding overrides
  Resolver resolver(*registry_, bindings);
  for (const BindingStatement& binding : bindings) {
    Value value = resolver.resolve(binding);
    if (!binding.parameter.empty()) {
      bind(binding, std::move(value));
    } else if (located(binding.location, [&] { return registry_->constant(binding.name); })) {
      throw error_at(binding.location,
                     "'" + binding.name + "' is a constant; choose another name for the macro");
    }
  }

  std::set<std::string> reported;
  for (const BindingStatement& binding : bindings) {
    const std::string macro = macro_name(binding);
    if (!binding.parameter.empty() || resolver.used(macro)) continue;
    if (!reported.insert(macro).second) continue;
    warnings_.push_back(place(binding.location) + ": nothing uses the macro '" + macro + "'");
  }
}

void Configuration::bind(const BindingStatement& binding, Value value) {
  const Configurable& configurable = located(
      binding.location, [&]() -> const Configurable& { return registry_->resolve(binding.name); });
  const std::string name = registry_->selector(configurable);

  if (configurable.unused.contains(binding.parameter)) {
    return bind_unused(binding, configurable, std::move(value));
  }
  const Field* field = configurable.find(binding.parameter);
  if (!field) {
    throw error_at(binding.parameter_location,
                   name + " has no parameter '" + binding.parameter + "'" +
                       did_you_mean(binding.parameter, configurable.parameters()));
  }

  // what is not here cannot be among the names that a field takes
  const auto* reference = value.as<ReferenceValue>();
  const Configurable* named =
      reference ? &registry_->resolve(split_scope(reference->name).second) : nullptr;
  if (named && named->absent) warn_absent(binding.value_location, *named);
  const bool absent = named && named->absent && field->type == FieldType::kReference;
  if (!is_required(value) && !absent) {
    const std::string refusal = field->refusal(value);
    if (!refusal.empty()) {
      throw error_at(binding.value_location,
                     name + "." + field->name + " " + refusal + " (" + field->meaning + ")");
    }
  }
  bound_[{binding.scope, &configurable}].insert_or_assign(
      field->name, Bound{std::move(value), binding.location, binding.implied});
}

void Configuration::bind_unused(const BindingStatement& binding, const Configurable& configurable,
                                Value value) {
  if (configurable.absent) warn_absent(binding.location, configurable);
  const std::string& reason = configurable.unused.at(binding.parameter);
  if (!reason.empty()) {
    warnings_.push_back(place(binding.location) + ": " + binding.name + "." + binding.parameter +
                        " has no effect: " + reason);
  }
  bound_[{binding.scope, &configurable}].insert_or_assign(
      binding.parameter, Bound{std::move(value), binding.location, binding.implied});
}

void Configuration::warn_absent(const SourceLocation& location, const Configurable& configurable) {
  if (!warned_.insert(&configurable).second) return;
  warnings_.push_back(place(location) + ": " + registry_->selector(configurable) +
                      " is not in Accumbens: its bindings have no effect (" + configurable.summary +
                      ")");
}

void Configuration::check_contradictions() const {
  for (const auto& [target, parameters] : bound_) {
    if (!target.configurable->check) continue;
    const FieldValues values = this->values(target);
    if (std::any_of(values.begin(), values.end(),
                    [](const auto& item) { return is_required(item.second); })) {
      continue;
    }
    try {
      target.configurable->check(values);
    } catch (const ConfigError& error) {
      std::map<std::string, std::set<std::string>> places;
      for (const auto& [parameter, value] : values) {
        const Bound* binding = find(target, parameter);
        if (binding) places[parameter].insert(place(binding->location));
      }
      throw ConfigError(behind_places(label(target) + ": " + error.what(), places));
    }
  }
}

Configuration::Target Configuration::target(const std::string& name) const {
  const auto [scope, selector] = split_scope(name);
  return {scope.empty() ? scope_ : scope, &registry_->resolve(selector)};
}

const Configuration::Bound* Configuration::find(const Target& target,
                                                const std::string& parameter) const {
  // the configurable before its base, the innermost scope before the outer ones
  for (const Configurable* owner = target.configurable; owner; owner = owner->base) {
    std::string scope = target.scope;
    while (true) {
      if (const auto found = bound_.find({scope, owner}); found != bound_.end()) {
        const auto binding = found->second.find(parameter);
        if (binding != found->second.end()) return &binding->second;
      }
      if (scope.empty()) break;
      scope = split_scope(scope).first;
    }
  }
  return nullptr;
}

FieldValues Configuration::values(const Target& target) const {
  FieldValues values;
  for (const Field& field : target.configurable->fields) {
    const Bound* binding = find(target, field.name);
    values[field.name] = binding ? binding->value : field.default_value;
    if (!binding || is_required(binding->value)) continue;

    // a binding on the base was checked for the base only
    const auto* reference = binding->value.as<ReferenceValue>();
    if (reference && registry_->resolve(split_scope(reference->name).second).absent) continue;
    const std::string refusal = field.refusal(binding->value);
    if (!refusal.empty()) {
      throw error_at(binding->location,
                     label(target) + "." + field.name + " " + refusal + " (" + field.meaning + ")");
    }
  }
  return values;
}

FieldValues Configuration::use(const std::string& name, std::type_index type) const {
  const Target target = this->target(name);
  if (target.configurable->type != type) {
    throw Error(name + " was registered with another options struct than it is asked for with");
  }
  FieldValues values = this->values(target);
  for (const auto& [parameter, value] : values) {
    if (!is_required(value)) continue;
    throw error_at(find(target, parameter)->location,
                   label(target) + "." + parameter + " is required and must be bound to a value (" +
                       target.configurable->find(parameter)->meaning + ")");
  }
  used_.insert(target);
  return values;
}

bool Configuration::bound(const std::string& name, const std::string& parameter) const {
  return find(target(name), parameter) != nullptr;
}

std::string Configuration::bound_at(const std::string& name) const {
  const Configurable* configurable = &registry_->resolve(name);
  for (const auto& [target, parameters] : bound_) {
    if (target.configurable == configurable) return place(parameters.begin()->second.location);
  }
  return "";
}

std::string Configuration::with_places(const std::string& message) const {
  std::map<std::string, std::set<std::string>> places;
  for (const Configurable* named : registry_->configurables()) {
    for (const auto& [target, parameters] : bound_) {
      if (!is_or_derives(*named, *target.configurable)) continue;
      for (const auto& [parameter, binding] : parameters) {
        // its own binding comes before that of a base
        const Bound* effective = find({target.scope, named}, parameter);
        places[named->name + "." + parameter].insert(place(effective->location));
      }
    }
  }
  return behind_places(message, places);
}

Value Configuration::value(const std::string& name, const std::string& parameter) const {
  return values(target(name)).at(parameter);
}

std::vector<Configuration::Unread> Configuration::unread() const {
  const auto reaches = [](const Target& bound, const Target& used) {
    const bool scope = bound.scope.empty() || used.scope == bound.scope ||
                       used.scope.starts_with(bound.scope + "/");
    return scope && is_or_derives(*used.configurable, *bound.configurable);
  };
  std::vector<Unread> all;
  for (const auto& [target, parameters] : bound_) {
    const auto& accepted = target.configurable->unused;
    const auto written = std::ranges::find_if(parameters, [&](const auto& item) {
      return !accepted.contains(item.first) && !item.second.implied;
    });
    const bool read = std::ranges::any_of(
        used_, [&, &bound = target](const Target& used) { return reaches(bound, used); });
    if (target.configurable->absent || read || written == parameters.end()) continue;
    all.push_back({target.configurable, label(target), place(written->second.location)});
  }
  return all;
}

std::string Configuration::label(const Target& target) const {
  const std::string selector = registry_->selector(*target.configurable);
  return target.scope.empty() ? selector : target.scope + "/" + selector;
}

std::vector<Configuration::Target> Configuration::sorted(const std::set<Target>& targets) const {
  std::vector<Target> result(targets.begin(), targets.end());
  std::sort(result.begin(), result.end(),
            [&](const Target& a, const Target& b) { return label(a) < label(b); });
  return result;
}

std::string Configuration::operative() const {
  std::string text;
  for (const Target& target : sorted(used_)) {
    if (!text.empty()) text += "\n";
    const std::string label = this->label(target);
    text += "# " + label;
    if (!target.configurable->summary.empty()) text += ": " + target.configurable->summary;
    text += "\n";
    for (const auto& [parameter, value] : values(target)) {
      text += label + "." + parameter + " = " + gin_text(value) + "  # " +
              target.configurable->find(parameter)->meaning + "\n";
    }
  }
  return text;
}

std::map<std::string, Configuration::Line> Configuration::lines(const Target& target) const {
  std::map<std::string, Line> lines;
  for (auto& [parameter, value] : values(target)) {
    const Bound* binding = find(target, parameter);
    lines[parameter] = {target.configurable->find(parameter), std::move(value),
                        binding ? place(binding->location) : "default"};
  }
  for (const auto& [parameter, reason] : target.configurable->unused) {
    const Bound* binding = find(target, parameter);
    if (!binding) continue;
    lines[parameter] = {nullptr, binding->value, place(binding->location) + ", no effect"};
  }
  return lines;
}

std::string Configuration::explain() const {
  std::set<Target> targets = used_;
  for (const auto& [target, parameters] : bound_) targets.insert(target);

  // the column of the origins; longer lines stick out
  constexpr size_t kWidest = 72;
  std::vector<std::pair<std::string, std::string>> rows;  // binding, origin
  size_t width = 0;
  for (const Target& target : sorted(targets)) {
    if (!rows.empty()) rows.emplace_back();
    for (const auto& [parameter, line] : lines(target)) {
      rows.emplace_back(label(target) + "." + parameter + " = " + gin_text(line.value),
                        line.origin);
      const size_t size = rows.back().first.size();
      if (size <= kWidest) width = std::max(width, size);
    }
  }

  std::string text;
  for (auto& [binding, origin] : rows) {
    if (!binding.empty()) {
      if (binding.size() < width) binding.resize(width, ' ');
      text += binding + "  # " + origin;
    }
    text += "\n";
  }
  return text;
}

std::string Configuration::diff(const Configuration& other) const {
  std::set<Target> targets;
  for (const Configuration* configuration : {this, &other}) {
    for (const auto& [target, parameters] : configuration->bound_) targets.insert(target);
  }

  std::string text;
  const auto add = [&](const char* sign, const std::string& name, const Line* line) {
    text += sign + name;
    text += line ? " = " + gin_text(line->value) + "  # " + line->origin : "  # not bound";
    text += "\n";
  };
  for (const Target& target : sorted(targets)) {
    const auto mine = lines(target);
    const auto theirs = other.lines(target);
    std::set<std::string> parameters;
    for (const auto& [parameter, line] : mine) parameters.insert(parameter);
    for (const auto& [parameter, line] : theirs) parameters.insert(parameter);
    for (const std::string& parameter : parameters) {
      const auto a = mine.find(parameter);
      const auto b = theirs.find(parameter);
      const Line* left = a == mine.end() ? nullptr : &a->second;
      const Line* right = b == theirs.end() ? nullptr : &b->second;
      if (left && right &&
          one_spelling(left->field, left->value) == one_spelling(right->field, right->value)) {
        continue;
      }
      add("- ", label(target) + "." + parameter, left);
      add("+ ", label(target) + "." + parameter, right);
    }
  }
  return text;
}

}  // namespace accumbens
