// Where each feature map of a network is to lie, and in which layout. This is chosen before
// anything is lowered. In the network conv, relu, flatten, dense two buffers hold all outputs:
//
//   layer     storage    owner
//   conv      own        conv      makes a buffer
//   relu      in place   conv      overwrites that buffer
//   flatten   view       conv      does nothing: its output is the same buffer
//   dense     own        dense     makes the next buffer
//
// A concatenation along channels may have its parts written where they are wanted: a slice is the
// channels of a pixel of the concatenation's map from the slice's first on.
//
//   conv a    slice      concat    writes channels 0 to 63 of the concatenation's map
//   conv b    slice      concat    writes channels 64 to 191
//   concat    own        concat    copies what is no slice; here it does nothing
//
// And a layer that takes some channels of a map may be a view of them, where convolutions and
// concatenations, who read the channels that they name, are all that reads it.
//
// A layer that only moves values may be a view with a layout of its own, where the values lie in
// the order that it wants: where both maps have no padding channels and nobody wants a halo of
// them. The maps {64, 7, 7} and {64, 49, 1} are such views of one buffer. Training makes copies,
// because gradients have the layouts of buffers.
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
  kView,     // the layer does nothing: its output is its input
  kSlice     // channels of the map of the concatenation that reads it
};

std::string_view name(Storage storage);

// Whether concatenations copy their inputs and splits their outputs, or have them written and read
// in place where that can be.
enum class Joining { kCopies, kInPlace };

struct PlannedMap {
  Storage storage = Storage::kOwn;
  int owner = kNetworkInput;  // the layer or network input that the map's buffer was made for
  MapLayout layout;
  int64_t first_channel = 0;  // of a slice, or a view of some channels, in the owner's map

  friend bool operator==(const PlannedMap&, const PlannedMap&) = default;
};

struct MapPlan {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  Phase phase = Phase::kInference;
  std::vector<PlannedMap> inputs;   // by input of the network
  std::vector<PlannedMap> outputs;  // by layer

  // The map of what a layer reads there: an output or an input of the network.
  const PlannedMap& map(int source) const {
    return is_network_input(source) ? inputs[input_number(source)]
                                    : outputs[static_cast<size_t>(source)];
  }

  friend bool operator==(const MapPlan&, const MapPlan&) = default;
};

// Throws Error(kInput) for a batch below 1, and where a map would not fit in memory
// (kLargestArenaBytes).
MapPlan plan_maps(const Network& network, Isa isa, int64_t batch, Phase phase,
                  Joining joining = Joining::kCopies);

// The plan as text, a line for each map: "conv1: own, 6x28x28, pitch 8, halo 0 0 0 0". Golden tests
// compare it.
std::string to_text(const MapPlan& plan, const Network& network);

// Who reads each map of a network.
class Readers {
 public:
  explicit Readers(const Network& network);

  // The layers that read a layer's output or an input of the network, in order. A layer that reads
  // it twice is there twice.
  const std::vector<int>& of(int source) const;

 private:
  std::vector<std::vector<int>> inputs_, outputs_;
};

}  // namespace wattgrind
