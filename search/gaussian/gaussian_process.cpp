#include "search/gaussian/gaussian_process.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"
#include "search/gaussian/matrix_kernels.h"

namespace wattgrind {
namespace {

// This part of the prior variance is added to every point's own: it keeps the factor real where
// points nearly coincide.
constexpr double kJitter = 1e-8;

// The size of a vector as kernels want it, with zeros at the end.
Eigen::Index padded(Eigen::Index size) {
  constexpr auto kBlock = static_cast<Eigen::Index>(kRowBlock);
  return (size + kBlock - 1) / kBlock * kBlock;
}

}  // namespace

GaussianProcess::GaussianProcess(const Covariance& covariance, CovarianceParameters parameters)
    : covariance_(covariance), parameters_(std::move(parameters)) {}

void GaussianProcess::truncate(Eigen::Index size) {
  if (size >= size_) return;
  inverse_factor_.block(size, 0, size_ - size, size_).setZero();
  size_ = size;
}

void GaussianProcess::append(const Point& point, double own_noise) {
  if (size_ == points_.rows()) {
    const Eigen::Index room = std::max<Eigen::Index>(32, 2 * size_);
    points_.conservativeResize(room, covariance_.dimensions());
    inverse_factor_.conservativeResizeLike(Eigen::MatrixXd::Zero(room, room));
  }
  const Eigen::VectorXd row = whitened(covariances(std::span(&point, 1)).col(0));
  const double prior = parameters_.variance();
  const double left = prior + parameters_.noise_variance + own_noise - row.squaredNorm();
  const double diagonal = std::sqrt(std::max(left, 0.0) + kJitter * prior);
  inverse_factor_.row(size_).head(size_) = solved(row).transpose() / -diagonal;
  inverse_factor_(size_, size_) = 1 / diagonal;
  points_.row(size_) =
      Eigen::Map<const Eigen::RowVectorXd>(point.data(), static_cast<Eigen::Index>(point.size()));
  own_noise_.resize(static_cast<size_t>(size_));
  own_noise_.push_back(own_noise);
  ++size_;
}

void GaussianProcess::set_values(const Eigen::Ref<const Eigen::VectorXd>& values) {
  CHECK(values.size() == size_, "{} values, {} points", values.size(), size_);
  weights_ = solved(whitened(values));
}

Eigen::VectorXd GaussianProcess::whitened(const Eigen::Ref<const Eigen::VectorXd>& values) const {
  Eigen::VectorXd result(padded(size_));
  lower_product(inverse_factor(), static_cast<size_t>(size_), values.data(), result.data());
  return result;
}

Eigen::VectorXd GaussianProcess::solved(const Eigen::VectorXd& whitened) const {
  Eigen::VectorXd result(size_);
  transposed_product(inverse_factor(), static_cast<size_t>(size_), whitened.data(), result.data());
  return result;
}

MatrixView GaussianProcess::inverse_factor() const {
  return {inverse_factor_.data(), static_cast<size_t>(inverse_factor_.rows())};
}

Eigen::MatrixXd GaussianProcess::covariances(std::span<const Point> xs) const {
  return covariance_.between(parameters_, points_.topRows(size_), xs);
}

Eigen::VectorXd GaussianProcess::means(const Eigen::MatrixXd& covariances) const {
  return covariances.transpose() * weights_;
}

Eigen::VectorXd GaussianProcess::variances(const Eigen::MatrixXd& covariances) const {
  Eigen::VectorXd known(covariances.cols());
  squared_norms(inverse_factor(), static_cast<size_t>(size_),
                {covariances.data(), static_cast<size_t>(covariances.rows())},
                static_cast<size_t>(covariances.cols()), known.data());
  return (parameters_.variance() - known.array()).max(0.0);
}

Eigen::VectorXd GaussianProcess::variance_bounds(const Eigen::MatrixXd& covariances) const {
  const double prior = parameters_.variance();
  const double observed = prior * (1 + kJitter) + parameters_.noise_variance;
  const Eigen::Map<const Eigen::ArrayXd> own(own_noise_.data(), size_);
  return prior - (covariances.array().square().colwise() / (own + observed))
                     .colwise()
                     .maxCoeff()
                     .transpose();
}

}  // namespace wattgrind
