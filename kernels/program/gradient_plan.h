// Which gradients of feature maps a training step makes, in which layouts, and who adds to each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernels/program/map_plan.h"

namespace wattgrind {

// The gradient of the loss by what lies in one buffer of maps.
struct PlannedGradient {
  MapLayout layout;
  // The layers whose way back writes it, in the order they run forward: the gradient is the sum of
  // theirs. Layers that work in place or do nothing are none of them: they change or pass on what
  // is there.
  std::vector<int> readers;

  friend bool operator==(const PlannedGradient&, const PlannedGradient&) = default;
};

struct GradientPlan {
  int first_trained = 0;                     // the first layer with parameters
  std::map<int, PlannedGradient> gradients;  // by the layer that owns the map (PlannedMap::owner)

  // What lies before the first layer with parameters needs no gradient.
  bool needs_data_gradient(int layer) const { return layer > first_trained; }

  // Null for the network's input and for maps that depend on no parameter.
  const PlannedGradient* find(int owner) const;

  friend bool operator==(const GradientPlan&, const GradientPlan&) = default;
};

// Throws Error(kInput) where no layer has parameters.
GradientPlan plan_gradients(const Network& network, const MapPlan& maps);

// A line a gradient: "conv1: pitch 8, halo 0 0 0 0, from pool1".
std::string to_text(const GradientPlan& plan, const Network& network);

}  // namespace wattgrind
