// A network on an accelerator, layer by layer: mappings searched, counts, and energy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/dataflow/dataflow.h"
#include "estimator/dataflow/dataflow_task.h"

namespace wattgrind {

struct DataflowLayer {
  DataflowTask task;
  // Absent where no dataflow maps the layer, and of pooling that does not fit the accelerator,
  // which is left to the host.
  std::optional<MappedLayer> mapped;
  std::optional<NoMapping> no_mapping;  // why pooling does not fit
  // Of mapped layers: what is accessed once zeros are left out, and what that costs.
  AccessAmounts amounts;
  DataflowEnergy energy;
  double dram_bytes = 0;
};

struct DataflowEstimate {
  std::string network;
  int64_t images = 1;
  Accelerator accelerator;  // as the dataflow got it
  std::string dataflow, description;
  AcceleratorUnit unit = AcceleratorUnit::kPicojoules;
  MappingObjective objective = MappingObjective::kEnergy;
  std::vector<DataflowLayer> layers;
  // Of all mapped layers.
  AccessAmounts amounts;
  DataflowEnergy energy;
  double dram_bytes = 0;
};

// A layer that is in no figure. The reason is empty where no dataflow maps its kind, else "found a
// buffer of 64 B, wanted at least 1210 B".
struct UnmappedLayer {
  std::string name, kind, reason;
};
std::vector<UnmappedLayer> unmapped_layers(const DataflowEstimate& estimate);

// Leaves out what zeros spare. Zero gating: for a zero of the input map neither the multiplier nor
// the register files of weights and partial sums do anything. Compression: maps in DRAM by run
// lengths of zeros (run_length.h), but for the network's inputs, and partial sums that are not yet
// outputs. Cycles stay.
AccessAmounts without_zeros(const MappedLayer& mapped, const DataflowTask& task,
                            const Accelerator& accelerator);

// Layers of one shape are mapped once. Mappings are chosen without regard to zeros. Throws
// Error(kInput) for a layer that has no mapping on the accelerator, naming the layer and the least
// that would do, and for a unit of which the profile has no prices.
DataflowEstimate estimate_dataflow(const DataflowTasks& tasks, const Accelerator& accelerator,
                                   const Dataflow& dataflow, MappingObjective objective,
                                   AcceleratorUnit unit);

}  // namespace wattgrind
