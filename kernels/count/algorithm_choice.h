// Choosing the algorithms of a network's convolutions by what they cost on a machine.
//
// Each convolution is counted by itself, from empty caches, once by every algorithm that applies
// and could pay: that of the instruction set's choice, and those that take fewer instructions.
// Which of them costs least is for whoever prices counts to say.
#pragma once

#include <functional>
#include <string>

#include "kernels/count/count_source.h"
#include "kernels/program/engine_plan.h"

namespace wattgrind {

struct CostCriterion {
  std::string name;  // "time", "energy"
  std::string unit;  // of what cost() returns: "ms"
  std::function<double(const CountedRow&, const CountOrigin&)> cost;
};

// The request with an algorithm and the reason for each convolution for which it leaves the choice;
// as it is where it asks for an algorithm everywhere. Layers of the same kernel are counted once.
// Throws as count() of the source and plan_inference() do.
AlgorithmRequest choose_algorithms(const Network& network, const PlanRequest& request,
                                   int64_t batch, const Machine& machine, CountSource& source,
                                   const CostCriterion& criterion, const ProgressReport& progress);

}  // namespace wattgrind
