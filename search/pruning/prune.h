// Making a trained network take less energy, by taking channels out of it in small steps and
// training what is left (Yang, Chen and Sze 2017: energy-aware pruning; Yang et al. 2018:
// NetAdapt).
//
// Each step lowers the energy by a fixed part. What goes depends on the order:
// - energy: layers propose, the one that takes most energy first, to give so many of their weakest
//   channels that they alone make the step. Each proposal is judged by the validation images with
//   those channels masked, and the one that saves most energy for the accuracy that it loses is
//   taken.
// - magnitude: the weakest channels of all layers go, whatever they save. Strengths are divided by
//   the mean of their layer.
// - uniform: every layer keeps the same part of its channels, the strongest.
// After a step the network is trained for some epochs. Masking judges as if the network was not
// trained afterwards; batch normalisation is left as it is.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/machine/machine.h"
#include "search/data/data_set.h"
#include "search/pruning/channels.h"
#include "search/training/trainer.h"

namespace wattgrind {

enum class PruningOrder { kEnergy, kMagnitude, kUniform };
inline constexpr std::array<std::string_view, 3> kPruningOrderNames = {"energy", "magnitude",
                                                                       "uniform"};

struct PruningOptions {
  double budget = 0.5;  // of the whole network's energy: what is to be left at most
  PruningOrder order = PruningOrder::kEnergy;
  double step = 0.1;          // the part of its energy that each step takes from the network
  uint64_t tune_epochs = 1;   // after each step
  uint64_t final_epochs = 5;  // after the last; the epoch that validates best is kept
  TrainingOptions training;
};

// A step's network, trained.
struct PruningStep {
  double energy_pj = 0;  // of one image's inference, steady: accesses and arithmetic
  uint64_t macs = 0, parameters = 0;
  double accuracy = 0;            // fraction of the validation images
  std::vector<int64_t> channels;  // of the layers that channels can be taken from
};

struct PruningResult {
  TrainedNetwork network;
  std::vector<PruningStep> steps;  // the first is of the whole network, the last of the result
};

// What one image's inference takes of a machine once its caches are warm, by accesses and
// arithmetic.
struct InferenceEnergy {
  double total_pj = 0;
  std::vector<double> layers_pj;  // by layer
};

// Throws Error(kInput) for a network that cannot be lowered.
InferenceEnergy inference_energy(const Network& network, const Machine& machine);

using PruningProgress = std::function<void(const PruningStep&)>;

// `trained` is of a network that the data set fits. Throws Error(kInput) where no channel can go,
// where the budget cannot be met, and as Trainer does; Error(kInterrupted) when asked to stop.
PruningResult prune(const TrainedNetwork& trained, const DataSet& data, const Machine& machine,
                    const PruningOptions& options, const PruningProgress& progress = {});

}  // namespace wattgrind
