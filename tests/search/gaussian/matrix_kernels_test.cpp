#include "search/gaussian/matrix_kernels.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <optional>

#include "estimator/base/random.h"
#include "tests/search/gaussian/every_target.h"

namespace wattgrind {
namespace {

// Where blocks, vectors and groups of columns begin and end.
constexpr Eigen::Index kSizes[] = {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 130};

Eigen::Index padded(Eigen::Index size) {
  constexpr auto kBlock = static_cast<Eigen::Index>(kRowBlock);
  return (size + kBlock - 1) / kBlock * kBlock;
}

Eigen::MatrixXd draw_matrix(Eigen::Index rows, Eigen::Index columns, uint64_t seed) {
  Random random(seed);
  return Eigen::MatrixXd::NullaryExpr(rows, columns, [&random] { return random.normal(); });
}

Eigen::MatrixXd with_padding(const Eigen::MatrixXd& matrix) {
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(padded(matrix.rows()), matrix.cols());
  result.topRows(matrix.rows()) = matrix;
  return result;
}

Eigen::VectorXd kernel_norms(const Eigen::MatrixXd& lower, const Eigen::MatrixXd& xs) {
  const Eigen::MatrixXd elements = with_padding(lower);
  Eigen::VectorXd norms(xs.cols());
  squared_norms({elements.data(), static_cast<size_t>(elements.rows())},
                static_cast<size_t>(lower.rows()), {xs.data(), static_cast<size_t>(xs.rows())},
                static_cast<size_t>(xs.cols()), norms.data());
  return norms;
}

TEST(TriangularProducts, AreEigensAndTheSameOnEveryProcessor) {
  for (const Eigen::Index size : kSizes) {
    const Eigen::MatrixXd lower =
        draw_matrix(size, size, 6).triangularView<Eigen::Lower>().toDenseMatrix();
    const Eigen::MatrixXd elements = with_padding(lower);
    const MatrixView view{elements.data(), static_cast<size_t>(elements.rows())};
    const Eigen::VectorXd x = draw_matrix(size, 1, 7), padded_x = with_padding(x);
    std::optional<Eigen::VectorXd> first, first_transposed;
    on_every_target([&] {
      Eigen::VectorXd product = Eigen::VectorXd::Constant(padded(size), 1e9);
      lower_product(view, static_cast<size_t>(size), x.data(), product.data());
      EXPECT_TRUE(product.head(size).isApprox(lower * x, 1e-12)) << size;
      EXPECT_TRUE(product.tail(product.size() - size).isZero(0)) << size;
      Eigen::VectorXd transposed(size);
      transposed_product(view, static_cast<size_t>(size), padded_x.data(), transposed.data());
      EXPECT_TRUE(transposed.isApprox(lower.transpose() * x, 1e-12)) << size;
      if (!first) first = product, first_transposed = transposed;
      EXPECT_EQ(product, *first) << size;
      EXPECT_EQ(transposed, *first_transposed) << size;
    });
  }
}

TEST(SquaredNorms, AreThoseOfTheProduct) {
  for (const Eigen::Index size : kSizes) {
    const Eigen::MatrixXd lower =
        draw_matrix(size, size, 1).triangularView<Eigen::Lower>().toDenseMatrix();
    const Eigen::MatrixXd xs = draw_matrix(size, 1 + size % 9, 2);
    const Eigen::VectorXd wanted = (lower * xs).colwise().squaredNorm();
    on_every_target([&] {
      const Eigen::VectorXd norms = kernel_norms(lower, xs);
      EXPECT_TRUE(norms.isApprox(wanted, 1e-12)) << size << ": " << norms << " not " << wanted;
    });
  }
}

TEST(SquaredNorms, AreTheSameOnEveryProcessor) {
  const Eigen::MatrixXd lower =
      draw_matrix(61, 61, 3).triangularView<Eigen::Lower>().toDenseMatrix();
  const Eigen::MatrixXd xs = draw_matrix(61, 12, 4);
  const Eigen::VectorXd here = kernel_norms(lower, xs);
  on_every_target([&] { EXPECT_EQ(kernel_norms(lower, xs), here); });
}

TEST(Invert, GivesInverseAndDeterminant) {
  for (const Eigen::Index size : kSizes) {
    const Eigen::MatrixXd root = draw_matrix(size, size, 5);
    const Eigen::MatrixXd matrix =
        root * root.transpose() + 0.1 * Eigen::MatrixXd::Identity(size, size);
    const Eigen::LLT<Eigen::MatrixXd> factor(matrix);
    const double log_determinant = 2 * factor.matrixLLT().diagonal().array().log().sum();
    std::optional<Eigen::MatrixXd> first;
    on_every_target([&] {
      Eigen::MatrixXd inverse = with_padding(matrix);
      double found = 0;
      ASSERT_TRUE(invert(inverse.data(), static_cast<size_t>(inverse.rows()),
                         static_cast<size_t>(size), found));
      EXPECT_NEAR(found, log_determinant, 1e-9 * static_cast<double>(size));
      EXPECT_TRUE(
          inverse.topRows(size).isApprox(factor.solve(Eigen::MatrixXd::Identity(size, size)), 1e-8))
          << size;
      EXPECT_TRUE(inverse.bottomRows(inverse.rows() - size).isZero(0));
      if (!first) first = inverse;
      EXPECT_EQ(inverse, *first) << size << ", the same on every processor";
    });
  }
}

TEST(Invert, RefusesWhatIsNotPositiveDefinite) {
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(8, 2);
  matrix.topRows(2) << 1, 2, 2, 1;
  double log_determinant = 0;
  EXPECT_FALSE(invert(matrix.data(), 8, 2, log_determinant));
}

}  // namespace
}  // namespace wattgrind
