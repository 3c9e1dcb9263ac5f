// A trial: a configuration of a search space and what became of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "search/space/space.h"

namespace wattgrind {

enum class TrialState {
  kRunning,     // asked, not yet told: in flight
  kComplete,    // evaluated
  kFailed,      // the evaluation broke; nothing is known but that
  kInfeasible,  // evaluated, and a limit is exceeded: worse than any that keeps them
  kPruned       // not evaluated because a bound on its value ruled it out
};

struct Trial {
  uint64_t number = 0;
  Configuration configuration;
  TrialState state = TrialState::kRunning;
  // One value an objective. Complete: the values; infeasible: the values, where they are known;
  // pruned: lower bounds of them; else not read.
  std::vector<double> values;
  // Infeasible: by how much limits are exceeded in all, on any scale that stays the same through a
  // study; absent: unknown.
  std::optional<double> violation;
};

// Complete, and every value finite. A complete trial with a NaN or an infinity counts as failed.
bool has_value(const Trial& trial);

// The complete trial with the lowest first value, the earliest of equals; null without one.
const Trial* best_trial(std::span<const Trial> history);

}  // namespace wattgrind
