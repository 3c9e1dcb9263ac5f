#include "search/study/optuna_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "estimator/base/error.h"
#include "estimator/formats/json_check.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

const Json& attribute(const OptunaParameter& parameter, const char* key) {
  expect_object(parameter.distribution, parameter.where);
  const auto attributes = parameter.distribution.find("attributes");
  if (attributes == parameter.distribution.end() || !attributes->contains(key)) {
    fail(ErrorKind::kInput, "{}: found {}, wanted one with attributes.{}", parameter.where,
         quote_ordered_json(parameter.distribution), key);
  }
  return attributes->at(key);
}

std::string kind_of(const OptunaParameter& parameter) {
  expect_object(parameter.distribution, parameter.where);
  const Json name = parameter.distribution.value("name", Json());
  if (name == "IntDistribution") return "int";
  if (name == "FloatDistribution") return "float";
  if (name == "CategoricalDistribution") return "choice";
  fail(ErrorKind::kInput,
       "{}: found {}, wanted an IntDistribution, FloatDistribution or CategoricalDistribution",
       parameter.where, quote_ordered_json(name));
}

Json options_of(const OptunaParameter& parameter) {
  Json options = attribute(parameter, "choices");
  if (!options.is_array()) fail(ErrorKind::kInput, "{}: choices are no list", parameter.where);
  for (Json& option : options) {
    if (option.is_null()) option = "None";
  }
  return options;
}

Json domain_of(const OptunaParameter& parameter) {
  const std::string kind = kind_of(parameter);
  if (kind == "choice") return {{kind, options_of(parameter)}};
  const Json low = attribute(parameter, "low"), high = attribute(parameter, "high");
  Json domain = {{kind, Json::array({low, high})}};
  if (kind == "int") domain["step"] = expect_integer(attribute(parameter, "step"), parameter.where);
  domain["log"] = expect_boolean(attribute(parameter, "log"), parameter.where);
  return domain;
}

// Widens a domain so that it holds another of the same parameter.
void widen(Json& domain, const Json& other, const OptunaParameter& parameter) {
  if (domain == other) return;
  const std::string kind = kind_of(parameter);
  const bool same = domain.contains(kind) && kind != "choice" && domain["log"] == other["log"];
  if (!same) {
    fail(ErrorKind::kInput, "{}: found {}, wanted {} as in trials before it", parameter.where,
         quote_ordered_json(other), quote_ordered_json(domain));
  }
  if (kind == "int") {
    const int64_t a = domain[kind][0].get<int64_t>(), b = other[kind][0].get<int64_t>();
    const int64_t steps = std::gcd(domain["step"].get<int64_t>(), other["step"].get<int64_t>());
    domain["step"] = std::gcd(steps, a > b ? a - b : b - a);
    domain[kind] = {std::min(a, b),
                    std::max(domain[kind][1].get<int64_t>(), other[kind][1].get<int64_t>())};
    return;
  }
  domain[kind] = {std::min(domain[kind][0].get<double>(), other[kind][0].get<double>()),
                  std::max(domain[kind][1].get<double>(), other[kind][1].get<double>())};
}

const OptunaParameter* find_parameter(const std::vector<OptunaParameter>& trial,
                                      const std::string& name) {
  const auto found = std::find_if(trial.begin(), trial.end(), [&name](const OptunaParameter& each) {
    return each.name == name;
  });
  return found == trial.end() ? nullptr : &*found;
}

// Where `parent` tells the trials that have `child` from those that do not: the condition. A number
// tells by a bound alone, for its values seldom come twice.
std::optional<Json> condition_on(const std::string& parent, const std::string& child,
                                 const std::vector<std::vector<OptunaParameter>>& trials) {
  Json with = Json::array(), without = Json::array();
  double least_with = std::numeric_limits<double>::infinity(), most_without = -least_with;
  bool is_choice = false;
  for (const std::vector<OptunaParameter>& trial : trials) {
    const OptunaParameter* const told = find_parameter(trial, parent);
    const bool has_child = find_parameter(trial, child) != nullptr;
    if (told == nullptr) {
      if (has_child) return std::nullopt;
      continue;
    }
    is_choice = kind_of(*told) == "choice";
    Json& values = has_child ? with : without;
    const Json value = to_json(optuna_value(*told));
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    if (has_child) {
      least_with = std::min(least_with, told->internal);
    } else {
      most_without = std::max(most_without, told->internal);
    }
  }
  if (!is_choice) {
    if (!(least_with > most_without) || without.empty()) return std::nullopt;
    return Json{{parent, {{"above", most_without}}}};
  }
  const bool apart = std::none_of(without.begin(), without.end(), [&with](const Json& value) {
    return std::find(with.begin(), with.end(), value) != with.end();
  });
  if (!apart) return std::nullopt;
  return Json{{parent, with}};
}

Json find_condition(const Json& space, const std::string& child,
                    const std::vector<std::vector<OptunaParameter>>& trials,
                    const std::string& where) {
  for (const bool of_choices : {true, false}) {
    for (const auto& [parent, domain] : space.items()) {
      if (parent == child) break;
      if (domain.contains("choice") != of_choices) continue;
      if (std::optional<Json> condition = condition_on(parent, child, trials)) return *condition;
    }
  }
  fail(ErrorKind::kInput,
       "{}: only some trials have the parameter \"{}\", wanted one before it that tells which",
       where, child);
}

}  // namespace

Value optuna_value(const OptunaParameter& parameter) {
  const std::string kind = kind_of(parameter);
  if (kind == "float") return parameter.internal;
  const auto refuse = [&] {
    fail(ErrorKind::kInput, "{}: found the value {}, wanted one of the distribution",
         parameter.where, parameter.internal);
  };
  if (!(std::abs(parameter.internal) <= 0x1p53)) refuse();
  const auto integer = static_cast<int64_t>(parameter.internal);
  if (static_cast<double>(integer) != parameter.internal) refuse();
  if (kind == "int") return integer;
  const Json options = options_of(parameter);
  if (integer < 0 || static_cast<size_t>(integer) >= options.size()) refuse();
  const Json& option = options[static_cast<size_t>(integer)];
  if (option.is_boolean()) return option.get<bool>();
  if (option.is_number_integer()) return expect_integer(option, parameter.where);
  if (option.is_number()) return option.get<double>();
  return expect_string(option, parameter.where);
}

Json optuna_space(const std::vector<std::vector<OptunaParameter>>& trials,
                  const std::string& where) {
  Json space = Json::object();
  for (const std::vector<OptunaParameter>& trial : trials) {
    for (const OptunaParameter& parameter : trial) {
      const Json domain = domain_of(parameter);
      if (!space.contains(parameter.name)) {
        space[parameter.name] = domain;
      } else {
        widen(space[parameter.name], domain, parameter);
      }
    }
  }
  if (space.empty()) {
    fail(ErrorKind::kInput, "{}: found no complete trial with parameters, wanted one", where);
  }
  for (auto& [name, domain] : space.items()) {
    const bool is_everywhere =
        std::all_of(trials.begin(), trials.end(),
                    [&n = name](const auto& trial) { return find_parameter(trial, n) != nullptr; });
    if (!is_everywhere) domain["when"] = find_condition(space, name, trials, where);
  }
  return space;
}

}  // namespace wattgrind
