#include "estimator/fit/step_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Rows = std::vector<size_t>;

struct Cut {
  size_t feature = 0;
  double below = 0;
  double gain = 0;  // of squared error
};

// Grows a tree, box by box, so that those of fewer boxes are the first steps of those of more.
class Grower {
 public:
  Grower(const MatrixXd& points, std::span<const double> values, size_t fewest_samples,
         const StepOptions& options)
      : points_(points), values_(values), fewest_samples_(fewest_samples), options_(options) {
    for (const double value : values) logarithms_.push_back(std::log(value));
  }

  // `grown` is called with the tree of one box, two, ... as long as there is a cut to make.
  template <typename Grown>
  void grow(Rows rows, Grown grown) {
    tree_.nodes.emplace_back();
    set_box(0, std::move(rows));
    for (size_t boxes = 1;; ++boxes) {
      grown(std::as_const(tree_));
      if (boxes == options_.most_boxes) return;
      const std::optional<size_t> next = best_box();
      if (!next) return;
      cut(*next);
    }
  }

 private:
  struct Box {
    size_t node = 0;
    Rows rows;
    std::optional<Cut> cut;
  };

  void set_box(size_t node, Rows rows) {
    std::vector<double> values;
    for (const size_t row : rows) values.push_back(values_[row]);
    StepNode& box = tree_.nodes[node];
    box.samples = rows.size();
    box.modes = modes_of(values);
    box.value = least_relative_error(std::move(values));
    boxes_.push_back({node, std::move(rows), std::nullopt});
    boxes_.back().cut = best_cut(boxes_.back().rows);
  }

  std::vector<Mode> modes_of(std::vector<double> values) const {
    std::sort(values.begin(), values.end());
    const size_t fewest = std::max<size_t>(3, values.size() / 30);
    std::vector<std::vector<double>> groups(1);
    for (const double value : values) {
      std::vector<double>& last = groups.back();
      const bool gap = !last.empty() && value > options_.mode_gap * last.back();
      if (gap && last.size() >= fewest) groups.emplace_back();
      groups.back().push_back(value);
    }
    if (groups.size() > 1 && groups.back().size() < fewest) {
      std::vector<double> stray = std::move(groups.back());
      groups.pop_back();
      groups.back().insert(groups.back().end(), stray.begin(), stray.end());
    }
    std::vector<Mode> modes;
    for (const std::vector<double>& group : groups) {
      modes.push_back({group[group.size() / 2],
                       static_cast<double>(group.size()) / static_cast<double>(values.size())});
    }
    return modes;
  }

  std::optional<Cut> best_cut(const Rows& rows) const {
    std::optional<Cut> best;
    for (Index feature = 0; feature < points_.cols(); ++feature) {
      const std::optional<Cut> cut = best_cut(rows, feature);
      if (cut && (!best || cut->gain > best->gain)) best = cut;
    }
    return best;
  }

  std::optional<Cut> best_cut(Rows rows, Index feature) const {
    const auto at = [&](size_t row) { return points_(static_cast<Index>(row), feature); };
    std::sort(rows.begin(), rows.end(), [&](size_t a, size_t b) { return at(a) < at(b); });
    double total = 0;
    for (const size_t row : rows) total += logarithms_[row];
    const auto count = static_cast<double>(rows.size());
    std::optional<Cut> best;
    double left = 0;
    for (size_t i = 1; i < rows.size(); ++i) {
      left += logarithms_[rows[i - 1]];
      if (i < fewest_samples_ || rows.size() - i < fewest_samples_) continue;
      if (at(rows[i - 1]) == at(rows[i])) continue;
      const auto n = static_cast<double>(i);
      const double right = total - left;
      const double gain = left * left / n + right * right / (count - n) - total * total / count;
      if (gain > 1e-12 && (!best || gain > best->gain)) {
        best = Cut{static_cast<size_t>(feature), (at(rows[i - 1]) + at(rows[i])) / 2, gain};
      }
    }
    return best;
  }

  std::optional<size_t> best_box() const {
    std::optional<size_t> best;
    for (size_t i = 0; i < boxes_.size(); ++i) {
      if (!boxes_[i].cut) continue;
      if (!best || boxes_[i].cut->gain > boxes_[*best].cut->gain) best = i;
    }
    return best;
  }

