// From counted readings to the table that calibration fits: what each part of the machine would
// cost at the profile's own prices, so that a coefficient is a multiple of those prices.
#pragma once

#include <string>
#include <vector>

#include "estimator/base/element_type.h"
#include "estimator/counts/counts.h"
#include "estimator/fit/baseline.h"
#include "estimator/fit/feature_table.h"
#include "estimator/machine/machine.h"
#include "estimator/readings/readings.h"

namespace wattgrind {

// A reading, and what one repetition of its workload does in the steady state.
struct CountedReading {
  Reading reading;
  EventCounts counts;
  OperationCounts operations;
  ElementType type = ElementType::kFloat32;  // that the operations are on
};

// Which fold a reading belongs to.
std::string workload_name(const Reading& reading);

struct EnergyFeatures {
  FeatureTable table;
  std::vector<Baseline> baselines;  // latency cost, MACs, and time where every duration is known
};

// Features, in this order: "operations", "DRAM", the cache levels from the last to the first (by
// their names), all in joules at the profile's prices with a prior of 1; "time" in seconds, with
// the profile's static power as its prior, where every duration is known. What the profile gives
// no price for is left out. `terms` picks from these by name; empty: all of them. Throws
// Error(kUsage) for a name that is not among them.
EnergyFeatures energy_features(const std::vector<CountedReading>& readings, const Machine& machine,
                               const std::vector<std::string>& terms);

}  // namespace wattgrind
