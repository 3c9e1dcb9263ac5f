// The most that a core computes.
#pragma once

#include "estimator/base/isa.h"
#include "kernels/codegen/machine_work.h"

namespace wattgrind {

// Operations a cycle on independent fused multiply-adds of full vectors (two operations a lane)
// that all stay in registers, by the scheduling model that times kernels. LLVM must have a model of
// the core.
double peak_operations_per_cycle(Isa isa, const CoreModel& core);

}  // namespace wattgrind
