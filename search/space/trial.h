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
  kPruned,      // not evaluated to the end because a bound on its value ruled it out
  kPaused       // evaluated for a part; another trial of the configuration may go on with it
};

struct Trial {
  uint64_t number = 0;
  Configuration configuration;
  TrialState state = TrialState::kRunning;
  // One value for each objective. A complete trial has its values, an infeasible one has them where
  // they are known, a pruned one has lower bounds of them, a paused one what it had reached;
  // others' are not read.
  std::vector<double> values;
  // By how much an infeasible trial exceeds limits in all, on any scale that stays the same through
  // a study; absent where that is unknown.
  std::optional<double> violation;
  // How uncertain the values are: the variance of each, where one trial is several evaluations.
  // Empty where that is not known.
  std::vector<double> variances = {};
  // The value after each epoch of training, where trials are trained in parts.
  std::vector<double> curve = {};
};

// Whether the trial is complete and every value finite. A complete trial with a NaN or an infinity
// counts as failed.
bool has_value(const Trial& trial);

// The complete trial with the lowest first value, the earliest of equals; null without one.
const Trial* best_trial(std::span<const Trial> history);

}  // namespace wattgrind
