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

// One row with what it costs.
struct PricedRow {
  CountedRow row;
  Cycles cost;
  std::variant<EnergyBreakdown<Picojoules>, EnergyBreakdown<MacEnergies>> energy;
};

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

// A table with the given metrics after the layer's name, or with those people want most where none
// are given. Throws Error(kUsage) for a metric there is not, naming those there are.
std::string estimate_text(const Estimate& estimate, const std::vector<std::string>& metrics,
                          Emphasis emphasis);
nlohmann::ordered_json estimate_json(const Estimate& estimate);
Table estimate_csv(const Estimate& estimate, const std::vector<std::string>& metrics);

}  // namespace wattgrind
