#include "search/gaussian/covariance.h"

namespace wattgrind {

Covariance::Covariance(const UnitSpace& space) {
  for (size_t i = 0; i < space.size(); ++i) {
    if (space.parameter(i).kind == UnitParameter::Kind::kUnordered) {
      kinds_.push_back(DifferenceKind::kSameOrNot);
    } else {
      const bool conditional = space.space().parameters()[i].condition.has_value();
      kinds_.push_back(conditional ? DifferenceKind::kLineOrInactive : DifferenceKind::kLine);
    }
  }
}

void Covariance::squared_differences(Eigen::Index d, const Eigen::Ref<const Eigen::ArrayXd>& column,
                                     double x, Eigen::Ref<Eigen::ArrayXd> out) const {
  wattgrind::squared_differences(kinds_[static_cast<size_t>(d)], column.data(), x,
                                 static_cast<size_t>(column.size()), out.data());
}

Eigen::MatrixXd Covariance::between(const CovarianceParameters& parameters,
                                    const Eigen::Ref<const Eigen::MatrixXd>& points,
                                    std::span<const Point> xs) const {
  const double share = parameters.additive_variance / static_cast<double>(dimensions());
  std::vector<CovarianceTerm> terms;
  for (Eigen::Index d = 0; d < dimensions(); ++d) {
    const double l = parameters.additive_lengths[d], m = parameters.joint_lengths[d];
    terms.push_back(
        {kinds_[static_cast<size_t>(d)], points.col(d).data(), 0, 0.5 / (l * l), 0.5 / (m * m)});
  }
  Eigen::MatrixXd result(points.rows(), static_cast<Eigen::Index>(xs.size()));
  for (size_t j = 0; j < xs.size(); ++j) {
    for (size_t d = 0; d < terms.size(); ++d) terms[d].x = xs[j][d];
    covariance_column(terms, share, parameters.joint_variance, static_cast<size_t>(points.rows()),
                      result.col(static_cast<Eigen::Index>(j)).data());
  }
  return result;
}

}  // namespace wattgrind
