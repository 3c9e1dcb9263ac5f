#include "search/candidates/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, 3> kGoalNames = {"score", "train_cost", "infer_cost"};
constexpr double kBestScore = 1;

double amount(const Cost& cost, CostUnit unit) {
  switch (unit) {
    case CostUnit::kCycles:
      return cost.cycles.value();
    case CostUnit::kPicojoules:
    case CostUnit::kEnergyRunning:
      return cost.energy.value();
    case CostUnit::kTime:
      return cost.time_s.value();
  }
  CHECK(false, "cost unit {}", static_cast<int>(unit));
}

double goal_value(Goal goal, const NormalisedCosts& costs, double score) {
  switch (goal) {
    case Goal::kScore:
      return -score;
    case Goal::kTrainCost:
      return costs.train;
    case Goal::kInferCost:
      return costs.infer;
  }
  CHECK(false, "goal {}", static_cast<int>(goal));
}

// What a perfect score is worth in Eq. 2.6.
double score_weight(const Objective& objective) {
  return std::max(0.0, 1 - objective.alpha - objective.beta);
}

void check_most(std::string_view name, double found, std::optional<double> most,
                Violation& violation) {
  if (!most || found <= *most) return;
  violation.excess += (found - *most) / *most;
  violation.exceeded.push_back(fmt::format("{}: {:.6g}, at most {:.6g}", name, found, *most));
}

}  // namespace

NormalisedCosts normalise(const CandidateCosts& costs, const CandidateCosts& reference,
                          CostUnit unit) {
  const double train = amount(reference.train, unit), infer = amount(reference.infer, unit);
  CHECK(train > 0 && infer > 0, "reference costs {} and {}", train, infer);
  return {amount(costs.train, unit) / train, amount(costs.infer, unit) / infer};
}

std::vector<double> objective_values(const Objective& objective, const NormalisedCosts& costs,
                                     double score) {
  if (!objective.goals.empty()) {
    std::vector<double> values;
    for (const Goal goal : objective.goals) values.push_back(goal_value(goal, costs, score));
    return values;
  }
  const double gain = objective.score_squared ? score * score : score;
  return {objective.alpha * costs.train * costs.train + objective.beta * costs.infer * costs.infer -
          score_weight(objective) * gain};
}

std::vector<double> objective_variances(const Objective& objective, double score,
                                        double score_variance) {
  std::vector<double> variances;
  for (const Goal goal : objective.goals) {
    variances.push_back(goal == Goal::kScore ? score_variance : 0);
  }
  if (!variances.empty()) return variances;
  const double slope = score_weight(objective) * (objective.score_squared ? 2 * score : 1);
  return {slope * slope * score_variance};
}

std::vector<double> objective_bound(const Objective& objective, const NormalisedCosts& costs) {
  return objective_values(objective, costs, kBestScore);
}

std::string_view goal_name(Goal goal) { return kGoalNames[static_cast<size_t>(goal)]; }

std::optional<Goal> goal_named(std::string_view name) {
  const auto found = std::ranges::find(kGoalNames, name);
  if (found == kGoalNames.end()) return std::nullopt;
  return static_cast<Goal>(found - kGoalNames.begin());
}

std::vector<std::string> value_names(const Objective& objective) {
  std::vector<std::string> names;
  for (const Goal goal : objective.goals) names.emplace_back(goal_name(goal));
  if (names.empty()) names.emplace_back("value");
  return names;
}

std::optional<Violation> violation(const Limits& limits, const CandidateCosts& costs,
                                   std::optional<double> score) {
  Violation result;
  check_most("infer_energy_pj", costs.infer.energy.value(), limits.infer_energy_pj, result);
  check_most("infer_cycles", costs.infer.cycles.value(), limits.infer_cycles, result);
  check_most("train_energy_pj", costs.train.energy.value(), limits.train_energy_pj, result);
  check_most("train_cycles", costs.train.cycles.value(), limits.train_cycles, result);
  check_most("parameters", static_cast<double>(costs.parameters), limits.parameters, result);
  check_most("macs", static_cast<double>(costs.macs), limits.macs, result);
  if (costs.area_mm2) check_most("area_mm2", *costs.area_mm2, limits.area_mm2, result);
  if (score && limits.score && *score < *limits.score) {
    result.excess += (*limits.score - *score) / *limits.score;
    result.exceeded.push_back(fmt::format("score: {:.6g}, at least {:.6g}", *score, *limits.score));
  }
  if (result.exceeded.empty()) return std::nullopt;
  return result;
}

const Trial* ruled_out_by(std::span<const double> bound, std::span<const Trial> history) {
  for (const Trial& trial : history) {
    if (!has_value(trial) || trial.values.size() != bound.size()) continue;
    bool as_good = true;
    for (size_t i = 0; i < bound.size(); ++i) as_good &= trial.values[i] <= bound[i];
    if (as_good) return &trial;
  }
  return nullptr;
}

}  // namespace wattgrind
