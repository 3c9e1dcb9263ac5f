// The kernels Wattgrind generates, compiled for this process: what candidates are trained with and
// measurements run.
#pragma once

#include "experiments/kernel_speed/candidate.h"

namespace wattgrind {

KernelImplementation generated();

}  // namespace wattgrind
