#include "estimator/charts/layered_layout.h"

#include <algorithm>
#include <limits>

#include "estimator/base/error.h"
#include "estimator/charts/layered_order.h"

namespace wattgrind {
namespace {

constexpr double kNodeRoom = 1.12, kBendRoom = 0.16;  // beside each other, in widths of a node

std::vector<size_t> ranks_of(size_t nodes, const std::vector<GraphEdge>& edges) {
  std::vector<std::vector<size_t>> after(nodes);
  std::vector<bool> is_first(nodes, true);
  for (const GraphEdge& edge : edges) {
    CHECK(edge.from < edge.to && edge.to < nodes, "an edge {} to {} of {}", edge.from, edge.to,
          nodes);
    after[edge.from].push_back(edge.to);
    is_first[edge.to] = false;
  }
  std::vector<size_t> rank(nodes);
  for (size_t node = 0; node < nodes; ++node) {
    for (const size_t next : after[node]) rank[next] = std::max(rank[next], rank[node] + 1);
  }
  for (size_t node = 0; node < nodes; ++node) {
    if (!is_first[node] || after[node].empty()) continue;
    size_t next = std::numeric_limits<size_t>::max();
    for (const size_t other : after[node]) next = std::min(next, rank[other]);
    rank[node] = next - 1;
  }
  return rank;
}

// The graph with a vertex for each node and each bend; vertices below the number of nodes are
// nodes.
class LayoutInProgress {
 public:
  LayoutInProgress(size_t nodes, const std::vector<GraphEdge>& edges)
      : nodes_(nodes), rank_(ranks_of(nodes, edges)) {
    size_t ranks = 0;
    for (const size_t rank : rank_) ranks = std::max(ranks, rank + 1);
    graph_.ranks.resize(ranks);
    graph_.above.resize(nodes);
    graph_.below.resize(nodes);
    for (size_t node = 0; node < nodes; ++node) graph_.ranks[rank_[node]].push_back(node);
    for (const GraphEdge& edge : edges) add_edge(edge);
  }

  LayeredLayout lay_out() {
    const size_t crossings = reduce_crossings(graph_);
    place();
    LayeredLayout layout;
    layout.ranks = graph_.ranks.size();
    layout.rank = rank_;
    layout.x.assign(x_.begin(), x_.begin() + static_cast<std::ptrdiff_t>(nodes_));
    for (const auto& chain : chains_) {
      std::vector<double>& path = layout.paths.emplace_back();
      for (const size_t vertex : chain) path.push_back(x_[vertex]);
    }
    layout.crossings = crossings;
    return layout;
  }

 private:
  bool is_bend(size_t vertex) const { return vertex >= nodes_; }

  void add_edge(const GraphEdge& edge) {
    std::vector<size_t>& chain = chains_.emplace_back();
    chain.push_back(edge.from);
    for (size_t rank = rank_[edge.from] + 1; rank < rank_[edge.to]; ++rank) {
      const size_t bend = graph_.above.size();
      graph_.above.emplace_back();
      graph_.below.emplace_back();
      graph_.ranks[rank].push_back(bend);
      chain.push_back(bend);
    }
    chain.push_back(edge.to);
    for (size_t i = 0; i + 1 < chain.size(); ++i) {
      graph_.below[chain[i]].push_back(chain[i + 1]);
      graph_.above[chain[i + 1]].push_back(chain[i]);
    }
  }

  double room(size_t vertex) const { return is_bend(vertex) ? kBendRoom : kNodeRoom; }

  // Bends want to stand above each other, so that long edges run straight.
  double pull(size_t a, size_t b) const { return is_bend(a) && is_bend(b) ? 4 : 1; }

  void place() {
    x_.assign(graph_.above.size(), 0);
    for (const auto& rank : graph_.ranks) {
      double at = 0;
      for (const size_t vertex : rank) {
        x_[vertex] = at + room(vertex) / 2;
        at += room(vertex);
      }
      for (const size_t vertex : rank) x_[vertex] -= at / 2;
    }
    constexpr int kRounds = 6;
    for (int round = 0; round < kRounds; ++round) {
      const bool both = round >= kRounds / 2;
      for (size_t i = 0; i < graph_.ranks.size(); ++i) settle(graph_.ranks[i], true, both);
      for (size_t i = graph_.ranks.size(); i-- > 0;) settle(graph_.ranks[i], both, true);
    }
  }

  // Moves the vertices of a rank as near to the means of their neighbours as their order and room
  // let them: least squares, by joining what is out of order (pool adjacent violators).
  void settle(const std::vector<size_t>& rank, bool by_above, bool by_below) {
    struct Pool {
      double sum = 0, weight = 0;
      size_t end = 0;
    };
    std::vector<Pool> pools;
    std::vector<double> offsets(rank.size());
    for (size_t i = 0; i < rank.size(); ++i) {
      const size_t vertex = rank[i];
      if (i > 0) offsets[i] = offsets[i - 1] + (room(rank[i - 1]) + room(vertex)) / 2;
      double sum = 0, weight = 0;
      const auto add = [&](const std::vector<size_t>& others) {
        for (const size_t other : others) {
          sum += pull(vertex, other) * x_[other];
          weight += pull(vertex, other);
        }
      };
      if (by_above) add(graph_.above[vertex]);
      if (by_below) add(graph_.below[vertex]);
      constexpr double kStay = 0.01;  // of a vertex that nothing pulls
      sum += kStay * x_[vertex];
      weight += kStay;
      pools.push_back({sum - weight * offsets[i], weight, i + 1});
      while (pools.size() > 1) {
        const Pool last = pools.back();
        Pool& before = pools[pools.size() - 2];
        if (before.sum / before.weight <= last.sum / last.weight) break;
        before = {before.sum + last.sum, before.weight + last.weight, last.end};
        pools.pop_back();
      }
    }
    size_t i = 0;
    for (const Pool& pool : pools) {
      for (; i < pool.end; ++i) x_[rank[i]] = pool.sum / pool.weight + offsets[i];
    }
  }

  size_t nodes_;
  std::vector<size_t> rank_;
  RankedGraph graph_;
  std::vector<std::vector<size_t>> chains_;  // by edge, its vertices from above
  std::vector<double> x_;
};

}  // namespace

LayeredLayout lay_out_graph(size_t nodes, const std::vector<GraphEdge>& edges) {
  return LayoutInProgress(nodes, edges).lay_out();
}

size_t layout_size(size_t nodes, const std::vector<GraphEdge>& edges) {
  const std::vector<size_t> rank = ranks_of(nodes, edges);
  size_t size = nodes;
  for (const GraphEdge& edge : edges) size += rank[edge.to] - rank[edge.from] - 1;
  return size;
}

}  // namespace wattgrind
