#include "search/space/space.h"

#include <fmt/format.h>

#include <algorithm>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

std::optional<double> as_number(const Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::nullopt;
}

}  // namespace

bool Condition::met_by(const Value& parent_value) const {
  if (above) {
    const std::optional<double> number = as_number(parent_value);
    return number && *number > *above;
  }
  return std::find(any_of.begin(), any_of.end(), parent_value) != any_of.end();
}

Space::Space(std::vector<Parameter> parameters) : parameters_(std::move(parameters)) {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto& condition = parameters_[i].condition;
    CHECK(!condition || condition->parent < i, "parameter {} \"{}\", parent {}", i,
          parameters_[i].name, condition->parent);
  }
}

std::optional<size_t> Space::find(std::string_view name) const {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].name == name) return i;
  }
  return std::nullopt;
}

bool Space::active(size_t parameter, const Configuration& configuration) const {
  const auto& condition = parameters_[parameter].condition;
  if (!condition) return true;
  const std::optional<Value>& parent_value = configuration[condition->parent];
  return parent_value && condition->met_by(*parent_value);
}

nlohmann::ordered_json to_json(const Value& value) {
  return std::visit([](const auto& held) { return nlohmann::ordered_json(held); }, value);
}

nlohmann::ordered_json to_json(const Space& space, const Configuration& configuration) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (size_t i = 0; i < space.size(); ++i) {
    if (!configuration[i]) continue;
    const Parameter& parameter = space.parameters()[i];
    if (parameter.group.empty()) {
      json[parameter.name] = to_json(*configuration[i]);
    } else {
      json[parameter.group].push_back(to_json(*configuration[i]));
    }
  }
  return json;
}

std::string to_string(const Space& space, const Configuration& configuration) {
  std::string text;
  for (size_t i = 0; i < space.size(); ++i) {
    if (!configuration[i]) continue;
    const Value& value = *configuration[i];
    const auto* word = std::get_if<std::string>(&value);
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", space.parameters()[i].name,
                        word ? *word : to_json(value).dump());
  }
  return text;
}

}  // namespace wattgrind
