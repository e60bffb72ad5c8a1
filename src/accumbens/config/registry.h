#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

#include "accumbens/config/options.h"
#include "accumbens/config/value.h"

namespace accumbens {

/// What a field holds; optional fields hold None as well.
enum class FieldType {
  kBool,
  kInt,
  kDouble,
  kString,
  kReference,
  kIntList,
  kDoubleList,
  kReferenceList
};

/// One parameter of a configurable, as its options struct declares it.
struct Field {
  std::string name;                   // in Gin
  FieldType type = FieldType::kBool;  // of the value, or of what is optional
  bool optional = false;              // takes None as well
  Value default_value;                // of a default-constructed options struct
  std::string meaning;                // with its unit
  Range range;                        // of each element for lists

  std::string type_text() const;     // "int", "list of float or None"
  std::string default_text() const;  // as in a Gin file
  std::string range_text() const;    // "[0, 1]", "at least 1", "'mse' or 'huber'"; "" for any value

  /// What is wrong with the value, "" if nothing: "takes an int, not the string 'x'". An int does
  /// for a float; a float never does for an int.
  std::string refusal(const Value& value) const;
};

/// The values of a configurable's fields, by name.
using FieldValues = std::map<std::string, Value>;

namespace field_detail {

template <class T>
struct Traits;
template <>
struct Traits<bool> {
  static constexpr FieldType kType = FieldType::kBool;
};
template <>
struct Traits<int64_t> {
  static constexpr FieldType kType = FieldType::kInt;
};
template <>
struct Traits<double> {
  static constexpr FieldType kType = FieldType::kDouble;
};
template <>
struct Traits<std::string> {
  static constexpr FieldType kType = FieldType::kString;
};
template <>
struct Traits<Reference> {
  static constexpr FieldType kType = FieldType::kReference;
};
template <>
struct Traits<std::vector<int64_t>> {
  static constexpr FieldType kType = FieldType::kIntList;
};
template <>
struct Traits<std::vector<double>> {
  static constexpr FieldType kType = FieldType::kDoubleList;
};
template <>
struct Traits<std::vector<Reference>> {
  static constexpr FieldType kType = FieldType::kReferenceList;
};

template <class T>
Value to_value(const T& member) {
  return member;
}
template <>
inline Value to_value(const Reference& member) {
  return ReferenceValue{.name = member.name};
}
template <class T>
Value to_value(const std::vector<T>& member) {
  ListValue list{.tuple = true, .items = {}};
  for (const T& item : member) list.items.push_back(to_value(item));
  return list;
}

// the value was checked against the field: only the listed types come
template <class T>
void assign(const Value& value, T& member) {
  member = std::get<T>(value.data);
}
template <>
inline void assign(const Value& value, std::string& member) {
  const auto* reference = value.as<ReferenceValue>();
  member = reference ? "@" + reference->name : std::get<std::string>(value.data);
}
template <>
inline void assign(const Value& value, double& member) {
  const auto* integer = value.as<int64_t>();
  member = integer ? static_cast<double>(*integer) : std::get<double>(value.data);
}
template <>
inline void assign(const Value& value, Reference& member) {
  member.name = std::get<ReferenceValue>(value.data).name;
}
template <class T>
void assign(const Value& value, std::vector<T>& member) {
  member.clear();
  for (const Value& item : std::get<ListValue>(value.data).items)
    assign(item, member.emplace_back());
}
template <class T>
void assign(const Value& value, std::optional<T>& member) {
  if (value.is_none()) {
    member.reset();
  } else {
    assign(value, member.emplace());
  }
}

// writes down the fields of an options struct
struct Recorder {
  std::vector<Field>& fields;

  template <class T>
  void operator()(const std::string& name, T& member, const std::string& meaning,
                  const Range& range = any_value()) {
    record<T>(name, false, to_value(member), meaning, range);
  }
  template <class T>
  void operator()(const std::string& name, std::optional<T>& member, const std::string& meaning,
                  const Range& range = any_value()) {
    record<T>(name, true, member ? to_value(*member) : Value(), meaning, range);
  }

 private:
  template <class T>
  void record(const std::string& name, bool optional, Value value, const std::string& meaning,
              const Range& range) {
    fields.push_back({name, Traits<T>::kType, optional, std::move(value), meaning, range});
  }
};

// fills an options struct
struct Filler {
  const FieldValues& values;

