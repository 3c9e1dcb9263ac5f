// The drawings of an estimate: its graph, its bars, what adds up, and its memory.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/reports/model_estimate_report.h"
#include "estimator/charts/svg_plot.h"
#include "estimator/network/network.h"
#include "estimator/pricing/priced_estimate.h"
#include "kernels/program/engine_plan.h"

namespace wattgrind {

// What readers may see drawn: energy, time where it is known, and latency cycles.
struct DrawnMeasure {
  std::string name;  // "energy (running)"
  std::string unit;  // without prefix: "J"
  // What a row comes to, by where it goes; what the parts are called is of the total.
  std::vector<std::string> parts;
  std::vector<std::vector<double>> rows;  // by row of the estimate, then by part
  double total = 0;

  double of(size_t row) const;
};
std::vector<DrawnMeasure> drawn_measures(const Estimate& estimate);
// Time and energy as models of layers predict them, where they know them; layers that they do not
// know, or that do nothing, come to nothing.
std::vector<DrawnMeasure> predicted_measures(const ModelEstimate& estimate);

// Horizontal bars of all rows; of many, of those that come to most in the order they run, and one
// of all others together.
std::string measure_bars(const Estimate& estimate, const DrawnMeasure& measure);
// The energy that moving each tensor and arithmetic take; empty where tensors are not told apart.
std::string tensor_bars(const Estimate& estimate);

// The graph of what was counted (a plan's network, or the network as read), coloured by measures.
// Absent for graphs that are too large.
std::optional<std::string> network_drawing(const Estimate& estimate, const Network& network,
                                           const std::vector<DrawnMeasure>& measures);

// How much of each measure, and of the multiply-accumulates, the rows up to each take.
std::string cumulative_plot(const Estimate& estimate, const std::vector<DrawnMeasure>& measures);

// Where the maps (and gradients) of a program lie and while which kernels; empty where it has none.
std::string memory_drawing(const Program& program, const std::string& network);

}  // namespace wattgrind
