// Groups of nodes that exporters write for one operation: layer normalisation before operator set
// 17 (means, differences, squares, ...) and gelu before set 20 (division, erf, ...).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "estimator/onnx/graph_import.h"

namespace wattgrind {

// A group of nodes as the one node that does the same.
struct NodeGroup {
  OnnxNode node;
  std::vector<size_t> members;  // the nodes it stands for; the last makes its output
};

// The groups of a model, by the index of their last node. A node whose result is read from outside
// is the last of its group.
std::map<size_t, NodeGroup> find_groups(const OnnxModel& model);

}  // namespace wattgrind
