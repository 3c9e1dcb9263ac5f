// Energy features turn counted readings into the table that calibration fits. A feature is what one
// part of the machine would cost at the profile's own prices, so that its coefficient is a multiple
// of those prices.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/base/element_type.h"
#include "estimator/calibration/term.h"
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
  ElementType type = ElementType::kFloat32;  // of the values that the operations are on
};

// The workload of a reading with its batch and phase, where these are not 1 and inference: readings
// of one such name are left out together.
std::string workload_name(const Reading& reading);

struct EnergyFeatures {
  std::vector<Term> terms;          // by feature of the table, each named after its term
  FeatureTable table;               // its target is energy in joules
  std::vector<Baseline> baselines;  // latency cost, MACs, and time where every duration is known
};

// The terms are operations, DRAM and the cache levels from the last to the first, whose features
// are in joules at the profile's prices and have a prior of 1. Where every duration is known, time
// in seconds follows, whose prior is the profile's static power or, where it has none, that of what
// is awake; where the profile prices instructions and those of every reading are counted, what they
// cost, with a prior of 1. A term whose feature is 0 in every
// reading is left out: the profile gives no price for it, or it never occurs.
EnergyFeatures energy_features(const std::vector<CountedReading>& readings, const Machine& machine);

// The term that goes by the word. Throws Error(kUsage) with those there are, where none does.
Term named_term(const EnergyFeatures& features, std::string_view word);

// The same readings with the features of these terms alone, in the order of the table.
EnergyFeatures only_terms(const EnergyFeatures& features, std::span<const Term> terms);

}  // namespace wattgrind
