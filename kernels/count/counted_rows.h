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

// A layer's row with the operations of a batch of inference, and nothing counted yet.
CountedRow inference_row(const Layer& layer, int64_t batch);

// Adds what a step of the layer did. Where its algorithm multiplies transformed values, the row
// says which operations it saves and adds.
void add_step(const Step& step, EventCounts counts, CountedRow& row);

References bytes_of(const ReferenceCounts& references);

// The text of every nest of the program, for people to read.
std::string nests_text(const Program& program);

}  // namespace wattgrind
