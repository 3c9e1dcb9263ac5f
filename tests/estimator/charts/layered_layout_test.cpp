#include "estimator/charts/layered_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "estimator/charts/graph_chart.h"
#include "estimator/charts/layered_order.h"

namespace wattgrind {
namespace {

std::vector<GraphEdge> random_edges(size_t nodes, size_t more, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<GraphEdge> edges;
  for (size_t to = 1; to < nodes; ++to) edges.push_back({random() % to, to});
  for (size_t i = 0; i < more; ++i) {
    const size_t a = random() % nodes, b = random() % nodes;
    if (a != b) edges.push_back({std::min(a, b), std::max(a, b)});
  }
  return edges;
}

// The segments of all edges between a rank and the next, as pairs of ends.
using Segments = std::vector<std::vector<std::pair<double, double>>>;
Segments segments_of(const LayeredLayout& layout, const std::vector<GraphEdge>& edges) {
  Segments segments(layout.ranks);
  for (size_t e = 0; e < edges.size(); ++e) {
    const auto& path = layout.paths[e];
    for (size_t i = 0; i + 1 < path.size(); ++i) {
      segments[layout.rank[edges[e].from] + i].emplace_back(path[i], path[i + 1]);
    }
  }
  return segments;
}

TEST(LayeredLayout, EdgesGoDownThroughEveryRank) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto edges = random_edges(40, 30, seed);
    const LayeredLayout layout = lay_out_graph(40, edges);
    for (size_t e = 0; e < edges.size(); ++e) {
      const size_t from = layout.rank[edges[e].from], to = layout.rank[edges[e].to];
      ASSERT_LT(from, to);
      ASSERT_EQ(layout.paths[e].size(), to - from + 1);
      EXPECT_EQ(layout.paths[e].front(), layout.x[edges[e].from]);
      EXPECT_EQ(layout.paths[e].back(), layout.x[edges[e].to]);
    }
  }
}

TEST(LayeredLayout, NodesOfARankDoNotOverlap) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const LayeredLayout layout = lay_out_graph(60, random_edges(60, 40, seed));
    for (size_t a = 0; a < 60; ++a) {
      for (size_t b = 0; b < a; ++b) {
        if (layout.rank[a] != layout.rank[b]) continue;
        EXPECT_GE(std::abs(layout.x[a] - layout.x[b]), 1) << a << " and " << b;
      }
    }
  }
}

// Every pair of segments is looked at, not a tree of sums.
TEST(LayeredLayout, CountsItsCrossings) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto edges = random_edges(30, 25, seed);
    const LayeredLayout layout = lay_out_graph(30, edges);
    size_t crossings = 0;
    for (const auto& rank : segments_of(layout, edges)) {
      for (size_t a = 0; a < rank.size(); ++a) {
        for (size_t b = 0; b < a; ++b) {
          crossings += (rank[a].first - rank[b].first) * (rank[a].second - rank[b].second) < 0;
        }
      }
    }
    EXPECT_EQ(layout.crossings, crossings) << seed;
  }
}

TEST(LayeredOrder, UntanglesWhatCanBeUntangled) {
  // Three chains side by side, whose middle rank is shuffled.
  RankedGraph graph{{{0, 1, 2}, {5, 3, 4}, {6, 7, 8}},
                    {{}, {}, {}, {0}, {1}, {2}, {3}, {4}, {5}},
                    {{3}, {4}, {5}, {6}, {7}, {8}, {}, {}, {}}};
  EXPECT_EQ(count_crossings(graph), 4u);
  EXPECT_EQ(reduce_crossings(graph), 0u);
  EXPECT_EQ(count_crossings(graph), 0u);
}

TEST(LayeredLayout, AChainIsStraight) {
  std::vector<GraphEdge> edges;
  for (size_t i = 1; i < 200; ++i) edges.push_back({i - 1, i});
  const LayeredLayout layout = lay_out_graph(200, edges);
  EXPECT_EQ(layout.ranks, 200u);
  for (const double x : layout.x) EXPECT_NEAR(x, layout.x[0], 1e-9);
}

TEST(GraphChart, DrawsEveryNodeAndEdgeOfLongGraphs) {
  for (const size_t nodes : {1, 5, 40, 200}) {
    GraphChart chart{
        "g", {}, nodes > 1 ? random_edges(nodes, nodes / 4, 3) : std::vector<GraphEdge>{}};
    for (size_t i = 0; i < nodes; ++i) {
      chart.nodes.push_back({"n" + std::to_string(i), {{i % 9, "1 %"}}, "", static_cast<int>(i)});
    }
    const std::string svg = to_svg(chart).value();
    const auto count = [&](const std::string& part) {
      size_t found = 0;
      for (size_t at = svg.find(part); at != std::string::npos; at = svg.find(part, at + 1))
        ++found;
      return found;
    };
    EXPECT_EQ(count("<g class=\"node"), nodes);
    EXPECT_EQ(count("class=\"edge\""), chart.edges.size());
  }
}

TEST(GraphChart, ATooLargeGraphIsNotDrawn) {
  GraphChart chart{"g", std::vector<GraphNode>(3001), {}};
  EXPECT_FALSE(to_svg(chart));
  chart.nodes.resize(400);
  for (size_t i = 1; i < 400; ++i) chart.edges.push_back({i - 1, i});
  for (size_t i = 0; i < 200; ++i) chart.edges.push_back({i, 399});
  EXPECT_FALSE(to_svg(chart));  // some 60,000 bends
}

}  // namespace
}  // namespace wattgrind
