#include "accumbens/config/resolver.h"

#include "accumbens/config/configuration.h"
#include "accumbens/config/nearest_name.h"

namespace accumbens {

std::string macro_name(const BindingStatement& binding) {
  return binding.scope.empty() ? binding.name : binding.scope + "/" + binding.name;
}

Resolver::Resolver(const Registry& registry, const std::vector<BindingStatement>& bindings)
    : registry_(registry) {
  for (const BindingStatement& binding : bindings) {
    if (binding.parameter.empty()) macros_[macro_name(binding)] = &binding;
  }
}

Value Resolver::resolve(const BindingStatement& binding) {
  return located(binding.value_location, [&] {
    size_ = 0;
    return resolve(binding.value, 0);
  });
}

Value Resolver::resolve(const Value& value, int depth) {
  // macros that hold macros could nest or grow without end
  constexpr int kDeepest = 100;
  constexpr size_t kLargest = 100'000;
  if (depth > kDeepest) throw ConfigError("the value nests too deeply once macros are replaced");
  if (++size_ > kLargest) throw ConfigError("the value is too large once macros are replaced");

  if (const auto* list = value.as<ListValue>()) {
    ListValue resolved{.tuple = list->tuple, .items = {}};
    for (const Value& item : list->items) resolved.items.push_back(resolve(item, depth + 1));
    return resolved;
  }
  if (const auto* dict = value.as<DictValue>()) {
    DictValue resolved;
    for (const auto& [key, item] : dict->items) {
      resolved.items.emplace_back(resolve(key, depth + 1), resolve(item, depth + 1));
    }
    return resolved;
  }
  if (const auto* reference = value.as<ReferenceValue>()) {
    const auto [scope, name] = split_scope(reference->name);
    const std::string selector = registry_.selector(registry_.resolve(name));
    return ReferenceValue{.name = scope.empty() ? selector : scope + "/" + selector,
                          .called = reference->called};
  }
  if (const auto* constant = value.as<ConstantReference>()) return resolve(*constant, depth);
  return value;
}

Value Resolver::resolve(const ConstantReference& reference, int depth) {
  if (const Value* constant = registry_.constant(reference.name)) return *constant;
  const auto macro = macros_.find(reference.name);
  if (macro == macros_.end()) {
    std::vector<std::string> names = registry_.constant_names();
    for (const auto& [name, binding] : macros_) names.push_back(name);
    // constants are mostly written with the last module only
    for (size_t i = 0, count = names.size(); i < count; ++i) {
      for (size_t dot = names[i].find('.'); dot != std::string::npos;
           dot = names[i].find('.', dot + 1)) {
        names.push_back(names[i].substr(dot + 1));
      }
    }
    throw ConfigError("no constant or macro is named '" + reference.name + "'" +
                      did_you_mean(reference.name, names));
  }
  used_.insert(macro->first);
  if (!open_.insert(macro->first).second) {
    throw ConfigError("the macro '" + reference.name + "' is defined by itself");
  }
  Value value = resolve(macro->second->value, depth + 1);
  open_.erase(macro->first);
  return value;
}

}  // namespace accumbens
