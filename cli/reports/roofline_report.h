// Writes a roofline as a table, JSON, CSV and a plot.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/terminal/table.h"
#include "estimator/charts/svg_plot.h"
#include "estimator/pricing/roofline.h"

namespace wattgrind {

std::string roofline_text(const Roofline& roofline, const TextPage& page);
nlohmann::ordered_json roofline_json(const Roofline& roofline);
Table roofline_csv(const Roofline& roofline);
// The roofs of the slowest level and of the core, and each layer at its operations a byte of that
// level; both axes are logarithmic. Throws Error(kInput) where no layer moves anything there.
ScatterPlot roofline_plot(const Roofline& roofline);

}  // namespace wattgrind
