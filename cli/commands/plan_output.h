// Shows how an inference is put together (kernels/program/engine_plan.h), in each form of output.
#pragma once

#include "cli/terminal/output.h"
#include "kernels/program/engine_plan.h"

namespace wattgrind {

void print_plan(const PlannedInference& inference, Output& output);

}  // namespace wattgrind
