// How precisely readings tell a kind of layer so far, and of which kind more are needed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/models/layer_predictor.h"

namespace wattgrind {

// A kind with fewer layers than this comes before all that have them.
inline constexpr size_t kFewestLayersOfAKind = 16;

struct KindPrecision {
  std::string kind;
  size_t layers = 0;  // that were timed warm
  // The mean absolute percentage error of layers left out, by the form "hybrid" without counts,
  // which is quick to fit and near what the best form reaches; absent with too few layers for it.
  std::optional<double> left_out_percent;

  // How much another layer of the kind is needed: its error over its layers, times how much of most
  // networks' time is the kind's.
  double need() const;
};

KindPrecision kind_precision(std::string_view kind, std::span<const LayerReading> readings);

// The index of the kind that is needed most; of equals the first. There must be a kind.
size_t most_needed(std::span<const KindPrecision> kinds);

}  // namespace wattgrind
