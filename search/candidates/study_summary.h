// What a study found, from what it kept.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/study/importance.h"
#include "search/study/study_file.h"

namespace wattgrind {

struct StudySummary {
  // Indices of trials.
  std::optional<size_t> best;  // complete, with the lowest first value
  // Complete trials that no other beats in score, training cost and inference cost, the highest
  // score first; of trials equal in all three the earliest. From the results' "score",
  // "train_cost" and "infer_cost"; trials without them are left out.
  std::vector<size_t> front;
  // Without a complete trial: the infeasible one with the least violation.
  std::optional<size_t> nearest;
  std::vector<ParameterImportance> importances;
};

// `records` by number, without gaps.
StudySummary summarise(const Space& space, std::span<const TrialRecord> records);

// "31 complete, 4 pruned, 2 running, 1 waiting"
std::string count_states(std::span<const TrialRecord> records);

}  // namespace wattgrind
