// Counting what training does to the memory hierarchy: one step, or a whole training made up of
// steps that were counted.
//
// A step copies its batch out of the data set, goes forward and backward, and updates the
// parameters. A whole training is never run step by step. Instead one step of each kind is counted,
// one after the other, and taken as often as the training has it:
//   first         is the first step, from empty caches;
//   steady        is the second, which finds parameters and maps where the first left them;
//   last          is the smaller batch that ends an epoch, where batches do not divide the images;
//   later, later_last   are the same two in the epochs after the first.
// In the first epoch every step reads images that nobody read before. In later epochs it finds them
// in the last level if the data set and all of the step's buffers fit there together, and reads
// them from memory otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kernels/count/count_source.h"
#include "kernels/gradients/optimizer.h"

namespace wattgrind {

// Both must be at least 1. If there are fewer images than a batch takes, each epoch is one short
// batch.
struct TrainingLength {
  uint64_t images = 0;
  uint64_t epochs = 1;
};

enum class TrainingStep { kFirst, kSteady, kLast, kLater, kLaterLast };

std::string_view name(TrainingStep step);  // "first", "steady", "last", "later", "later_last"

struct CountedTrainingStep {
  TrainingStep step = TrainingStep::kFirst;
  uint64_t times = 1;           // how often the training makes such a step
  uint64_t in_first_epoch = 1;  // how many of these are in the first epoch
  NetworkCounts counts;         // what a single one does
};

struct TrainingCounts {
  uint64_t steps = 0;  // how many the whole training makes
  std::vector<CountedTrainingStep> kinds;
  NetworkCounts whole;  // the sum of all kinds, each as often as it comes
};

// The first row of the result is "input", the copy of the batch. The network's layers follow, each
// with its passes, and last comes `runtime`, where there is one. `artifacts` is as for
// count_network(). Compulsory misses of the whole are those of the first epoch, for later ones
// reference no line for the first time. Each batch of the data set is taken to begin on a line of
// its own. Throws as lower_training() and the source do, and Error(kInput) where counts overflow 64
// bits.
TrainingCounts count_training(const Network& network, const Optimizer& optimizer, int64_t batch,
                              const TrainingLength& length, const Machine& machine,
                              CountSource& source, const ProgressReport& progress,
                              std::vector<Artifact>* artifacts = nullptr);

// Counts one step alone: the first, from empty caches, or, if `steady`, the second.
NetworkCounts count_training_step(const Network& network, const Optimizer& optimizer, int64_t batch,
                                  const Machine& machine, bool steady, CountSource& source,
                                  const ProgressReport& progress, std::vector<Artifact>* artifacts);

}  // namespace wattgrind
