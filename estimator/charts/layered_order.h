// In which order the vertices of each rank stand, so that few edges cross.
#pragma once

#include <cstddef>
#include <vector>

namespace wattgrind {

// Nodes and bends of a layered drawing, whose edges lead from each rank to the next.
struct RankedGraph {
  std::vector<std::vector<size_t>> ranks;         // the vertices of each rank from left to right
  std::vector<std::vector<size_t>> above, below;  // by vertex: those that it has edges with
};

// How often edges between a rank and the next cross in the order as it is.
size_t count_crossings(const RankedGraph& graph);

// Reorders the ranks by the mean of the neighbours' places, downwards and upwards in turn, and
// keeps the best order that came up. Returns its crossings.
size_t reduce_crossings(RankedGraph& graph);

}  // namespace wattgrind
