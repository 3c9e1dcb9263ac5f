// Reading spaces and configurations from JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "estimator/base/error.h"
#include "estimator/formats/json_check.h"
#include "search/space/space.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

// The most elements that a list parameter may have. Each is a parameter of the space, and whoever
// asks for more has made a slip.
constexpr int64_t kMostElements = 1000;

struct Entry {
  std::string name;
  const Json* json;
  std::string where;
};

Value parse_value(const Json& json, std::string_view where) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return expect_integer(json, where);
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  fail(ErrorKind::kInput, "{}: found {}, wanted a string, a number or a truth value", where,
       json.dump());
}

const Json& expect_bounds(const Json& json, std::string_view where) {
  if (!json.is_array() || json.size() != 2) {
    fail(ErrorKind::kInput, "{}: found {}, wanted [low, high]", where, json.dump());
  }
  return json;
}

template <typename Number>
void check_order(Number low, Number high, std::string_view where) {
  if (low > high) {
    fail(ErrorKind::kInput, "{}: low {} is above high {}, wanted [low, high] in this order", where,
         low, high);
  }
}

IntRange parse_int(const Json& json, const std::string& where) {
  expect_keys(json, {"int", "step", "log", "when", "per"}, where);
  const std::string at = join_key(where, "int");
  const Json& bounds = expect_bounds(json.at("int"), at);
  IntRange range{expect_integer(bounds[0], at), expect_integer(bounds[1], at)};
  check_order(range.low, range.high, at);
  constexpr int64_t kLargest = int64_t{1} << 53;  // above, doubles no longer hold every integer
  if (range.low < -kLargest || range.high > kLargest) {
    fail(ErrorKind::kInput, "{}: found {}, wanted bounds between -2^53 and 2^53", at,
         bounds.dump());
  }
  if (json.contains("log")) range.log = expect_boolean(json["log"], join_key(where, "log"));
  if (json.contains("step")) {
    range.step = expect_integer(json["step"], join_key(where, "step"));
    if (range.step < 1 || (range.high - range.low) % range.step != 0) {
      fail(ErrorKind::kInput, "{}: found {}, wanted a positive divisor of high - low = {}",
           join_key(where, "step"), range.step, range.high - range.low);
    }
  }
  if (range.log && range.step != 1) {
    fail(ErrorKind::kInput, "{}: found step {} with log, wanted step 1 (or no log)", where,
         range.step);
  }
  if (range.log && range.low < 1) {
    fail(ErrorKind::kInput, "{}: found low {} with log, wanted at least 1", at, range.low);
  }
  return range;
}

FloatRange parse_float(const Json& json, const std::string& where) {
  expect_keys(json, {"float", "log", "when", "per"}, where);
  const std::string at = join_key(where, "float");
  const Json& bounds = expect_bounds(json.at("float"), at);
  FloatRange range{expect_number(bounds[0], at), expect_number(bounds[1], at)};
  check_order(range.low, range.high, at);
  if (!std::isfinite(range.high - range.low)) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a finite width", at, bounds.dump());
  }
  if (json.contains("log")) range.log = expect_boolean(json["log"], join_key(where, "log"));
  if (range.log && range.low <= 0) {
    fail(ErrorKind::kInput, "{}: found low {} with log, wanted more than 0", at, range.low);
  }
  return range;
}

Choice parse_choice(const Json& json, const std::string& where) {
  expect_keys(json, {"choice", "when", "per"}, where);
  const std::string at = join_key(where, "choice");
  const Json& options = json.at("choice");
  if (!options.is_array() || options.empty()) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a list of at least one option", at,
         options.dump());
  }
  Choice choice;
  for (const Json& option : options) {
    Value value = parse_value(option, at);
    if (std::find(choice.options.begin(), choice.options.end(), value) != choice.options.end()) {
      fail(ErrorKind::kInput, "{}: found {} twice, wanted different options", at, option.dump());
    }
    choice.options.push_back(std::move(value));
  }
  return choice;
}

