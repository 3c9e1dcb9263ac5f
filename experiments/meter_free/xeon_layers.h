// Layers that PyTorch ran on one core of a Xeon Gold 5120, as the files of readings have them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/network/network.h"
#include "experiments/meter_free/parts.h"

namespace wattgrind {

inline constexpr double kJoulesAKilowattHour = 3.6e6;
inline constexpr double kXeonTdpW = 105;  // of the package that works (Intel ARK); the other idles

struct XeonLayer {
  Network network;  // of the layer alone, called after its kind and its line in the file
  int64_t batch = 1;
  double read_s = 0;             // of one pass
  std::optional<double> read_j;  // of both packages; absent where their counter failed
};

// The kinds that were read: "conv2d", "linear", ...
std::vector<std::string> xeon_layer_kinds();

// Every n-th layer of the kind's file, as options say.
std::vector<XeonLayer> read_xeon_layers(const Options& options, const std::string& kind);

}  // namespace wattgrind
