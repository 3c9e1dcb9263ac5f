// How large a network is for whoever is to lay it out and count or run it. This is told from the
// layers alone, in a moment, so that a network that would take hours or all memory can be refused
// before anything is made of it.
//
//   operations   are the multiply-accumulates, those on padding included, and all others of one
//                pass over the batch
//   bytes        are those of the maps, with the zeros around them that convolutions read as
//                padding, and of the parameters; in training also of their gradients and of what an
//                optimiser remembers
//
// Both are estimates: surplus lanes of vectors and kernels' scratch are left out, and of optimisers
// the one that remembers most is taken. A figure that 64 bits do not hold is the largest they do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "estimator/network/network.h"
#include "estimator/network/workload.h"

namespace wattgrind {

struct LayerSize {
  uint64_t operations = 0;
  uint64_t bytes = 0;
};

struct NetworkSize {
  std::vector<LayerSize> layers;
  LayerSize total;  // with the network's input
};

struct BatchPass {
  int64_t batch = 1;      // at least 1
  bool training = false;  // forward, backward and update, instead of inference
};

NetworkSize network_size(const Network& network, const BatchPass& pass);

// The defaults let through a pass of VGG-16 with 64 images, and training steps of AlexNet with 256.
// A simulation makes 10^9 to 10^10 operations a second, so that the largest take minutes.
struct SizeBounds {
  uint64_t operations = 1'000'000'000'000;
  uint64_t bytes = uint64_t{8} << 30;
};

struct LargestLayer {
  std::string name;
  uint64_t figure = 0;
};

// What makes a workload too large. A matrix product has neither layers nor a batch.
struct Oversize {
  enum class Measure { kOperations, kBytes };

  Measure measure = Measure::kBytes;
  uint64_t found = 0;
  uint64_t most = 0;
  std::optional<LargestLayer> largest;  // the layer with the most of the figure
  std::optional<int64_t> batch;
};

// Absent where the workload is within its bounds.
std::optional<Oversize> oversize(const Network& network, const BatchPass& pass,
                                 const SizeBounds& bounds);
std::optional<Oversize> oversize(const Workload& workload, const BatchPass& pass,
                                 const SizeBounds& bounds);

// The figures in words: "found 4.41e+12 operations a pass at batch 1 (4.4e+12 in layer pool1),
// wanted at most 1e+12".
std::string to_text(const Oversize& oversize);

}  // namespace wattgrind
