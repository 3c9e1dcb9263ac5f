#include "estimator/fit/energy_fit.h"

#include <Eigen/Core>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/fit/nnls.h"

namespace wattgrind {
namespace {

using Eigen::Index;

double weight(const Sample& sample, Weighting weighting) {
  return weighting == Weighting::kRelative ? 1 / sample.energy_j : 1;
}

}  // namespace

double EnergyModel::predict_j(const std::vector<double>& values) const {
  double energy_j = 0;
  for (size_t i = 0; i < terms.size(); ++i) energy_j += coefficients[i] * values[terms[i]];
  return energy_j;
}

EnergyModel fit_energy(const FeatureTable& table, std::span<const size_t> samples,
                       const Terms& terms, const FitOptions& options) {
  CHECK(!samples.empty() && !terms.empty(), "{} samples, {} terms", samples.size(), terms.size());
  const auto rows = static_cast<Index>(samples.size());
  const auto columns = static_cast<Index>(terms.size());
  // One row a reading, then one a prior: a prior is a reading of its coefficient alone.
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(rows + columns, columns);
  Eigen::VectorXd b = Eigen::VectorXd::Zero(rows + columns);
  for (Index i = 0; i < rows; ++i) {
    const Sample& sample = table.samples[samples[static_cast<size_t>(i)]];
    const double w = weight(sample, options.weighting);
    for (Index j = 0; j < columns; ++j) {
      a(i, j) = w * sample.values[terms[static_cast<size_t>(j)]];
    }
    b(i) = w * sample.energy_j;
  }
  for (Index j = 0; j < columns; ++j) {
    const Feature& feature = table.features[terms[static_cast<size_t>(j)]];
    if (!feature.prior || options.prior_strength == 0) continue;
    const double typical = a.col(j).head(rows).norm() / std::sqrt(static_cast<double>(rows));
    a(rows + j, j) = std::sqrt(options.prior_strength) * typical;
    b(rows + j) = a(rows + j, j) * *feature.prior;
  }
  const Eigen::VectorXd solution = nnls(a, b);
  return {terms, std::vector<double>(solution.begin(), solution.end())};
}

std::string describe(const FeatureTable& table, const Terms& terms) {
  std::string text;
  for (const size_t term : terms) {
    if (!text.empty()) text += " + ";
    text += table.features[term].name;
  }
  return text;
}

}  // namespace wattgrind
