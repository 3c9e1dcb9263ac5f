// Horizontal bars, one below the other, each made of parts that add up.
#pragma once

#include <string>
#include <vector>

#include "estimator/charts/svg_parts.h"

namespace wattgrind {

struct Bar {
  std::string label;
  std::vector<double> parts;  // one for each name of the chart, none below 0
  // The row of a table that the bar stands for, so that a page can show both together; below 0:
  // none.
  int row = -1;
};

struct BarChart {
  std::string title;
  std::string value_name;          // "energy"
  std::string unit;                // of the values, without prefix: "J"
  std::vector<std::string> parts;  // their names; a single part has no legend
  std::vector<Bar> bars;           // at least one
};

// Draws 720 pixels by what the bars need.
std::string to_svg(const BarChart& chart, SvgUse use = SvgUse::kAlone);

}  // namespace wattgrind
