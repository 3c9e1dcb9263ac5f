// A priced estimate: counts and what they cost, row by row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "estimator/counts/network_counts.h"
#include "estimator/machine/machine.h"
#include "estimator/pricing/predicted_time.h"
#include "estimator/pricing/prices.h"
#include "estimator/pricing/running_energy.h"

namespace wattgrind {

enum class EnergyUnit { kPicojoules, kMacs };

struct Pricing {
  PriceTable prices;
  Accounting accounting = Accounting::kHits;
  EnergyUnit unit = EnergyUnit::kPicojoules;
  EnergyScope scope = EnergyScope::kEvents;  // the energy that is the total
  IdleShare idle = kAllIdle;                 // of what idles, in the machine's energy
};

using Energy = std::variant<EnergyBreakdown<Picojoules>, EnergyBreakdown<MacEnergies>>;

// What moving one tensor costs.
struct PricedTensor {
  std::string tensor;
  Energy energy;  // without that of arithmetic
};

// One row with what it costs. Where tensors are told apart, the energy is the sum of theirs and of
// that of arithmetic.
struct PricedRow {
  CountedRow row;
  Cycles cost;
  Energy energy;
  // By the profile's fitted prices of time or, where it has none, predicted; absent: neither.
  std::optional<double> time_s;
  std::optional<PredictedTime> predicted;  // absent: the time is not predicted
  std::vector<PricedTensor> tensors;
  std::vector<PricedRow> passes;  // of training; each row is named after its pass
};

// The parts of an energy and its sums (prices.h) as numbers, in the unit of the energy.
struct EnergyParts {
  double compute = 0;
  std::optional<double> static_energy, instructions, awake;
  std::optional<double> activity, running, machine, wall;
  double total = 0;  // of the scope
};
EnergyParts energy_of(const Energy& energy, EnergyScope scope);

// One kind of training step, and what a step of that kind costs.
struct PricedStep {
  std::string_view step;
  uint64_t times = 1;  // how many such steps the training makes
  PricedRow total;
};

// What an estimate of training tells beside its rows.
struct PricedTraining {
  std::string_view optimizer;
  // The extent of a whole training; absent where one step is estimated.
  std::optional<uint64_t> images, epochs, steps;
  std::vector<PricedStep> kinds;
};

struct Estimate {
  NetworkCounts counts;
  Machine machine;
  Pricing pricing;
  std::vector<PricedRow> rows;
  PricedRow total;
  std::optional<PricedTraining> training;  // absent for inference
};

// Prices every row, and their sum as the total. Where `layers` names any, only the rows that hold
// them are kept, and the total is theirs. Throws Error(kUsage) for a layer that the network does
// not have.
Estimate price_estimate(NetworkCounts counts, Machine machine, Pricing pricing,
                        const std::vector<std::string>& layers);

// The 95 % interval of a row's energy. It combines the interval of the prices with, on the static
// part, that of the time; the two are taken to be independent. Absent where prices are not
// calibrated, or where energies are told in MACs.
struct EnergyInterval {
  double low_pj = 0;
  double high_pj = 0;
};
std::optional<EnergyInterval> energy_interval(const Estimate& estimate, const PricedRow& row);

// Prices the sum of all rows, counted on the core, as price_estimate() prices its total.
PricedRow price_total(const std::vector<CountedRow>& rows, const Machine& machine,
                      const Pricing& pricing, const CoreUse& core);

// The core that counts are of.
CoreUse core_use(const CountOrigin& origin);

}  // namespace wattgrind