Domain parse_domain(const Json& json, const std::string& where) {
  expect_object(json, where);
  const size_t kinds = json.count("int") + json.count("float") + json.count("choice");
  if (kinds != 1) {
    fail(ErrorKind::kInput, "{}: found {}, wanted exactly one of \"int\", \"float\", \"choice\"",
         where, json.dump());
  }
  if (json.contains("int")) return parse_int(json, where);
  if (json.contains("float")) return parse_float(json, where);
  return parse_choice(json, where);
}

// The parameters read so far, and the place of each name among them.
struct SpaceReading {
  std::vector<Parameter> parameters;
  std::map<std::string, size_t, std::less<>> positions;

  void add(Parameter parameter) {
    positions[parameter.name] = parameters.size();
    parameters.push_back(std::move(parameter));
  }
};

// The name of the parameter this one depends on; empty without one.
std::string parent_name(const Entry& entry) {
  if (!entry.json->is_object()) return "";
  if (entry.json->contains("per")) {
    return expect_string(entry.json->at("per"), join_key(entry.where, "per"));
  }
  if (!entry.json->contains("when")) return "";
  const Json& when = entry.json->at("when");
  if (!when.is_object() || when.size() != 1) {
    fail(ErrorKind::kInput, "{}: found {}, wanted an object of one parameter and its value",
         join_key(entry.where, "when"), when.dump());
  }
  return when.begin().key();
}

void check_possible(const Domain& domain, const Value& value, std::string_view where) {
  const auto* range = std::get_if<IntRange>(&domain);
  const auto* integer = std::get_if<int64_t>(&value);
  const auto* choice = std::get_if<Choice>(&domain);
  const bool possible = (range && integer && *integer >= range->low && *integer <= range->high &&
                         (*integer - range->low) % range->step == 0) ||
                        (choice && std::find(choice->options.begin(), choice->options.end(),
                                             value) != choice->options.end());
  if (!possible) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a value that the parameter can take", where,
         to_json(value).dump());
  }
}

Condition parse_condition(const Entry& entry, const SpaceReading& reading) {
  const auto item = entry.json->at("when").items().begin();
  const std::string at = join_key(join_key(entry.where, "when"), item.key());
  Condition condition;
  condition.parent = reading.positions.at(item.key());
  const Domain& parent = reading.parameters[condition.parent].domain;
  if (item.value().is_object()) {
    expect_keys(item.value(), {"above"}, at);
    if (!item.value().contains("above") || std::holds_alternative<Choice>(parent)) {
      fail(ErrorKind::kInput,
           "{}: found {}, wanted {{\"above\": number}} for an int or a float, else values", at,
           item.value().dump());
    }
    condition.above = expect_number(item.value()["above"], join_key(at, "above"));
    return condition;
  }
  const Json values = item.value().is_array() ? item.value() : Json::array({item.value()});
  for (const Json& value : values) {
    condition.any_of.push_back(parse_value(value, at));
    check_possible(parent, condition.any_of.back(), at);
  }
  return condition;
}

void add_elements(const Entry& entry, const Domain& domain, size_t parent, SpaceReading& reading) {
  const std::string at = join_key(entry.where, "per");
  const auto* range = std::get_if<IntRange>(&reading.parameters[parent].domain);
  if (range == nullptr || range->low < 0 || range->high > kMostElements) {
    fail(ErrorKind::kInput, "{}: found \"{}\", wanted an int parameter within [0, {}]", at,
         reading.parameters[parent].name, kMostElements);
  }
  const int64_t most = range->high;  // adding moves the parameters that `range` points into
  for (int64_t i = 0; i < most; ++i) {
    reading.add({fmt::format("{}[{}]", entry.name, i), domain,
                 Condition{parent, {}, static_cast<double>(i)}, entry.name});
  }
}

void add_entry(const Entry& entry, const std::string& parent, SpaceReading& reading) {
  const Domain domain = parse_domain(*entry.json, entry.where);
  if (entry.json->contains("per") && entry.json->contains("when")) {
    fail(ErrorKind::kInput, "{}: found both \"per\" and \"when\", wanted one of them", entry.where);
  }
  if (entry.json->contains("per")) {
    add_elements(entry, domain, reading.positions.at(parent), reading);
  } else if (parent.empty()) {
    reading.add({entry.name, domain, std::nullopt, ""});
  } else {
    reading.add({entry.name, domain, parse_condition(entry, reading), ""});
  }
}

