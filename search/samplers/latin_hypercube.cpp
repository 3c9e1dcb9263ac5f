#include "search/samplers/latin_hypercube.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace wattgrind {
namespace {

constexpr int kDraws = 50;

// Makes a row for each point. The shares of each dimension are permuted independently.
std::vector<Point> draw_shares(size_t count, size_t dimensions, Random& random) {
  std::vector<Point> shares(count, Point(dimensions));
  std::vector<size_t> order(count);
  for (size_t d = 0; d < dimensions; ++d) {
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t i = count; i-- > 1;) std::swap(order[i], order[random.below(i + 1)]);
    for (size_t i = 0; i < count; ++i) {
      const double share = static_cast<double>(order[i]) + random.uniform();
      shares[i][d] = share / static_cast<double>(count);
    }
  }
  return shares;
}

double least_distance(const std::vector<Point>& points) {
  double least = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < points.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      double squares = 0;
      for (size_t d = 0; d < points[i].size(); ++d) {
        squares += (points[i][d] - points[j][d]) * (points[i][d] - points[j][d]);
      }
      least = std::min(least, squares);
    }
  }
  return least;
}

}  // namespace

std::vector<Point> latin_hypercube(const UnitSpace& space, size_t count, Random& random) {
  std::vector<Point> best;
  double best_distance = -1;
  for (int i = 0; i < kDraws; ++i) {
    std::vector<Point> shares = draw_shares(count, space.size(), random);
    const double distance = least_distance(shares);
    if (distance > best_distance) {
      best_distance = distance;
      best = std::move(shares);
    }
  }
  for (Point& point : best) {
    const Point share = point;
    std::fill(point.begin(), point.end(), kInactive);
    for (size_t d = 0; d < space.size(); ++d) {
      if (space.active(d, point)) point[d] = space.quantile(d, share[d]);
    }
  }
  return best;
}

}  // namespace wattgrind
