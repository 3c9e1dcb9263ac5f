// Non-negative least squares: minimise |A x - b| over x >= 0.
#pragma once

#include <Eigen/Core>

namespace wattgrind {

// Lawson and Hanson's active-set method ("Solving Least Squares Problems", 1974, chapter 23). The
// result meets the Karush-Kuhn-Tucker conditions: x >= 0, the gradient A'(Ax - b) is not negative
// (up to rounding), and zero where x > 0. Where columns are dependent it is one of the solutions.
// A and b must be finite; A may have any shape with at least one column.
Eigen::VectorXd nnls(const Eigen::MatrixXd& a, const Eigen::VectorXd& b);

}  // namespace wattgrind
