// Where the layers that a profile measures come from.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "estimator/base/random.h"
#include "estimator/catalog/layer_draw.h"
#include "estimator/network/network.h"

namespace wattgrind {

struct ProfiledLayer {
  std::string workload;  // as readings name it
  int64_t batch = 1;
  Network network;  // of the layer alone
};

class ProfileLayers {
 public:
  virtual ~ProfileLayers() = default;

  virtual std::vector<std::string> kinds() const = 0;  // of which there may be layers left
  // A layer of the kind that was not given before; absent where there is none left.
  virtual std::optional<ProfiledLayer> next(const std::string& kind) = 0;
};

// Layers that were measured before, by workload and batch: they are not given again.
using KnownLayers = std::set<std::pair<std::string, int64_t>>;

// Draws from the ranges without end.
std::unique_ptr<ProfileLayers> drawn_layers(std::vector<DrawnKind> kinds, uint64_t seed,
                                            KnownLayers known);

// The layers of the networks, of each network one of every kind and sizes, in an order drawn by the
// seed. Only those of `kinds`, where that is not empty.
std::unique_ptr<ProfileLayers> network_layers(const std::vector<std::string>& networks,
                                              int64_t batch, const std::vector<std::string>& kinds,
                                              uint64_t seed, KnownLayers known);

}  // namespace wattgrind
