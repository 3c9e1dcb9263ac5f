// Counts with their prices, row by row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "estimator/counts/network_counts.h"
#include "estimator/machine/machine.h"
#include "estimator/pricing/prices.h"

namespace wattgrind {

enum class EnergyUnit { kPicojoules, kMacs };

struct Pricing {
  PriceTable prices;
  Accounting accounting = Accounting::kHits;
  EnergyUnit unit = EnergyUnit::kPicojoules;
};

using Energy = std::variant<EnergyBreakdown<Picojoules>, EnergyBreakdown<MacEnergies>>;

// What moving one tensor costs.
struct PricedTensor {
  std::string tensor;
  Energy energy;  // no arithmetic in it
};

// One row with what it costs. Where tensors are told apart the energy is their sum and the
// arithmetic's.
struct PricedRow {
  CountedRow row;
  Cycles cost;
  Energy energy;
  std::optional<double> time_s;  // absent: the profile has no prices of time
  std::vector<PricedTensor> tensors;
  std::vector<PricedRow> passes;  // of training, each a row named after its pass
};

// An energy's parts as numbers of its unit.
struct EnergyParts {
  double compute = 0;
  std::optional<double> static_energy;  // absent: no static power or no time is known
  double total = 0;
};
EnergyParts energy_of(const Energy& energy);

// A kind of training step, and what one like it costs.
struct PricedStep {
  std::string_view step;
  uint64_t times = 1;  // that the training makes one
  PricedRow total;
};

// What is special to the estimate of a training.
struct PricedTraining {
  std::string_view optimizer;
  // Of a whole training; none of one step.
  std::optional<uint64_t> images, epochs, steps;
  std::vector<PricedStep> kinds;
};

struct Estimate {
  NetworkCounts counts;
  Machine machine;
  Pricing pricing;
  std::vector<PricedRow> rows;
  PricedRow total;
  std::optional<PricedTraining> training;  // none for inference
};

// Prices every row; the total is the rows' sum. `layers`, if any, are the rows to keep: the total
// is then theirs. Throws Error(kUsage) for a layer there is not.
Estimate price_estimate(NetworkCounts counts, Machine machine, Pricing pricing,
                        const std::vector<std::string>& layers);

// The 95 % interval of a row's energy: the prices' and, on the static part, the time's, taken to be
// independent. Absent where prices are not calibrated, or divided by one.
struct EnergyInterval {
  double low_pj = 0;
  double high_pj = 0;
};
std::optional<EnergyInterval> energy_interval(const Estimate& estimate, const PricedRow& row);

// The sum of all rows, priced as price_estimate() would.
PricedRow price_total(const std::vector<CountedRow>& rows, const Machine& machine,
                      const Pricing& pricing);

}  // namespace wattgrind
