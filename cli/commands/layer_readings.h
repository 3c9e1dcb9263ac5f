// Readings of layers, as layer models take them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/counts/network_counts.h"
#include "estimator/machine/machine.h"
#include "estimator/models/network_prediction.h"
#include "estimator/readings/readings.h"

namespace wattgrind {

using CountProgress = std::function<void(std::string_view what, uint64_t done, uint64_t total)>;

// Each reading's workload must be a layer alone: one in short, with its batch ("conv:...,batch=8"),
// or a layer of a network ("lenet5/conv1"). Where there is a machine, each layer's kernel is
// counted for it, in the steady state or, where its caches were cold, from empty caches. Throws
// Error(kInput) naming file and line.
std::vector<LayerReading> layer_readings(const std::vector<Reading>& readings,
                                         const std::string& file, const Machine* machine,
                                         const CountProgress& progress);

// Throws Error(kInput) naming file and line where readings say that they are of several processors
// or versions of the kernels.
void require_one_origin(const std::vector<Reading>& readings, const std::string& file);

// What was counted of one layer, as layer models take it.
KernelWork kernel_work(const EventCounts& counts);

// What the models say of a network whose layers were counted one by one, in the steady state. Says
// so where the machine or the kernels are not those that the models are of.
NetworkPrediction predict_counted(const Network& network, const NetworkCounts& counts,
                                  const LayerModels& models, const Machine& machine);

// Reads the files and puts their kinds together. Throws Error(kInput) where two know the same kind.
LayerModels read_models(const std::vector<std::string>& files);

}  // namespace wattgrind
