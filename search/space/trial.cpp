#include "search/space/trial.h"

#include <algorithm>
#include <cmath>

namespace wattgrind {

bool has_value(const Trial& trial) {
  return trial.state == TrialState::kComplete && !trial.values.empty() &&
         std::all_of(trial.values.begin(), trial.values.end(),
                     [](double value) { return std::isfinite(value); });
}

const Trial* best_trial(std::span<const Trial> history) {
  const Trial* best = nullptr;
  for (const Trial& trial : history) {
    if (!has_value(trial)) continue;
    const bool better = !best || trial.values[0] < best->values[0] ||
                        (trial.values[0] == best->values[0] && trial.number < best->number);
    if (better) best = &trial;
  }
  return best;
}

}  // namespace wattgrind
