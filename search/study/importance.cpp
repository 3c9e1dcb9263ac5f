#include "search/study/importance.h"

#include <algorithm>
#include <cmath>

#include "search/space/unit_space.h"

namespace wattgrind {
namespace {

constexpr size_t kFewestTrials = 10;
constexpr double kBestShare = 0.1;
constexpr size_t kFewestBest = 3;
constexpr size_t kMostCells = 64;

// The trials' values of one parameter as cells: levels, or bins of its range.
struct CellValues {
  std::vector<size_t> best;
  std::vector<size_t> all;
  size_t cells = 0;
  bool ordered = false;
};

// The points of the complete trials, the best first.
std::vector<Point> ranked_points(const UnitSpace& space, std::span<const Trial> history) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : history) {
    if (has_value(trial)) trials.push_back(&trial);
  }
  std::sort(trials.begin(), trials.end(), [](const Trial* a, const Trial* b) {
    return a->values[0] < b->values[0] || (a->values[0] == b->values[0] && a->number < b->number);
  });
  std::vector<Point> points;
  for (const Trial* trial : trials) points.push_back(space.to_point(trial->configuration));
  return points;
}

CellValues cell_values(const UnitSpace& space, size_t parameter, const std::vector<Point>& ranked,
                       size_t best) {
  const UnitParameter& unit = space.parameter(parameter);
  CellValues values;
  values.ordered = unit.kind != UnitParameter::Kind::kUnordered;
  const bool binned = values.ordered && (unit.levels == 0 || unit.levels > kMostCells);
  values.cells = binned ? kMostCells : unit.levels;
  for (size_t i = 0; i < ranked.size(); ++i) {
    const double x = ranked[i][parameter];
    if (x == kInactive) continue;
    const double bin = std::min(x * kMostCells, static_cast<double>(kMostCells - 1));
    const size_t cell = binned ? static_cast<size_t>(bin) : space.level_of_coordinate(parameter, x);
    values.all.push_back(cell);
    if (i < best) values.best.push_back(cell);
  }
  return values;
}

// The kernel's width by Scott's rule, in cells; it is at least one cell.
double bandwidth(const std::vector<size_t>& values) {
  double sum = 0, squares = 0;
  for (size_t value : values) sum += static_cast<double>(value);
  const double n = static_cast<double>(values.size()), mean = sum / n;
  for (size_t value : values) {
    squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  }
  return std::max(1.0, std::sqrt(squares / n) * std::pow(n, -0.2));
}

// The probability of each cell: every value adds a kernel, and as much as one value is spread over
// all cells alike.
std::vector<double> cell_probabilities(const std::vector<size_t>& values, const CellValues& of,
                                       double width) {
  const double cells = static_cast<double>(of.cells), n = static_cast<double>(values.size());
  std::vector<double> probabilities(of.cells, 1 / (cells * (n + 1)));
  for (size_t value : values) {
    if (!of.ordered) {
      probabilities[value] += 1 / (n + 1);
      continue;
    }
    std::vector<double> kernel(of.cells);
    double sum = 0;
    for (size_t c = 0; c < of.cells; ++c) {
      const double z = (static_cast<double>(c) - static_cast<double>(value)) / width;
      kernel[c] = std::exp(-0.5 * z * z);
      sum += kernel[c];
    }
    for (size_t c = 0; c < of.cells; ++c) probabilities[c] += kernel[c] / (sum * (n + 1));
  }
  return probabilities;
}

double pearson_divergence(const CellValues& values) {
  if (values.best.empty() || values.cells < 2) return 0;
  const double width = bandwidth(values.all);
  const std::vector<double> best = cell_probabilities(values.best, values, width);
  const std::vector<double> all = cell_probabilities(values.all, values, width);
  double divergence = 0;
  for (size_t c = 0; c < values.cells; ++c) {
    divergence += (best[c] / all[c] - 1) * (best[c] / all[c] - 1) * all[c];
  }
  return divergence;
}

}  // namespace

std::vector<ParameterImportance> parameter_importance(const Space& space,
                                                      std::span<const Trial> history) {
  const UnitSpace unit_space(space);
  const std::vector<Point> ranked = ranked_points(unit_space, history);
  if (ranked.size() < kFewestTrials) return {};
  const double share = std::ceil(kBestShare * static_cast<double>(ranked.size()));
  const size_t best = std::max(kFewestBest, static_cast<size_t>(share));
  std::vector<ParameterImportance> importances;
  double sum = 0;
  for (size_t i = 0; i < space.size(); ++i) {
    const double divergence = pearson_divergence(cell_values(unit_space, i, ranked, best));
    importances.push_back({space.parameters()[i].name, divergence});
    sum += divergence;
  }
  if (sum <= 0) return {};
  for (ParameterImportance& importance : importances) importance.share /= sum;
  return importances;
}

}  // namespace wattgrind
