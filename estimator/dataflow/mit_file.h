// The files of MIT's tool for estimating the energy of networks (energyestimation.mit.edu; Yang,
// Chen, Emer, Sze): 25 numbers a layer, separated by commas,
//
//   index;
//   height, width, channels, number of maps, zero values, bits a value   of the input map,
//   the same                                                             of the filters,
//   the same                                                             of the output map;
//   stride down, stride across;
//   padding at the top, the bottom, the left, the right.
//
// Layers are convolutions, and dense layers as convolutions with filters as large as the map. Where
// filters have fewer channels than the map they come in groups.
#pragma once

#include <string>
#include <string_view>

#include "estimator/dataflow/dataflow_task.h"

namespace wattgrind {

inline constexpr size_t kMitColumns = 25;

// Layers are named "layer1", "layer2", ... by their index. Throws Error(kInput), naming `where`,
// the line and what is wrong: another number of columns, what is no whole number, more zeros than
// values, or sizes that do not fit together.
DataflowTasks read_mit_file(std::string_view text, std::string_view where);

// The convolutions and dense layers; others are left out, for the format has no place for them. The
// width of words is the accelerator's where the tasks have none.
std::string write_mit_file(const DataflowTasks& tasks, const Accelerator& accelerator);

}  // namespace wattgrind
