// A search space made of what Optuna knows of trials: it has no space of its own.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "search/space/space.h"

namespace wattgrind {

// A parameter of a trial.
struct OptunaParameter {
  std::string name;
  nlohmann::ordered_json distribution;  // {"name": "IntDistribution", "attributes": {...}}
  double internal = 0;                  // the value, or a category's place
  std::string where;                    // begins the errors about it
};

// The value that the parameter stands for. Throws Error(kInput) for a distribution of another kind
// than Optuna 3's and a place that no category has.
Value optuna_value(const OptunaParameter& parameter);

// The JSON form of a space (search/space/space.h) that holds these trials, each the parameters of
// one. Throws Error(kInput), begun by `where`, where there is none.
nlohmann::ordered_json optuna_space(const std::vector<std::vector<OptunaParameter>>& trials,
                                    const std::string& where);

}  // namespace wattgrind
