#include "estimator/fit/nnls.h"

#include <Eigen/QR>
#include <cstddef>
#include <limits>
#include <vector>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

class ActiveSet {
 public:
  // Columns are scaled to unit length, so that one tolerance suits coefficients of any unit.
  ActiveSet(const MatrixXd& a, const VectorXd& b) : scale_(a.colwise().norm()), a_(a), b_(b) {
    for (Index j = 0; j < a.cols(); ++j) {
      if (scale_(j) > 0) a_.col(j) /= scale_(j);
    }
    x_ = VectorXd::Zero(a.cols());
    positive_.assign(static_cast<size_t>(a.cols()), false);
    tolerance_ = 10 * std::numeric_limits<double>::epsilon() *
                 static_cast<double>(a.rows() + a.cols()) * b.norm();
  }

  VectorXd solve() {
    // Each pass frees one variable and lowers the error, so no set is seen twice; rounding could
    // undo that, hence the bound that Lawson and Hanson give.
    for (Index pass = 0; pass < 3 * a_.cols() + 10; ++pass) {
      const Index entering = steepest();
      if (entering < 0) break;
      positive_[static_cast<size_t>(entering)] = true;
      if (!settle(entering)) break;
    }
    for (Index j = 0; j < x_.size(); ++j) {
      if (scale_(j) > 0) x_(j) /= scale_(j);
    }
    return x_;
  }

 private:
  // The bound variable whose increase lowers the error most steeply, or -1 if none lowers it.
  Index steepest() const {
    const VectorXd gain = a_.transpose() * (b_ - a_ * x_);
    Index best = -1;
    for (Index j = 0; j < gain.size(); ++j) {
      if (positive_[static_cast<size_t>(j)] || gain(j) <= tolerance_) continue;
      if (best < 0 || gain(j) > gain(best)) best = j;
    }
    return best;
  }

  // Moves to the least-squares solution of the free variables, binding those that would turn
  // negative on the way. False when the variable that just entered is dependent on the others.
  bool settle(Index entering) {
    while (true) {
      const VectorXd target = least_squares();
      if (target(entering) <= 0 && x_(entering) == 0) {
        positive_[static_cast<size_t>(entering)] = false;
        return false;
      }
      double step = 1;
      Index leaving = -1;
      for (Index j = 0; j < x_.size(); ++j) {
        if (!positive_[static_cast<size_t>(j)] || target(j) > 0) continue;
        const double to_zero = x_(j) / (x_(j) - target(j));
        if (to_zero <= step) {
          step = to_zero;
          leaving = j;
        }
      }
      x_ += step * (target - x_);
      if (leaving < 0) return true;
      x_(leaving) = 0;
      positive_[static_cast<size_t>(leaving)] = false;
    }
  }

  VectorXd least_squares() const {
    std::vector<Index> columns;
    for (Index j = 0; j < a_.cols(); ++j) {
      if (positive_[static_cast<size_t>(j)]) columns.push_back(j);
    }
    MatrixXd chosen(a_.rows(), static_cast<Index>(columns.size()));
    for (size_t i = 0; i < columns.size(); ++i) {
      chosen.col(static_cast<Index>(i)) = a_.col(columns[i]);
    }
    const VectorXd solution = chosen.colPivHouseholderQr().solve(b_);
    VectorXd target = VectorXd::Zero(a_.cols());
    for (size_t i = 0; i < columns.size(); ++i)
      target(columns[i]) = solution(static_cast<Index>(i));
    return target;
  }

  VectorXd scale_;
  MatrixXd a_;
  VectorXd b_;
  VectorXd x_;
  std::vector<bool> positive_;  // true for free variables; the others are bound to zero
  double tolerance_ = 0;
};

}  // namespace

VectorXd nnls(const MatrixXd& a, const VectorXd& b) {
  CHECK(a.cols() > 0 && a.rows() == b.size(), "a is {} x {}, b has {}", a.rows(), a.cols(),
        b.size());
  CHECK(a.allFinite() && b.allFinite(), "a {} x {} or b is not finite", a.rows(), a.cols());
  return ActiveSet(a, b).solve();
}

}  // namespace wattgrind
