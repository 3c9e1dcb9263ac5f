#include "search/covariance.h"

namespace wattgrind {

Covariance::Covariance(const UnitSpace& space) {
  for (size_t i = 0; i < space.size(); ++i) {
    if (space.parameter(i).kind == UnitParameter::Kind::kUnordered) {
      kinds_.push_back(Kind::kSameOrNot);
    } else {
      const bool conditional = space.space().parameters()[i].condition.has_value();
      kinds_.push_back(conditional ? Kind::kLineOrInactive : Kind::kLine);
    }
  }
}

void Covariance::squared_differences(Eigen::Index d, const Eigen::Ref<const Eigen::ArrayXd>& column,
                                     double x, Eigen::Ref<Eigen::ArrayXd> out) const {
  const Kind kind = kinds_[static_cast<size_t>(d)];
  if (kind == Kind::kLine) {
    out = (column - x).square();
  } else if (kind == Kind::kSameOrNot || x == kInactive) {
    out = (column != x).cast<double>();
  } else {
    out = (column == kInactive).select(1.0, (column - x).square());
  }
}

Eigen::VectorXd Covariance::between(const CovarianceParameters& parameters,
                                    const Eigen::Ref<const Eigen::MatrixXd>& points,
                                    std::span<const double> x) const {
  const Eigen::Index n = points.rows();
  Eigen::ArrayXd squares(n), additive = Eigen::ArrayXd::Zero(n), joint = Eigen::ArrayXd::Ones(n);
  for (Eigen::Index d = 0; d < dimensions(); ++d) {
    squared_differences(d, points.col(d).array(), x[static_cast<size_t>(d)], squares);
    const double l = parameters.additive_lengths[d], m = parameters.joint_lengths[d];
    additive += (1 + squares * (0.5 / (l * l))).inverse();
    joint += squares * (0.5 / (m * m));
  }
  const double share = parameters.additive_variance / static_cast<double>(dimensions());
  return share * additive + parameters.joint_variance * joint.inverse();
}

}  // namespace wattgrind
