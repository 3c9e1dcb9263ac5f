#include "search/candidates/study_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "estimator/base/error.h"
#include "search/study/pareto.h"
#include "search/study/stored_row.h"

namespace wattgrind {
namespace {

// The trial as the front judges it: its values are the negative score and both costs. A trial that
// lacks one of them counts as failed.
Trial score_and_costs(const TrialRecord& record, const CandidateResult& result) {
  Trial trial{record.trial.number, {}, TrialState::kFailed, {}, std::nullopt};
  const bool is_judged = result.score && result.train_cost && result.infer_cost;
  if (record.trial.state != TrialState::kComplete || !is_judged) return trial;
  trial.values = {-*result.score, *result.train_cost, *result.infer_cost};
  trial.state = TrialState::kComplete;
  return trial;
}

void check_complete(const Trial& trial, const CandidateResult& result, const Objective& objective,
                    const std::string& row) {
  const size_t wanted = value_names(objective).size();
  if (trial.values.size() != wanted) {
    fail(ErrorKind::kInput, "{}: objectives: found {} values, wanted {}", row, trial.values.size(),
         wanted);
  }
  for (const Goal goal : objective.goals) {
    if (goal_result(result, goal)) continue;
    fail(ErrorKind::kInput, "{}: result: found no \"{}\" of a complete trial, wanted one", row,
         goal_name(goal));
  }
}

std::optional<size_t> least_violation(std::span<const TrialRecord> records) {
  std::optional<size_t> nearest;
  for (size_t i = 0; i < records.size(); ++i) {
    const Trial& trial = records[i].trial;
    if (trial.state != TrialState::kInfeasible || !trial.violation) continue;
    if (!nearest || *trial.violation < *records[*nearest].trial.violation) nearest = i;
  }
  return nearest;
}

}  // namespace

std::vector<CandidateResult> read_results(std::span<const TrialRecord> records,
                                          const Objective& objective, std::string_view place) {
  std::vector<CandidateResult> results;
  for (const TrialRecord& record : records) {
    const std::string row = damaged_row(place, "trials", record.trial.number);
    results.push_back(read_result(record.result, row + ": result"));
    if (record.trial.state == TrialState::kComplete) {
      check_complete(record.trial, results.back(), objective, row);
    }
  }
  return results;
}

StudySummary summarise(const Space& space, std::span<const TrialRecord> records,
                       std::span<const CandidateResult> results) {
  CHECK(records.size() == results.size(), "{} results of {} trials", results.size(),
        records.size());
  std::vector<Trial> trials, judged;
  for (size_t i = 0; i < records.size(); ++i) {
    trials.push_back(records[i].trial);
    judged.push_back(score_and_costs(records[i], results[i]));
  }
  StudySummary summary;
  if (const Trial* best = best_trial(trials)) summary.best = best->number;
  if (!summary.best) summary.nearest = least_violation(records);
  for (const Trial* trial : pareto_front(judged)) summary.front.push_back(trial->number);
  summary.importances = parameter_importance(space, trials);
  return summary;
}

std::string count_states(std::span<const TrialRecord> records) {
  std::string text;
  for (const std::string_view word :
       {"complete", "paused", "pruned", "infeasible", "failed", "running", "waiting"}) {
    const auto count = std::count_if(
        records.begin(), records.end(),
        [word](const TrialRecord& record) { return trial_state_word(record) == word; });
    if (count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  }
  return text;
}

}  // namespace wattgrind
