// A search space: named parameters with their domains, some of them active only under a condition
// on another.
//
// The JSON form is an object of parameters:
//
//   "layers":    {"int": [1, 10]}                            optional "step" or "log": true
//   "rate":      {"float": [1e-4, 0.1], "log": true}
//   "optimizer": {"choice": ["adam", "sgd"]}                 strings, numbers or truth values
//   "momentum":  {"float": [0, 1], "when": {"optimizer": "sgd"}}
//   "dropout":   {"float": [0, 1], "when": {"layers": {"above": 2}}}
//   "widths":    {"int": [1, 20], "per": "layers"}           one a layer: widths[0], widths[1], ...
//
// The value in "when" may be a list: any of them. "per" names an int parameter that counts things;
// element i is active while that count exceeds i.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wattgrind {

using Value = std::variant<bool, int64_t, double, std::string>;

// The integers low, low + step, ... up to high; high - low is a multiple of step. With log, drawn
// and modelled on a logarithmic scale (low >= 1, step 1).
struct IntRange {
  int64_t low = 0;
  int64_t high = 0;
  int64_t step = 1;
  bool log = false;
};

// The reals from low to high; with log they are drawn and modelled on a logarithmic scale (low >
// 0).
struct FloatRange {
  double low = 0;
  double high = 0;
  bool log = false;
};

// One of some options that have no order. There is at least one, and all are different.
struct Choice {
  std::vector<Value> options;
};

using Domain = std::variant<IntRange, FloatRange, Choice>;

// Holds while the parameter `parent` is active and its value is one of `any_of` or, where `above`
// is there, exceeds it.
struct Condition {
  size_t parent = 0;
  std::vector<Value> any_of;
  std::optional<double> above;

  bool met_by(const Value& parent_value) const;
};

struct Parameter {
  std::string name;  // "widths[2]" for an element
  Domain domain;
  std::optional<Condition> condition;
  std::string group;  // of an element: the name of the whole ("widths"); empty otherwise
};

// One value a parameter, in the space's order; absent where the parameter is inactive.
using Configuration = std::vector<std::optional<Value>>;

class Space {
 public:
  // Each condition's parent stands before its child.
  explicit Space(std::vector<Parameter> parameters);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  size_t size() const { return parameters_.size(); }
  std::optional<size_t> find(std::string_view name) const;

  // Whether `parameter` is active, given the values of the parameters before it.
  bool active(size_t parameter, const Configuration& configuration) const;

 private:
  std::vector<Parameter> parameters_;
};

// Reads the JSON form; parameters keep their order, children moved behind their parents. `where`
// begins the errors, as in "net.json: space". Throws Error(kInput).
Space parse_space(const nlohmann::ordered_json& json, std::string_view where);

// {"layers": 2, "widths": [4, 7]}: active parameters only, elements gathered in lists.
nlohmann::ordered_json to_json(const Space& space, const Configuration& configuration);

// The reverse of to_json(). Every active parameter must be there with a value of its domain, and
// nothing else. Throws Error(kInput), its message begun by `where`.
Configuration parse_configuration(const Space& space, const nlohmann::ordered_json& json,
                                  std::string_view where);

// "layers=2 widths[0]=4 widths[1]=7"
std::string to_string(const Space& space, const Configuration& configuration);

nlohmann::ordered_json to_json(const Value& value);

}  // namespace wattgrind
