// Where each feature map of a network is to lie: in a buffer of its own, in its input's, or in the
// memory that the layer before left; and in which layout. Chosen before anything is lowered.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/base/isa.h"
#include "estimator/network/network.h"
#include "kernels/layout/map_layout.h"

namespace wattgrind {

// Training keeps dropout, which inference leaves out.
enum class Phase { kInference, kTraining };

// How a layer's output comes to lie where it does.
enum class Storage {
  kOwn,      // a buffer of its own
  kInPlace,  // the layer overwrites its first input
  kView      // the layer does nothing: its output is its input
};

std::string_view name(Storage storage);

struct PlannedMap {
  Storage storage = Storage::kOwn;
  int owner = kNetworkInput;  // the layer whose output the buffer was made for
  MapLayout layout;

  friend bool operator==(const PlannedMap&, const PlannedMap&) = default;
};

struct MapPlan {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  Phase phase = Phase::kInference;
  PlannedMap input;
  std::vector<PlannedMap> outputs;  // by layer

  // Of a layer's output, or of the network's input.
  const PlannedMap& map(int layer) const {
    return layer == kNetworkInput ? input : outputs[static_cast<size_t>(layer)];
  }

  friend bool operator==(const MapPlan&, const MapPlan&) = default;
};

// Throws Error(kInput) for a batch below 1, and where a map would not fit in memory
// (kLargestArenaBytes).
MapPlan plan_maps(const Network& network, Isa isa, int64_t batch, Phase phase);

// A line a map: "conv1: own, 6x28x28, pitch 8, halo 0 0 0 0". What golden tests compare.
std::string to_text(const MapPlan& plan, const Network& network);

// The layers that read a layer's output, or the network's input, as often as they read it.
std::vector<int> readers_of(const Network& network, int layer);

}  // namespace wattgrind
