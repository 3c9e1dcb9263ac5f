// What a study found, from what it kept.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/candidates/candidate_result.h"
#include "search/candidates/objective.h"
#include "search/study/importance.h"
#include "search/study/trial_store.h"

namespace wattgrind {

struct StudySummary {
  // Indices of trials.
  std::optional<size_t> best;  // complete, with the lowest first value
  // Complete trials that no other beats in score, training cost and inference cost, the highest
  // score first; of trials equal in all three the earliest. Trials whose results lack one of the
  // three are left out.
  std::vector<size_t> front;
  // The infeasible trial with the least violation; only where no trial is complete.
  std::optional<size_t> nearest;
  std::vector<ParameterImportance> importances;
};

// `records` by number, without gaps; `results` are theirs.
StudySummary summarise(const Space& space, std::span<const TrialRecord> records,
                       std::span<const CandidateResult> results);

// What the trials' results say, in the order of the trials. Throws Error(kInput), naming the study,
// the row and the key, for a result that is damaged, and for a complete trial that lacks what the
// objective goes by.
std::vector<CandidateResult> read_results(std::span<const TrialRecord> records,
                                          const Objective& objective, std::string_view place);

// "31 complete, 4 pruned, 2 running, 1 waiting"
std::string count_states(std::span<const TrialRecord> records);

}  // namespace wattgrind
