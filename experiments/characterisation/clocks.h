// GPU clocks (Tang, Wang and Chu 2019) by the model of operating points.
#pragma once

namespace wattgrind {

// Fits time = a / f_core + b / f_memory + c and power = static + k f V^2 + m f_memory, with V
// rising with f, to each network and file; prints errors of points left out one by one beside those
// of a constant, and at which clock the energy is least.
void print_clocks();

}  // namespace wattgrind
