// The kernels Wattgrind generates, compiled for this process: what candidates are trained with and
// measurements run.
#pragma once

#include "experiments/kernel_speed/candidate.h"

namespace wattgrind {

KernelImplementation generated();

// Convolutions by the algorithm that takes the least predicted time on kFastestOn, of all that
// there are; absent for other layers.
inline constexpr const char* kFastestOn = "zen5_epyc";
KernelImplementation generated_fastest();

}  // namespace wattgrind
