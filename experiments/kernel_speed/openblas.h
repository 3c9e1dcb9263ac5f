// OpenBLAS, for dense layers: sgemv at batch 1, sgemm above, the weights as [inputs][units].
#pragma once

#include "experiments/kernel_speed/candidate.h"

namespace wattgrind {

KernelImplementation openblas();

}  // namespace wattgrind
