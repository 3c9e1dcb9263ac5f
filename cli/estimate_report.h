// An estimate as it is shown: counts with their prices, as a table, JSON or CSV.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "cli/table.h"
#include "estimator/machine.h"
#include "estimator/network_counts.h"
#include "estimator/prices.h"

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
  std::vector<PricedTensor> tensors;
};

// An energy's parts as numbers of its unit.
struct EnergyParts {
  double compute = 0;
  double total = 0;
};
EnergyParts energy_of(const Energy& energy);

struct Estimate {
  NetworkCounts counts;
  Machine machine;
  Pricing pricing;
  std::vector<PricedRow> rows;
  PricedRow total;
};

// Prices every row; the total is the rows' sum. `layers`, if any, are the rows to keep: the total
// is then theirs. Throws Error(kUsage) for a layer there is not.
Estimate price_estimate(NetworkCounts counts, Machine machine, Pricing pricing,
                        const std::vector<std::string>& layers);

// What is counted and priced how, above a table; and the notes below it.
std::string estimate_heading(const Estimate& estimate);
std::string estimate_notes(const Estimate& estimate);

// A table with the given metrics after the layer's name, or with those people want most where none
// are given. Throws Error(kUsage) for a metric there is not, naming those there are.
std::string estimate_text(const Estimate& estimate, const std::vector<std::string>& metrics,
                          Emphasis emphasis);
nlohmann::ordered_json estimate_json(const Estimate& estimate);
Table estimate_csv(const Estimate& estimate, const std::vector<std::string>& metrics);

}  // namespace wattgrind