bool contains_value(const Domain& domain, const Value& value) {
  if (const auto* range = std::get_if<FloatRange>(&domain)) {
    const auto* real = std::get_if<double>(&value);
    return real && *real >= range->low && *real <= range->high;
  }
  if (const auto* range = std::get_if<IntRange>(&domain)) {
    const auto* integer = std::get_if<int64_t>(&value);
    return integer && *integer >= range->low && *integer <= range->high &&
           (*integer - range->low) % range->step == 0;
  }
  const auto& options = std::get<Choice>(domain).options;
  return std::find(options.begin(), options.end(), value) != options.end();
}

Value parse_member(const Parameter& parameter, const Json& json, std::string_view where) {
  Value value = parse_value(json, where);
  const auto* integer = std::get_if<int64_t>(&value);
  if (integer && std::holds_alternative<FloatRange>(parameter.domain)) {
    value = static_cast<double>(*integer);
  }
  if (!contains_value(parameter.domain, value)) {
    fail(ErrorKind::kInput, "{}: found {}, wanted a value of the space's \"{}\"", where,
         json.dump(), parameter.name);
  }
  return value;
}

}  // namespace

Space parse_space(const Json& json, std::string_view where) {
  expect_object(json, where);
  if (json.empty()) fail(ErrorKind::kInput, "{}: found no parameter, wanted at least one", where);
  std::vector<Entry> waiting;
  for (const auto& item : json.items()) {
    waiting.push_back({item.key(), &item.value(), join_key(where, item.key())});
  }
  SpaceReading reading;
  while (!waiting.empty()) {
    std::vector<Entry> postponed;
    for (const Entry& entry : waiting) {
      const std::string parent = parent_name(entry);
      if (!parent.empty() && !json.contains(parent)) {
        fail(ErrorKind::kInput, "{}: depends on \"{}\", wanted the name of a parameter",
             entry.where, parent);
      }
      if (parent.empty() || reading.positions.contains(parent)) {
        add_entry(entry, parent, reading);
      } else {
        postponed.push_back(entry);
      }
    }
    if (postponed.size() == waiting.size()) {
      fail(ErrorKind::kInput,
           "{}: depends on \"{}\", which is a list or depends on this in turn, wanted an order",
           waiting[0].where, parent_name(waiting[0]));
    }
    waiting = std::move(postponed);
  }
  return Space(std::move(reading.parameters));
}

Configuration parse_configuration(const Space& space, const Json& json, std::string_view where) {
  expect_object(json, where);
  Configuration configuration(space.size());
  std::map<std::string, size_t> used;  // elements read of each key, 1 for a plain parameter
  for (size_t i = 0; i < space.size(); ++i) {
    const Parameter& parameter = space.parameters()[i];
    const std::string& key = parameter.group.empty() ? parameter.name : parameter.group;
    if (!space.active(i, configuration)) {
      used.try_emplace(key, 0);
      continue;
    }
    const std::string at = join_key(where, parameter.name);
    const size_t element = used[key]++;
    const Json* value = json.contains(key) ? &json[key] : nullptr;
    if (value && !parameter.group.empty()) {
      value = value->is_array() && element < value->size() ? &(*value)[element] : nullptr;
    }
    if (!value) fail(ErrorKind::kInput, "{}: missing, wanted a value for it", at);
    configuration[i] = parse_member(parameter, *value, at);
  }
  for (const auto& item : json.items()) {
    const auto found = used.find(item.key());
    const size_t given = item.value().is_array() ? item.value().size() : 1;
    if (found == used.end() || given > found->second) {
      fail(ErrorKind::kInput, "{}: found {}, wanted nothing there: {}", join_key(where, item.key()),
           item.value().dump(),
           found == used.end() ? "no such parameter" : "inactive, or more elements than active");
    }
  }
  return configuration;
}

}  // namespace wattgrind
