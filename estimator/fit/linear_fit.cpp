#include "estimator/fit/linear_fit.h"

#include <Eigen/Core>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/fit/nnls.h"

namespace wattgrind {
namespace {

using Eigen::Index;

double weight(const Sample& sample, Weighting weighting) {
  return weighting == Weighting::kRelative ? 1 / sample.target : 1;
}

}  // namespace

double LinearModel::predict(const std::vector<double>& values) const {
  double sum = 0;
  for (size_t i = 0; i < features.size(); ++i) sum += coefficients[i] * values[features[i]];
  return sum;
}

LinearModel fit_linear(const FeatureTable& table, std::span<const size_t> samples,
                       const FeatureSet& features, const FitOptions& options) {
  CHECK(!samples.empty() && !features.empty(), "{} samples, {} features", samples.size(),
        features.size());
  const auto rows = static_cast<Index>(samples.size());
  const auto columns = static_cast<Index>(features.size());
  // Each sample makes a row, then each prior does: a prior is a sample of its coefficient alone.
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(rows + columns, columns);
  Eigen::VectorXd b = Eigen::VectorXd::Zero(rows + columns);
  for (Index i = 0; i < rows; ++i) {
    const Sample& sample = table.samples[samples[static_cast<size_t>(i)]];
    const double w = weight(sample, options.weighting);
    for (Index j = 0; j < columns; ++j) {
      a(i, j) = w * sample.values[features[static_cast<size_t>(j)]];
    }
    b(i) = w * sample.target;
  }
  for (Index j = 0; j < columns; ++j) {
    const Feature& feature = table.features[features[static_cast<size_t>(j)]];
    if (!feature.prior || options.prior_strength == 0) continue;
    const double typical = a.col(j).head(rows).norm() / std::sqrt(static_cast<double>(rows));
    a(rows + j, j) = std::sqrt(options.prior_strength) * typical;
    b(rows + j) = a(rows + j, j) * *feature.prior;
  }
  const Eigen::VectorXd solution = nnls(a, b);
  return {features, std::vector<double>(solution.begin(), solution.end())};
}

std::vector<double> relative_prices(std::span<const std::vector<double>> rows,
                                    std::span<const double> targets) {
  CHECK(!rows.empty() && rows.size() == targets.size(), "{} rows, {} targets", rows.size(),
        targets.size());
  Eigen::MatrixXd a(static_cast<Index>(rows.size()), static_cast<Index>(rows.front().size()));
  for (Index i = 0; i < a.rows(); ++i) {
    const std::vector<double>& row = rows[static_cast<size_t>(i)];
    for (Index j = 0; j < a.cols(); ++j) {
      a(i, j) = row[static_cast<size_t>(j)] / targets[static_cast<size_t>(i)];
    }
  }
  const Eigen::VectorXd prices = nnls(a, Eigen::VectorXd::Ones(a.rows()));
  return {prices.begin(), prices.end()};
}

double priced(std::span<const double> row, std::span<const double> prices) {
  CHECK(row.size() == prices.size(), "{} values, {} prices", row.size(), prices.size());
  double sum = 0;
  for (size_t i = 0; i < row.size(); ++i) sum += row[i] * prices[i];
  return sum;
}

std::string describe(const FeatureTable& table, const FeatureSet& features) {
  std::string text;
  for (const size_t feature : features) {
    if (!text.empty()) text += " + ";
    text += table.features[feature].name;
  }
  return text;
}

}  // namespace wattgrind
