// Where each feature map of a network is to lie, and in which layout. This is chosen before
// anything is lowered. In the network conv, relu, flatten, dense two buffers hold all outputs:
//
//   layer     storage    owner
//   conv      own        conv      makes a buffer
//   relu      in place   conv      overwrites that buffer
//   flatten   view       conv      does nothing: its output is the same buffer
//   dense     own        dense     makes the next buffer
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
  int owner = kNetworkInput;  // the layer that the map's buffer was made for
  MapLayout layout;

  friend bool operator==(const PlannedMap&, const PlannedMap&) = default;
};

struct MapPlan {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  Phase phase = Phase::kInference;
  PlannedMap input;
  std::vector<PlannedMap> outputs;  // by layer

  // The map that a layer writes, or the network's input.
  const PlannedMap& map(int layer) const {
    return layer == kNetworkInput ? input : outputs[static_cast<size_t>(layer)];
  }

  friend bool operator==(const MapPlan&, const MapPlan&) = default;
};

// Throws Error(kInput) for a batch below 1, and where a map would not fit in memory
// (kLargestArenaBytes).
MapPlan plan_maps(const Network& network, Isa isa, int64_t batch, Phase phase);

// The plan as text, a line for each map: "conv1: own, 6x28x28, pitch 8, halo 0 0 0 0". Golden tests
// compare it.
std::string to_text(const MapPlan& plan, const Network& network);

// The layers that read a layer's output, or the network's input. A layer that reads it twice is
// there twice.
std::vector<int> readers_of(const Network& network, int layer);

}  // namespace wattgrind
