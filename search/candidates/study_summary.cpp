#include "search/candidates/study_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "search/study/pareto.h"

namespace wattgrind {
namespace {

// The trial with what the front is about as its values; failed without.
Trial score_and_costs(const TrialRecord& record) {
  Trial trial{record.trial.number, {}, TrialState::kFailed, {}, std::nullopt};
  if (record.trial.state != TrialState::kComplete || !record.result.is_object()) return trial;
  for (const char* key : {"score", "train_cost", "infer_cost"}) {
    const auto found = record.result.find(key);
    if (found == record.result.end() || !found->is_number()) return trial;
    trial.values.push_back(found->get<double>());
  }
  trial.values[0] = -trial.values[0];
  trial.state = TrialState::kComplete;
  return trial;
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

StudySummary summarise(const Space& space, std::span<const TrialRecord> records) {
  std::vector<Trial> trials, judged;
  for (const TrialRecord& record : records) {
    trials.push_back(record.trial);
    judged.push_back(score_and_costs(record));
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
       {"complete", "pruned", "infeasible", "failed", "running", "waiting"}) {
    const auto count = std::count_if(
        records.begin(), records.end(),
        [word](const TrialRecord& record) { return trial_state_word(record) == word; });
    if (count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  }
  return text;
}

}  // namespace wattgrind
