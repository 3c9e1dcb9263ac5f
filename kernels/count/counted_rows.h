// Pieces of what a counted program becomes: rows of a NetworkCounts.
#pragma once

#include <string>
#include <vector>

#include "estimator/counts/network_counts.h"
#include "kernels/program/program.h"

namespace wattgrind {

// Nothing, of everything that `example` counts.
EventCounts no_events(const EventCounts& example);

// A layer's name, kind, shape and parameters; nothing counted.
CountedRow layer_row(const Layer& layer);

References bytes_of(const ReferenceCounts& references);

// Every nest of the program, for people to read.
std::string nests_text(const Program& program);

}  // namespace wattgrind