  void cut(size_t index) {
    const Box box = std::move(boxes_[index]);
    boxes_.erase(boxes_.begin() + static_cast<std::ptrdiff_t>(index));
    Rows left, right;
    for (const size_t row : box.rows) {
      const double at = points_(static_cast<Index>(row), static_cast<Index>(box.cut->feature));
      (at < box.cut->below ? left : right).push_back(row);
    }
    const size_t first = tree_.nodes.size();
    tree_.nodes.resize(first + 2);
    StepNode& node = tree_.nodes[box.node];
    node.feature = box.cut->feature;
    node.below = box.cut->below;
    node.left = first;
    node.right = first + 1;
    node.modes.clear();
    set_box(first, std::move(left));
    set_box(first + 1, std::move(right));
  }

  const MatrixXd& points_;
  std::span<const double> values_;
  size_t fewest_samples_;
  const StepOptions& options_;
  std::vector<double> logarithms_;
  StepFit tree_;
  std::vector<Box> boxes_;
};

std::vector<double> row_of(const MatrixXd& points, size_t row) {
  const Eigen::RowVectorXd values = points.row(static_cast<Index>(row));
  return {values.begin(), values.end()};
}

// The mean error of predicting each fold by trees of 1, 2, ... boxes that were grown without it: a
// row for each number of boxes, a column for each fold.
MatrixXd left_out_errors(const MatrixXd& points, std::span<const double> values,
                         std::span<const Fold> folds, size_t fewest_samples,
                         const StepOptions& options) {
  MatrixXd errors(static_cast<Index>(options.most_boxes), static_cast<Index>(folds.size()));
  for (size_t i = 0; i < folds.size(); ++i) {
    Rows train;
    for (size_t j = 0; j < folds.size(); ++j) {
      if (j != i) train.insert(train.end(), folds[j].begin(), folds[j].end());
    }
    Index grown = 0;
    const auto fold = static_cast<Index>(i);
    Grower(points, values, fewest_samples, options).grow(train, [&](const StepFit& tree) {
      double sum = 0;
      for (const size_t row : folds[i]) {
        sum += std::abs(tree.box(row_of(points, row)).value / values[row] - 1);
      }
      errors(grown++, fold) = sum / static_cast<double>(folds[i].size());
    });
    for (; grown < errors.rows(); ++grown) errors(grown, fold) = errors(grown - 1, fold);
  }
  return errors;
}

}  // namespace

const StepNode& StepFit::box(std::span<const double> features) const {
  size_t at = 0;
  while (!nodes[at].is_box()) {
    at = features[nodes[at].feature] < nodes[at].below ? nodes[at].left : nodes[at].right;
  }
  return nodes[at];
}

size_t StepFit::boxes() const {
  return static_cast<size_t>(std::count_if(nodes.begin(), nodes.end(),
                                           [](const StepNode& node) { return node.is_box(); }));
}

StepFit fit_steps(const MatrixXd& points, std::span<const double> values,
                  std::span<const Fold> folds, const StepOptions& options) {
  CHECK(points.rows() > 0 && static_cast<size_t>(points.rows()) == values.size(),
        "{} points, {} values", points.rows(), values.size());
  CHECK(folds.size() >= 2, "{} folds", folds.size());
  StepOptions chosen = options;
  size_t fewest_samples = 1;
  double least = std::numeric_limits<double>::infinity();
  for (const size_t samples : options.fewest_samples) {
    Index best = 0;
    const double error =
        left_out_errors(points, values, folds, samples, options).rowwise().mean().minCoeff(&best);
    if (error >= least) continue;
    least = error;
    fewest_samples = samples;
    chosen.most_boxes = static_cast<size_t>(best) + 1;
  }
  Rows all(values.size());
  std::iota(all.begin(), all.end(), size_t{0});
  StepFit result;
  Grower(points, values, fewest_samples, chosen).grow(all, [&](const StepFit& tree) {
    result = tree;
  });
  return result;
}

double least_relative_error(std::vector<double> values) {
  CHECK(!values.empty(), "no values");
  // The median, where each value weighs its inverse.
  std::sort(values.begin(), values.end());
  double total = 0;
  for (const double value : values) total += 1 / value;
  double weight = 0;
  for (const double value : values) {
    weight += 1 / value;
    if (weight >= total / 2) return value;
  }
  return values.back();
}

}  // namespace wattgrind
