#include "estimator/charts/layered_order.h"

#include <algorithm>
#include <numeric>

namespace wattgrind {
namespace {

std::vector<size_t> places_of(const RankedGraph& graph) {
  std::vector<size_t> place(graph.above.size());
  for (const auto& rank : graph.ranks) {
    for (size_t i = 0; i < rank.size(); ++i) place[rank[i]] = i;
  }
  return place;
}

// Counts pairs that are out of order, adding up what came before in a Fenwick tree (Barth, Mutzel
// and Juenger, 2004).
size_t crossings_below(const RankedGraph& graph, size_t rank, const std::vector<size_t>& place) {
  std::vector<size_t> tree(graph.ranks[rank + 1].size() + 1);
  size_t crossings = 0, seen = 0;
  for (const size_t vertex : graph.ranks[rank]) {
    std::vector<size_t> ends;
    for (const size_t other : graph.below[vertex]) ends.push_back(place[other]);
    for (const size_t end : ends) {
      size_t not_beyond = 0;
      for (size_t i = end + 1; i > 0; i -= i & (~i + 1)) not_beyond += tree[i];
      crossings += seen - not_beyond;
    }
    for (const size_t end : ends) {
      for (size_t i = end + 1; i < tree.size(); i += i & (~i + 1)) ++tree[i];
    }
    seen += ends.size();
  }
  return crossings;
}

void sort_by_means(std::vector<size_t>& rank, const std::vector<std::vector<size_t>>& neighbours,
                   std::vector<size_t>& place) {
  std::vector<double> means(rank.size());
  std::vector<size_t> order(rank.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = 0; i < rank.size(); ++i) {
    const auto& others = neighbours[rank[i]];
    double sum = 0;
    for (const size_t other : others) sum += static_cast<double>(place[other]);
    means[i] = others.empty() ? static_cast<double>(i) : sum / static_cast<double>(others.size());
  }
  std::ranges::stable_sort(order, {}, [&](size_t i) { return means[i]; });
  std::vector<size_t> sorted(rank.size());
  for (size_t i = 0; i < rank.size(); ++i) sorted[i] = rank[order[i]];
  rank = std::move(sorted);
  for (size_t i = 0; i < rank.size(); ++i) place[rank[i]] = i;
}

}  // namespace

size_t count_crossings(const RankedGraph& graph) {
  const std::vector<size_t> place = places_of(graph);
  size_t crossings = 0;
  for (size_t rank = 0; rank + 1 < graph.ranks.size(); ++rank) {
    crossings += crossings_below(graph, rank, place);
  }
  return crossings;
}

size_t reduce_crossings(RankedGraph& graph) {
  constexpr int kSweeps = 12;
  size_t least = count_crossings(graph);
  RankedGraph current = graph;
  for (int sweep = 0; sweep < kSweeps && least > 0; ++sweep) {
    std::vector<size_t> place = places_of(current);
    const size_t ranks = current.ranks.size();
    for (size_t i = 1; i < ranks; ++i) {
      const bool down = sweep % 2 == 0;
      sort_by_means(current.ranks[down ? i : ranks - 1 - i], down ? current.above : current.below,
                    place);
    }
    const size_t crossings = count_crossings(current);
    if (crossings < least) {
      least = crossings;
      graph.ranks = current.ranks;
    }
  }
  return least;
}

}  // namespace wattgrind
