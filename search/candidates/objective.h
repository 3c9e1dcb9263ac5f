// What a search wants of a candidate: values to minimise, from its costs and its score, and limits
// to keep.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/base/quantity.h"
#include "search/samplers/sampler.h"

namespace wattgrind {

// What a run costs: the cycles are the memory hierarchy's latency, the energy that of accesses and
// arithmetic or, where the unit is kEnergyRunning, the running energy (running_energy.h).
struct Cost {
  Cycles cycles;
  Picojoules energy;
  std::optional<double> time_s = std::nullopt;  // predicted; there where the unit needs it
};

// What is known of a candidate without training it, exactly.
struct CandidateCosts {
  Cost train;  // every epoch, from the copy of a batch to the update of the parameters
  Cost infer;  // one image, in the steady state, at the batch of inference
  uint64_t parameters = 0, macs = 0;              // macs: of one image
  std::optional<double> area_mm2 = std::nullopt;  // of the accelerator, where costs are one's
};

enum class CostUnit { kCycles, kPicojoules, kEnergyRunning, kTime };
inline constexpr std::array<std::string_view, 4> kCostUnitNames = {"cycles", "picojoules",
                                                                   "energy-running", "time"};

// Whether the unit's costs are made of predicted time.
constexpr bool predicts_time(CostUnit unit) {
  return unit == CostUnit::kEnergyRunning || unit == CostUnit::kTime;
}

// Costs divided by those of the reference.
struct NormalisedCosts {
  double train = 0;
  double infer = 0;
};

enum class Goal { kScore, kTrainCost, kInferCost };

// The most that each cost may be and the least that the score may be; inference costs are one
// image's. What is absent has no limit.
struct Limits {
  std::optional<double> infer_energy_pj, infer_cycles, train_energy_pj, train_cycles;
  std::optional<double> parameters, macs;
  std::optional<double> area_mm2;
  std::optional<double> score;
};

struct Objective {
  // Eq. 2.6 of powerML (Swanson & Noel 2018):
  //   alpha * train_cost^2 + beta * infer_cost^2 - (1 - alpha - beta) * score
  double alpha = 0, beta = 0;
  bool score_squared = false;  // as their code has it
  std::vector<Goal> goals;  // if any, instead of that: each a value of its own, -score for kScore
  CostUnit unit = CostUnit::kCycles;
  Limits limits;
};

NormalisedCosts normalise(const CandidateCosts& costs, const CandidateCosts& reference,
                          CostUnit unit);

// The values to minimise, one for each goal, or the one of Eq. 2.6.
std::vector<double> objective_values(const Objective& objective, const NormalisedCosts& costs,
                                     double score);

// How uncertain those values are where the score's variance is this: to first order, and nothing
// for costs, which are exact.
std::vector<double> objective_variances(const Objective& objective, double score,
                                        double score_variance);

// The lowest that objective_values() can be, whatever the score: a score is at most 1.
std::vector<double> objective_bound(const Objective& objective, const NormalisedCosts& costs);

// The names of the values: "value" for Eq. 2.6, else the goals' words.
std::vector<std::string> value_names(const Objective& objective);
std::string_view goal_name(Goal goal);  // "score", "train_cost", "infer_cost"
std::optional<Goal> goal_named(std::string_view name);

struct Violation {
  double excess = 0;                  // the sum of |found - limit| / limit over limits
  std::vector<std::string> exceeded;  // "infer_cycles: 1200, at most 1000"
};

// How far limits are exceeded; absent where all are kept. Without a score its limit counts as kept.
std::optional<Violation> violation(const Limits& limits, const CandidateCosts& costs,
                                   std::optional<double> score);

// The first complete trial at least as good as `bound` in every value: whatever a candidate with
// this bound scores, it is no improvement. Null where there is none.
const Trial* ruled_out_by(std::span<const double> bound, std::span<const Trial> history);

}  // namespace wattgrind
