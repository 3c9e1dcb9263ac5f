// How long counts take on a machine, predicted and not measured.
//
// A core takes its own cycles if no cache misses (EventCounts::core_cycles), and a line takes the
// bandwidth that one core sustains from the level that serves it, which holds its way through the
// levels between; one that is written back, that of the level which takes it. Lines move one after
// the other (the execution-cache-memory model: Stengel et al., ICS 2015, which adds up levels, too,
// but by the bandwidth between two of them). A core that reorders instructions
// goes on meanwhile, so that the longer of the two decides; one that does not waits. The caches'
// latencies, which powerML adds up (latency_cost()), are no part of it: prefetchers hide them from
// kernels that walk through memory.
#pragma once

#include <optional>
#include <vector>

#include "estimator/base/isa.h"
#include "estimator/counts/counts.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

// What the core that counts are of is like.
struct CoreUse {
  Isa isa = Isa::kAvx2;  // of the kernels
  bool reorders = true;  // instructions, so that it computes while lines move
};

// Seconds, by what they go on.
struct PredictedTime {
  double core_s = 0;
  std::vector<double> lines_s;  // from each level below the first
  double dram_s = 0;
  double seconds = 0;  // in all

  PredictedTime& operator+=(const PredictedTime& other);
};

// Absent where the counts have no core cycles, or the profile lacks a bandwidth of a level that
// lines come from.
std::optional<PredictedTime> predicted_time(const EventCounts& counts, const Machine& machine,
                                            const CoreUse& core);

// The clock of one busy core that runs kernels of the instruction set at full width.
const Sourced<double>& clock_hz(const Machine& machine, Isa isa);

}  // namespace wattgrind
