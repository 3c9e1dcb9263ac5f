// What one repetition of a workload does in the steady state: what a meter sees of a load that is
// repeated, and what calibration prices.
#pragma once

#include <cstdint>
#include <string>

#include "estimator/counts/counts.h"
#include "estimator/machine/machine.h"
#include "estimator/network/workload.h"

namespace wattgrind {

struct WorkloadCounts {
  EventCounts counts;
  OperationCounts operations;
  ElementType type = ElementType::kFloat32;  // that the operations are on
  std::string note;                          // what is not exact; empty: nothing
};

// The second of two passes through the machine's own caches, simulated. `batch` images of a
// network's inference; a matrix product has no batch. Of products of more than 2^25
// multiply-accumulates the first rows are simulated, and the note says how many
// (kernels/count/matmul_counts.h).
WorkloadCounts count_workload(const Workload& workload, int64_t batch, const Machine& machine);

}  // namespace wattgrind
