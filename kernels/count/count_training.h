// Counting what training does to the memory hierarchy: one step, or a whole training made up of
// steps that were counted.
//
// A step copies its batch out of the data set, goes forward and backward, and updates the
// parameters. A whole training is never run step by step. Counted are, one after the other:
//   first         the first step, from empty caches;
//   steady        the second, which finds parameters and maps where the first left them;
//   last          the smaller batch that ends an epoch, where batches do not divide the images;
//   later, later_last   the same in the epochs after the first.
// Each kind is taken as often as the training has it. In the first epoch every step reads images
// that nobody read before. In later epochs it finds them in the last level if the data set and all
// of the step's buffers fit there together, and reads them from memory otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kernels/count/count_source.h"
#include "kernels/gradients/optimizer.h"

namespace wattgrind {

// Both at least 1. More images a batch than there are: one short batch an epoch.
struct TrainingLength {
  uint64_t images = 0;
  uint64_t epochs = 1;
};

enum class TrainingStep { kFirst, kSteady, kLast, kLater, kLaterLast };

std::string_view name(TrainingStep step);  // "first", "steady", "last", "later", "later_last"

struct CountedTrainingStep {
  TrainingStep step = TrainingStep::kFirst;
  uint64_t times = 1;           // that the training makes one like it
  uint64_t in_first_epoch = 1;  // of them
  NetworkCounts counts;         // of one
};

struct TrainingCounts {
  uint64_t steps = 0;  // of the whole training
  std::vector<CountedTrainingStep> kinds;
  NetworkCounts whole;  // each kind as often as it comes
};

// Rows: "input", the copy of the batch, then the network's layers, each with its passes; last
// `runtime`, where there is one. Throws as lower_training() and the source do, and Error(kInput)
// where counts overflow 64 bits. `artifacts` as count_network() has them. Compulsory misses of the
// whole are those of the first epoch: later ones reference no line for the first time. Each batch
// of the data set is taken to begin on a line of its own.
TrainingCounts count_training(const Network& network, const Optimizer& optimizer, int64_t batch,
                              const TrainingLength& length, const Machine& machine,
                              CountSource& source, const ProgressReport& progress,
                              std::vector<Artifact>* artifacts = nullptr);

// One step alone: the first, from empty caches, or `steady`, the second.
NetworkCounts count_training_step(const Network& network, const Optimizer& optimizer, int64_t batch,
                                  const Machine& machine, bool steady, CountSource& source,
                                  const ProgressReport& progress, std::vector<Artifact>* artifacts);

}  // namespace wattgrind
