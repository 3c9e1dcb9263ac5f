#include "search/explain/variance_decomposition.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "estimator/base/random.h"

namespace wattgrind {
namespace {

constexpr size_t kMostLevels = 12;
constexpr size_t kEvaluations = 500'000;
constexpr size_t kFewestDraws = 16, kMostDraws = 512;

// Shares of each parameter's probability, as UnitSpace::quantile() takes them.
using Shares = std::vector<double>;

// Draws that have each parameter's shares spread evenly (McKay, Beckman and Conover 1979).
std::vector<Shares> spread_draws(size_t parameters, size_t draws, uint64_t seed) {
  Random random(seed);
  std::vector<Shares> result(draws, Shares(parameters));
  for (size_t p = 0; p < parameters; ++p) {
    std::vector<size_t> order(draws);
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t i = draws; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    for (size_t i = 0; i < draws; ++i) {
      result[i][p] =
          (static_cast<double>(order[i]) + random.uniform()) / static_cast<double>(draws);
    }
  }
  return result;
}

Point point_of(const UnitSpace& space, const Shares& shares) {
  Point point(shares.size());
  for (size_t i = 0; i < shares.size(); ++i) point[i] = space.quantile(i, shares[i]);
  for (size_t i = 0; i < shares.size(); ++i) {
    if (!space.active(i, point)) point[i] = kInactive;
  }
  return point;
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares / static_cast<double>(values.size());
}

class Decomposition {
 public:
  Decomposition(const UnitSpace& space, const PointFunction& function, uint64_t seed)
      : space_(space), function_(function) {
    const size_t parameters = space.size();
    size_t cells = 1;
    for (size_t i = 0; i < parameters; ++i) {
      levels_.push_back(levels_of(i));
      for (size_t j = 0; j < i; ++j) cells += levels_[i].size() * levels_[j].size();
      cells += levels_[i].size();
    }
    draws_ =
        spread_draws(parameters, std::clamp(kEvaluations / cells, kFewestDraws, kMostDraws), seed);
  }

  VarianceDecomposition run() {
    const size_t parameters = space_.size();
    VarianceDecomposition result;
    std::vector<double> main;
    for (size_t i = 0; i < parameters; ++i) main.push_back(variance_of(effects(i, i)));
    for (size_t i = 0; i < parameters; ++i) {
      for (size_t j = i + 1; j < parameters; ++j) {
        result.pairs.push_back({i, j, interaction(effects(i, j), levels_[j].size())});
      }
    }
    result.mean = mean_of(seen_);
    result.variance = variance_of(seen_);
    // What is seen of the function is not quite the whole: its parts may seem to be more.
    double parts = std::accumulate(main.begin(), main.end(), 0.0);
    for (const VarianceDecomposition::Pair& pair : result.pairs) parts += pair.share;
    const double seen = std::max(result.variance, parts);
    const double whole = seen > 0 ? seen : 1;
    for (const double variance : main) result.main.push_back(variance / whole);
    for (VarianceDecomposition::Pair& pair : result.pairs) pair.share /= whole;
    return result;
  }

 private:
  // The shares at which a parameter is looked at: one a level, where there are few.
  std::vector<double> levels_of(size_t parameter) const {
    const UnitParameter& unit = space_.parameter(parameter);
    size_t count = kMostLevels;
    if (unit.levels > 0 && unit.levels < count && !unit.log) count = unit.levels;
    std::vector<double> shares;
    for (size_t i = 0; i < count; ++i) {
      shares.push_back((static_cast<double>(i) + 0.5) / static_cast<double>(count));
    }
    return shares;
  }

  // The function's mean over the draws at each value of a parameter or, of two, at each pair of
  // values, the second's varying fastest.
  std::vector<double> effects(size_t first, size_t second) {
    const std::vector<double> alone = {0};
    const std::vector<double>& seconds = first == second ? alone : levels_[second];
    std::vector<double> means;
    for (const double one : levels_[first]) {
      std::vector<Point> points;
      for (const double other : seconds) {
        for (Shares shares : draws_) {
          shares[second] = other;
          shares[first] = one;
          points.push_back(point_of(space_, shares));
        }
      }
      const std::vector<double> values = function_(points);
      seen_.insert(seen_.end(), values.begin(), values.end());
      for (size_t i = 0; i < values.size(); i += draws_.size()) {
        means.push_back(mean_of(std::span(values).subspan(i, draws_.size())));
      }
    }
    return means;
  }

  // The variance of a table of means that neither its rows nor its columns tell.
  static double interaction(const std::vector<double>& table, size_t columns) {
    const size_t rows = table.size() / columns;
    std::vector<double> row_means(rows), column_means(columns);
    for (size_t i = 0; i < table.size(); ++i) {
      row_means[i / columns] += table[i] / static_cast<double>(columns);
      column_means[i % columns] += table[i] / static_cast<double>(rows);
    }
    const double left = variance_of(table) - variance_of(row_means) - variance_of(column_means);
    return std::max(left, 0.0);
  }

  const UnitSpace& space_;
  const PointFunction& function_;
  std::vector<std::vector<double>> levels_;
  std::vector<Shares> draws_;
  std::vector<double> seen_;  // every value
};

}  // namespace

VarianceDecomposition decompose_variance(const UnitSpace& space, const PointFunction& function,
                                         uint64_t seed) {
  return Decomposition(space, function, seed).run();
}

}  // namespace wattgrind
