// The objectives that the sampler was developed on: of another making than those that its regrets
// are told of (experiments/tpe_regret/objectives.h).
#pragma once

#include <vector>

#include "experiments/tpe_regret/objectives.h"

namespace wattgrind {

// Ackley, Styblinski-Tang, Hartmann-6, Branin, Griewank and Rosenbrock functions, a table of
// interacting choices, and a training with a learning rate, an optimiser and a momentum that one
// optimiser alone has; Hartmann-6 and the table also with noise. Medians are of 4,000 draws.
std::vector<BenchmarkObjective> development_objectives();

}  // namespace wattgrind
