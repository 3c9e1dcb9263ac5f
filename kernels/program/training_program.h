// A training step of a network lowered to kernels: the batch's copy out of the data set, forward,
// loss, backward and update passes, on the buffers of one arena.
//
// Each layer's parameters are updated as soon as nothing else reads them, while its gradients are
// warm. From a training program come native training, and everything a program is counted by.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/gradients/optimizer.h"
#include "kernels/program/program.h"

namespace wattgrind {

enum class Pass { kInput, kForward, kBackward, kUpdate };

// One parameter tensor, packed, and the gradient that updates it.
struct TrainedTensor {
  int layer = 0;
  BufferKind kind = BufferKind::kWeights;  // or kBias
  uint32_t parameters = 0, gradient = 0;   // buffers
};

struct TrainingProgram {
  Program program;           // every step, in the order they run
  std::vector<Pass> passes;  // by step
  std::vector<TrainedTensor> tensors;
  uint32_t images = 0, image_labels = 0;  // buffers: where the first step copies from
  uint32_t labels = 0;                    // one-hot (label_layout)
  uint32_t loss = 0;                      // of each image
  uint32_t step_size = 0;                 // one value: step_size() of the optimiser
};

// Throws Error(kInput) for a network that is no chain, does not end in softmax or has no
// parameters, and when the arena would be larger than kLargestArenaBytes.
TrainingProgram lower_training(const Network& network, const Optimizer& optimizer, Isa isa,
                               int64_t batch);

// The steps for a smaller batch on the buffers of `whole`, which was made of the same network and
// optimiser: the last batch of an epoch. It needs all of them but scratch that only pays in large
// batches.
TrainingProgram lower_smaller_batch(const TrainingProgram& whole, const Network& network,
                                    const Optimizer& optimizer, int64_t batch);

}  // namespace wattgrind
