// What the rows of a NetworkCounts are made of.
#pragma once

#include <string>
#include <vector>

#include "estimator/counts/network_counts.h"
#include "kernels/program/program.h"

namespace wattgrind {

// Counts of zero for everything that `example` counts.
EventCounts no_events(const EventCounts& example);

// A row with a layer's name, kind, shape and parameters, in which nothing is counted yet.
CountedRow layer_row(const Layer& layer);

References bytes_of(const ReferenceCounts& references);

// The text of every nest of the program, for people to read.
std::string nests_text(const Program& program);

}  // namespace wattgrind
