// A network's graph, drawn from top to bottom; long ones are folded into columns.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/charts/layered_layout.h"
#include "estimator/charts/svg_parts.h"

namespace wattgrind {

// What colours a node by one measure.
struct NodeShade {
  size_t step = 0;   // heat_step()
  std::string text;  // "12.3 %"
};

struct GraphNode {
  std::string label;
  // By measure of the chart: class "m0-5" of the node is step 5 of measure 0, and class "m0" its
  // text. A drawing by itself shows measure 0; a page may switch. Empty: a node without colour.
  std::vector<NodeShade> shades;
  std::string tip;
  int row = -1;  // of a table; below 0: none
};

struct GraphChart {
  std::string title;
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
};

// Absent for a graph that is too large to be drawn: of more than 3,000 nodes, or of more than
// 30,000 nodes and bends.
std::optional<std::string> to_svg(const GraphChart& chart, SvgUse use = SvgUse::kAlone);

}  // namespace wattgrind
