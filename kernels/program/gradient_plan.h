// Which gradients of feature maps a training step makes, in which layouts, and who adds to each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernels/program/map_plan.h"

namespace wattgrind {

// The gradient of the loss by the values of one map's buffer.
struct PlannedGradient {
  MapLayout layout;
  // The layers that read the map, in the order they run forward; one that reads it twice is there
  // twice. The way back of each adds its part to the gradient, the last first. Layers that work in
  // place on the map or do nothing are not among them: on the way back they change or pass on what
  // is there.
  std::vector<int> readers;

  friend bool operator==(const PlannedGradient&, const PlannedGradient&) = default;
};

struct GradientPlan {
  std::vector<bool>
      depends;  // by layer, whether its output depends on parameters, its own included
  std::map<int, PlannedGradient> gradients;  // by the layer that owns the map (PlannedMap::owner)

  // Whether the gradient by what a layer reads there must be made. Where that depends on no
  // parameter nothing would use it.
  bool needs_gradient(int source) const {
    return !is_network_input(source) && depends[static_cast<size_t>(source)];
  }

  // The gradient of the map that `owner` owns. Null for the network's input and for maps that
  // depend on no parameter.
  const PlannedGradient* find(int owner) const;

  friend bool operator==(const GradientPlan&, const GradientPlan&) = default;
};

// Throws Error(kInput) where no layer has parameters.
GradientPlan plan_gradients(const Network& network, const MapPlan& maps);

// The plan as text, a line for each gradient: "conv1: pitch 8, halo 0 0 0 0, from pool1".
std::string to_text(const GradientPlan& plan, const Network& network);

}  // namespace wattgrind
