#include "search/explain/response_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "search/gaussian/covariance_fit.h"

namespace wattgrind {
namespace {

using Finding = ResponseModel::Finding;

constexpr size_t kMostFindings = 256;
constexpr int kFitIterations = 40;
constexpr double kJitter = 1e-8;

// The best half of what a model may rest on, and the rest evenly over the ranks.
std::vector<const Finding*> supporting(const std::vector<Finding>& findings) {
  std::vector<const Finding*> ranked;
  for (const Finding& finding : findings) ranked.push_back(&finding);
  if (ranked.size() <= kMostFindings) return ranked;
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Finding* a, const Finding* b) { return a->value < b->value; });
  constexpr size_t kBest = kMostFindings / 2;
  std::vector<const Finding*> chosen(ranked.begin(), ranked.begin() + kBest);
  const size_t rest = ranked.size() - kBest;
  for (size_t i = 0; i < kMostFindings - kBest; ++i) {
    chosen.push_back(ranked[kBest + i * rest / (kMostFindings - kBest)]);
  }
  return chosen;
}

}  // namespace

ResponseModel::ResponseModel(const UnitSpace& space, const std::vector<Finding>& findings)
    : covariance_(space) {
  CHECK(findings.size() >= kFewest, "{} findings", findings.size());
  const std::vector<const Finding*> support = supporting(findings);
  const auto count = static_cast<Eigen::Index>(support.size());
  points_.resize(count, covariance_.dimensions());
  std::vector<double> found;
  for (Eigen::Index i = 0; i < count; ++i) {
    const Finding& finding = *support[static_cast<size_t>(i)];
    points_.row(i) = Eigen::Map<const Eigen::RowVectorXd>(finding.point.data(), points_.cols());
    found.push_back(finding.value);
  }
  warp_ = Warp(found);
  const Eigen::VectorXd values = Eigen::Map<const Eigen::VectorXd>(warp_.values().data(), count);
  Eigen::VectorXd noise = Eigen::VectorXd::Zero(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const Finding& finding = *support[static_cast<size_t>(i)];
    const double slope = warp_.slope(finding.value);
    noise[i] = slope * slope * finding.variance.value_or(0);
  }
  parameters_ =
      fit_covariance(covariance_, points_, values, true,
                     prior_parameters(covariance_.dimensions(), true), kFitIterations, noise);
  std::vector<Point> points;
  for (const Finding* finding : support) points.push_back(finding->point);
  Eigen::MatrixXd k = covariances(points);
  k.diagonal() += noise;
  k.diagonal().array() += parameters_.noise_variance + kJitter * parameters_.variance();
  factor_.compute(k);
  CHECK(factor_.info() == Eigen::Success, "a covariance of {} points", count);
  weights_ = factor_.solve(values);
  // Rasmussen and Williams 2006, eq. 5.12: what is left of a value that the others tell.
  const Eigen::MatrixXd inverse = factor_.solve(Eigen::MatrixXd::Identity(count, count));
  const double missed = (weights_.array() / inverse.diagonal().array()).square().sum();
  told_ = values.squaredNorm() > 0 ? 1 - missed / values.squaredNorm() : 0;
}

Eigen::MatrixXd ResponseModel::covariances(std::span<const Point> points) const {
  return covariance_.between(parameters_, points_, points);
}

Eigen::VectorXd ResponseModel::warped_means(const Eigen::MatrixXd& covariances) const {
  return covariances.transpose() * weights_;
}

std::vector<double> ResponseModel::means(std::span<const Point> points) const {
  std::vector<double> means;
  for (const double warped : warped_means(covariances(points))) {
    means.push_back(warp_.inverse(warped));
  }
  return means;
}

std::vector<ResponseModel::Estimate> ResponseModel::estimates(std::span<const Point> points) const {
  const Eigen::MatrixXd shared = covariances(points);
  const Eigen::MatrixXd known = factor_.matrixL().solve(shared);
  const Eigen::VectorXd expected = warped_means(shared);
  std::vector<Estimate> estimates;
  for (Eigen::Index i = 0; i < expected.size(); ++i) {
    const double left = std::max(parameters_.variance() - known.col(i).squaredNorm(), 0.0);
    const double mean = warp_.inverse(expected[i]);
    estimates.push_back({mean, std::sqrt(left) / warp_.slope(mean)});
  }
  return estimates;
}

std::vector<double> ResponseModel::chances_of_lowest(std::span<const Point> points) const {
  constexpr int kDraws = 4000;
  const auto count = static_cast<Eigen::Index>(points.size());
  Eigen::MatrixXd rows(count, points_.cols());
  for (Eigen::Index i = 0; i < count; ++i) {
    rows.row(i) =
        Eigen::Map<const Eigen::RowVectorXd>(points[static_cast<size_t>(i)].data(), points_.cols());
  }
  const Eigen::MatrixXd shared = covariances(points);
  const Eigen::MatrixXd known = factor_.matrixL().solve(shared);
  Eigen::MatrixXd left = covariance_.between(parameters_, rows, points) - known.transpose() * known;
  left.diagonal().array() += 1e-6 * parameters_.variance();  // points may be the same
  const Eigen::LLT<Eigen::MatrixXd> root(left);
  CHECK(root.info() == Eigen::Success, "a posterior of {} points", count);
  const Eigen::VectorXd centre = warped_means(shared);
  Random random(1);
  std::vector<double> chances(points.size());
  Eigen::VectorXd normals(count);
  for (int draw = 0; draw < kDraws; ++draw) {
    for (double& normal : normals) normal = random.normal();
    Eigen::Index lowest = 0;
    (centre + root.matrixL() * normals).minCoeff(&lowest);
    chances[static_cast<size_t>(lowest)] += 1.0 / kDraws;
  }
  return chances;
}

}  // namespace wattgrind
