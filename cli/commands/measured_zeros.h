// Zeros of a network's maps, counted in the maps that a run left.
#pragma once

#include <filesystem>

#include "estimator/dataflow/dataflow_task.h"
#include "estimator/network/network.h"

namespace wattgrind {

// Sets the zeros of input and output maps from the .npy files that `wattgrind run --keep FOLDER`
// wrote of every layer. A layer's output counts behind the ReLU or clip that alone reads it, for
// that is what goes to memory. The network's own inputs are not kept, and their zeros not known.
// Throws Error(kInput) where a file is missing or of another shape.
void set_measured_zeros(const Network& network, const std::filesystem::path& folder,
                        DataflowTasks& tasks);

}  // namespace wattgrind
