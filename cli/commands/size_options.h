// The bounds on how large a network a command takes: --max-work and --max-memory.
#pragma once

#include <CLI/CLI.hpp>
#include <string_view>

#include "estimator/network/network_size.h"

namespace wattgrind {

// Adds both options. `bounds` must live as long as the command.
void add_size_options(CLI::App& command, SizeBounds& bounds);

// Throws Error(kInput) where a pass of the workload is too large, naming the layer with the most,
// the figure and the option that lifts the bound. `name` is the workload as the user wrote it.
void refuse_oversize(std::string_view name, const Workload& workload, const BatchPass& pass,
                     const SizeBounds& bounds);

}  // namespace wattgrind
