// Parallel coordinates (Inselberg, 1985): an axis beside the other for each dimension, and a line
// across all of them for each thing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/charts/axis.h"
#include "estimator/charts/svg_parts.h"

namespace wattgrind {

struct ParallelAxis {
  std::string name;
  AxisScale scale = AxisScale::kLinear;
  // Of an axis of words, those in order: values are their numbers. Empty: the axis is of numbers.
  std::vector<std::string> words = {};
};

struct ParallelLine {
  std::vector<std::optional<double>> values;  // by axis; where one is absent, the line is broken
  double shade = 0;                           // what colours it
  std::string label;
  bool strong = false;  // drawn last, and thicker
};

struct ParallelChart {
  std::string title;
  std::vector<ParallelAxis> axes;  // at least two, each with a value of some line
  std::vector<ParallelLine> lines;
  std::string shade_name;  // what the colours mean, from the least to the largest
};

// Draws as wide as the axes need, by 400 pixels.
std::string to_svg(const ParallelChart& chart, SvgUse use = SvgUse::kAlone);

}  // namespace wattgrind
