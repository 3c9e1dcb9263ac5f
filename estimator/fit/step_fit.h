// A step fit cuts the space of features into boxes and says of each box which values came of it.
//
// Boxes are found as a regression tree's are (Breiman et al. 1984): the box whose cut lowers the
// squared error of logarithms most is cut first, at the place that lowers it most. How many boxes
// there are is chosen by cross-validation. Steps suit what jumps: a library that takes another
// algorithm, or memory that comes another way, from some size on.
//
// Where the values of a box lie in groups with gaps between them, the features do not tell which
// group comes next: each is a mode, with the share of the samples that it had.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

#include "estimator/fit/feature_table.h"

namespace wattgrind {

struct Mode {
  double value = 0;  // the median of the group
  double share = 0;  // of the box's samples
};

// A node is a cut or, where `modes` is not empty, a box.
struct StepNode {
  size_t feature = 0;
  double below = 0;  // samples with a smaller value of the feature go to `left`
  size_t left = 0, right = 0;
  double value = 0;         // of a box: the least mean of |value / sample - 1| over its samples
  std::vector<Mode> modes;  // ascending, their shares add up to 1
  size_t samples = 0;

  bool is_box() const { return !modes.empty(); }
};

struct StepFit {
  std::vector<StepNode> nodes;  // the first is the root

  const StepNode& box(std::span<const double> features) const;
  size_t boxes() const;
};

struct StepOptions {
  std::vector<size_t> fewest_samples = {8, 14, 24};  // of a box: the one that does best is taken
  size_t most_boxes = 32;
  // Groups of samples whose neighbours differ by more than this factor are modes, if each has at
  // least a thirtieth of the box's samples and three of them.
  double mode_gap = 1.15;
};

// `points` has a row for each value; values are positive. Folds hold rows, at least two folds.
StepFit fit_steps(const Eigen::MatrixXd& points, std::span<const double> values,
                  std::span<const Fold> folds, const StepOptions& options = {});

// The constant whose mean of |constant / value - 1| over the values is least.
double least_relative_error(std::vector<double> values);

}  // namespace wattgrind
