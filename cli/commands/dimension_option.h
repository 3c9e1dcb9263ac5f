// --dim NAME=N: the sizes of dimensions that a model names and leaves open.
#pragma once

#include <CLI/CLI.hpp>

#include "estimator/catalog/network_source.h"

namespace wattgrind {

// `sizes` must live as long as the command.
void add_dimension_option(CLI::App& command, DimensionSizes& sizes);

// Finds the network, says which option is wanted where a size is missing, and prints its notes.
Network find_network_of(const std::string& argument, const DimensionSizes& sizes);

}  // namespace wattgrind
