// Where the nodes and edges of a directed graph without cycles lie when it is drawn in ranks, every
// edge going down (Sugiyama, Tagawa and Toda, IEEE SMC 1981).
//
//   rank 0        a          An edge that goes down several ranks has a bend in each between: the
//   rank 1      b   |        edge a-d passes rank 1 beside b. Nodes and bends of a rank are ordered
//   rank 2        d          so that few edges cross, and moved so that edges run straight.
#pragma once

#include <cstddef>
#include <vector>

namespace wattgrind {

struct GraphEdge {
  size_t from = 0, to = 0;  // nodes; from < to
};

struct LayeredLayout {
  size_t ranks = 0;
  std::vector<size_t> rank;  // by node
  std::vector<double> x;     // by node: of its middle, in widths of a node
  // By edge: its x in each rank from its first node's to its last one's, both included.
  std::vector<std::vector<double>> paths;
  size_t crossings = 0;  // of two edges between neighbouring ranks
};

// A node without edges into it stands right above the first that it leads to. The work grows with
// the ranks that edges pass: layout_size() tells how many nodes and bends there are in all.
LayeredLayout lay_out_graph(size_t nodes, const std::vector<GraphEdge>& edges);
size_t layout_size(size_t nodes, const std::vector<GraphEdge>& edges);

}  // namespace wattgrind
