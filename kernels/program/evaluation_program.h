// The forward pass by which a network is judged while it is trained.
#pragma once

#include "estimator/network/network.h"
#include "kernels/program/training_program.h"

namespace wattgrind {

// The forward pass of a training program of that network, on its buffers, but for batch
// normalisation: it takes the statistics that the layer holds, and leaves them as they are. What
// comes out for an image depends on no other image of the batch.
Program lower_evaluation(const TrainingProgram& training, const Network& network);

}  // namespace wattgrind
