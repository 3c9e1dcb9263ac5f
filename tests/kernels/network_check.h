// Whole networks run natively and held to the obvious computation.
#pragma once

#include <string>

#include "estimator/network/network.h"
#include "kernels/program/engine_plan.h"

namespace wattgrind {

// Runs the network natively on every target with random inputs and parameters, in every plan
// (kernels/program/engine_plan.h). Each of its outputs
// must be what the layers computed one by one give, within the rounding of its sums, with zeros
// around it; inputs must stay what they were.
void check_network(const Network& network, int64_t batch, const std::string& what);
// In one plan. Of algorithms that round more, outputs may be off so many times as far.
void check_network(const Network& network, int64_t batch, const PlanRequest& plan,
                   const std::string& what, double slack = 1);

}  // namespace wattgrind
