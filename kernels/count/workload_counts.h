// Counts what one repetition of a workload does in the steady state. A meter sees this of a load
// that is repeated, and calibration finds the price of it.
#pragma once

#include <cstdint>
#include <string>

#include "estimator/counts/counts.h"
#include "estimator/machine/machine.h"
#include "estimator/network/workload.h"

namespace wattgrind {

struct WorkloadCounts {
  EventCounts counts;  // a network's with instructions, as its kernels are deployed
  OperationCounts operations;
  ElementType type = ElementType::kFloat32;  // the type of the operations' operands
  std::string note;                          // says what is not exact; empty if everything is
};

// Simulates two passes through the machine's own caches and returns the counts of the second. A
// network's workload is the inference of `batch` images; a matrix product has no batch. If a
// product has more than 2^25 multiply-accumulates, only its first rows are simulated, and the note
// says how many (kernels/count/matmul_counts.h).
WorkloadCounts count_workload(const Workload& workload, int64_t batch, const Machine& machine);

}  // namespace wattgrind
