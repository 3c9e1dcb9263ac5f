#include "estimator/fit/nnls.h"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <random>

namespace wattgrind {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd random_matrix(std::mt19937_64& random, Index rows, Index columns) {
  MatrixXd m(rows, columns);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) m(i, j) = static_cast<double>(random() % 2001) / 1000 - 1;
  }
  return m;
}

// The smallest error over all sets of free variables whose least-squares solution is feasible.
double least_error_by_brute_force(const MatrixXd& a, const VectorXd& b) {
  double least = b.norm();
  for (unsigned set = 1; set < 1u << a.cols(); ++set) {
    MatrixXd chosen(a.rows(), 0);
    for (Index j = 0; j < a.cols(); ++j) {
      if (!(set >> j & 1)) continue;
      chosen.conservativeResize(Eigen::NoChange, chosen.cols() + 1);
      chosen.col(chosen.cols() - 1) = a.col(j);
    }
    const VectorXd x = chosen.colPivHouseholderQr().solve(b);
    if (x.minCoeff() >= 0) least = std::min(least, (chosen * x - b).norm());
  }
  return least;
}

TEST(Nnls, FindsTheBestOfAllActiveSets) {
  std::mt19937_64 random(1);
  for (int problem = 0; problem < 400; ++problem) {
    const Index columns = 1 + static_cast<Index>(random() % 6);
    const Index rows = 1 + static_cast<Index>(random() % 10);
    const MatrixXd a = random_matrix(random, rows, columns);
    const VectorXd b = random_matrix(random, rows, 1);
    const VectorXd x = nnls(a, b);
    ASSERT_GE(x.minCoeff(), 0) << problem;
    ASSERT_NEAR((a * x - b).norm(), least_error_by_brute_force(a, b), 1e-9) << problem;
  }
}

TEST(Nnls, MeetsTheKarushKuhnTuckerConditions) {
  std::mt19937_64 random(2);
  for (int problem = 0; problem < 200; ++problem) {
    const MatrixXd a = random_matrix(random, 40, 15);
    const VectorXd b = random_matrix(random, 40, 1);
    const VectorXd x = nnls(a, b);
    const VectorXd gradient = a.transpose() * (a * x - b);
    for (Index j = 0; j < x.size(); ++j) {
      ASSERT_GE(x(j), 0);
      ASSERT_GE(gradient(j), -1e-9) << "variable " << j;
      if (x(j) > 0) {
        ASSERT_NEAR(gradient(j), 0, 1e-9) << "variable " << j;
      }
    }
  }
}

TEST(Nnls, DoesNotDependOnTheUnitsOfTheColumns) {
  std::mt19937_64 random(3);
  const MatrixXd a = random_matrix(random, 12, 4).cwiseAbs();
  const VectorXd truth = (VectorXd(4) << 1, 0.5, 2, 0.25).finished();
  VectorXd unit = (VectorXd(4) << 1e9, 1e-6, 1, 1e15).finished();
  const VectorXd b = a * truth;
  const VectorXd x = nnls(a * unit.asDiagonal(), b);
  for (Index j = 0; j < 4; ++j) EXPECT_NEAR(x(j) * unit(j), truth(j), 1e-9);
}

TEST(Nnls, SolvesDependentAndEmptyColumns) {
  MatrixXd a(3, 3);
  a << 1, 2, 0, 1, 2, 0, 1, 2, 0;
  const VectorXd x = nnls(a, VectorXd::Constant(3, 4));
  EXPECT_GE(x.minCoeff(), 0);
  EXPECT_NEAR((a * x - VectorXd::Constant(3, 4)).norm(), 0, 1e-12);
  EXPECT_EQ(x(2), 0);
}

TEST(Nnls, IsZeroWhereEveryColumnPointsAway) {
  const VectorXd x = nnls(MatrixXd::Identity(3, 3), VectorXd::Constant(3, -1));
  EXPECT_EQ(x.norm(), 0);
}

}  // namespace
}  // namespace wattgrind