  template <class T>
  void operator()(const std::string& name, T& member, const std::string&, const Range& = {}) {
    assign(values.at(name), member);
  }
};

template <class Options>
Options fill(const FieldValues& values) {
  Options options;
  Filler filler{values};
  options.fields(filler);
  if constexpr (requires { options.check(); }) options.check();
  return options;
}

}  // namespace field_detail

/// Something that a Gin file can name: a class or function with parameters, or one without
/// parameters that is only referred to by @name.
struct Configurable {
  std::string name;                  // without its modules
  std::vector<std::string> aliases;  // other names, which reach it wherever its name does
  std::vector<std::string>
      modules;          // "dopamine.discrete_domains.atari_lib"; any suffix may be used
  std::string summary;  // one line
  const Configurable* base = nullptr;            // whose bindings reach this one too
  std::vector<Field> fields;                     // in the order of the options struct
  std::map<std::string, std::string> renamed{};  // other names of fields
  std::map<std::string, std::string> unused{};   // parameters without effect, and why
  bool absent = false;                           // a name without the thing: see add_absent()

  std::optional<std::type_index> type{};            // of its options struct
  std::function<void(const FieldValues&)> check{};  // for contradictions between fields

  /// The field of that name, or of its other name; nullptr where there is none.
  const Field* find(std::string_view field) const;
  std::vector<std::string> parameters() const;  // all that may be bound
};

/// What a configurable is registered with beside its name.
struct ConfigurableNames {
  std::vector<std::string> aliases{};            // other names
  std::vector<std::string> modules{};            // that it is in, with dots
  std::string summary{};                         // one line
  std::string base{};                            // registered before
  std::map<std::string, std::string> renamed{};  // another name of a field -> the field
  std::map<std::string, std::string> unused{};   // a parameter that may be bound -> why it does
                                                 // nothing
};

/// All configurables and constants that Gin files may name. Filled once at start-up.
class Registry {
 public:
  /// Knows gin.REQUIRED and nothing else.
  Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Registers a configurable with the fields of Options (config/options.h), whose defaults are
  /// those of a default-constructed Options. Options may have `void check() const`, which throws
  /// ConfigError for contradictions between fields. Throws Error where a default is outside its own
  /// range or a name is registered twice.
  template <class Options>
  void add(const std::string& name, ConfigurableNames names = {}) {
    Configurable configurable = named(name, std::move(names));
    Options options;
    field_detail::Recorder recorder{configurable.fields};
    options.fields(recorder);
    configurable.type = typeid(Options);
    configurable.check = [](const FieldValues& values) { field_detail::fill<Options>(values); };
    add(std::move(configurable));
  }

  /// Registers something without parameters, which is only referred to: @name.
  void add_reference(const std::string& name, ConfigurableNames names = {});

  /// Registers something that files name but that is not here: binding one of its parameters or
  /// referring to it is a warning, another parameter an error. `summary` says what it is.
  void add_absent(const std::string& name, const std::vector<std::string>& parameters,
                  ConfigurableNames names);

  /// Registers a module without configurables, or the bindings (Gin) that its import stands for.
  void add_module(const std::string& name, const std::string& bindings = "");

  /// The bindings that importing a module stands for, nullptr where the module is unknown. A module
  /// is known if it was added, or a configurable is in it or in a module inside it.
  const std::string* module(std::string_view name) const;

  /// All that were added, sorted.
  std::vector<std::string> module_names() const;

  /// Registers a constant, %gym_lib.CARTPOLE_STACK_SIZE; any dotted suffix of the name reaches it.
  void add_constant(const std::string& name, Value value);

  /// The configurable that a selector ("Name", "module.Name") names. Throws ConfigError with the
  /// nearest name where there is none, and with the candidates where there are several.
  const Configurable& resolve(std::string_view selector) const;

  /// The value of a constant, nullptr where there is none. Throws ConfigError where several fit.
  const Value* constant(std::string_view name) const;

  /// The shortest selector that names it: its name, or "module.name" where several have that name.
  std::string selector(const Configurable& configurable) const;

  /// Throws Error where a default refers to something that was not registered.
  void check_default_references() const;

  /// All, sorted by name.
  std::vector<const Configurable*> configurables() const;

  /// All, sorted.
  std::vector<std::string> constant_names() const;

 private:
  Configurable named(const std::string& name, ConfigurableNames names) const;
  void add(Configurable configurable);

  std::vector<std::unique_ptr<const Configurable>> configurables_;
  std::map<std::string, Value> constants_;
  std::map<std::string, std::string, std::less<>> modules_;  // and the bindings of their imports
};

}  // namespace accumbens
