// A training step of a network lowered to kernels, on the buffers of one arena.
//
// A training step is what a batch goes through; a step of the program is one kernel of it; a pass
// is the part of the training step that a kernel belongs to. The kernels run in this order:
//
//   input      the batch is copied out of the data set
//   forward    layer by layer, first to last
//   backward   layer by layer, last to first; the softmax, which is the last, begins with the loss
//   update     among the backward kernels: a layer's parameters change as soon as nothing else
//              reads them, while their gradients are still in the caches
//
// From a training program come native training, and everything a program is counted by.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/gradients/optimizer.h"
#include "kernels/program/program.h"

namespace wattgrind {

enum class Pass { kInput, kForward, kBackward, kUpdate };

// A layer's packed weights or biases, and the gradient that updates them.
struct TrainedTensor {
  int layer = 0;
  BufferKind kind = BufferKind::kWeights;  // kWeights or kBias
  uint32_t parameters = 0, gradient = 0;   // indices of their buffers
};

struct TrainingProgram {
  Program program;           // has every kernel, in the order they run
  std::vector<Pass> passes;  // the pass that each step of the program belongs to
  std::vector<TrainedTensor> tensors;

  // Indices of buffers.
  uint32_t images = 0, image_labels = 0;  // what the input pass copies from
  uint32_t labels = 0;                    // the batch's labels, one-hot (label_layout)
  uint32_t loss = 0;                      // the loss of each image
  uint32_t step_size = 0;                 // a single value, the optimiser's step_size()
};

// Throws Error(kInput) for a network that has several inputs or outputs, does not end in softmax,
// has no parameters or has layers that cannot be trained, all of which are named, and when the
// arena would be larger than kLargestArenaBytes.
TrainingProgram lower_training(const Network& network, const Optimizer& optimizer, Isa isa,
                               int64_t batch);

// Lowers the training step for a smaller batch, such as the last of an epoch, on the buffers of
// `whole`, which must be of the same network and optimiser. It uses them all but scratch that only
// pays in large batches.
TrainingProgram lower_smaller_batch(const TrainingProgram& whole, const Network& network,
                                    const Optimizer& optimizer, int64_t batch);

}  // namespace wattgrind
