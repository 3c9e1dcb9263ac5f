// A table of amounts whose cells are coloured.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/charts/svg_parts.h"

namespace wattgrind {

struct HeatMap {
  std::string title;
  std::string x_name, y_name;              // what columns and rows differ by
  std::vector<std::string> columns, rows;  // at least one each
  // By row, then by column; absent: there is no amount.
  std::vector<std::vector<std::optional<double>>> values;
  std::string value_name, unit;  // without prefix
};

// Draws 720 pixels by what the rows need. Cells that are wide enough tell their amounts.
std::string to_svg(const HeatMap& map, SvgUse use = SvgUse::kAlone);

}  // namespace wattgrind
