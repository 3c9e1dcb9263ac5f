#include "search/covariance.h"

namespace wattgrind {
namespace {

// One pass where Eigen's expressions would take two: this is where proposals spend their time.
void add_terms(const Eigen::ArrayXd& squares, double additive_scale, double joint_scale,
               Eigen::ArrayXd& additive, Eigen::ArrayXd& joint) {
  const double* const from = squares.data();
  double* const a = additive.data();
  double* const b = joint.data();
  for (Eigen::Index i = 0; i < squares.size(); ++i) {
    a[i] += 1 / (1 + from[i] * additive_scale);
    b[i] += from[i] * joint_scale;
  }
}

}  // namespace

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

Eigen::MatrixXd Covariance::between(const CovarianceParameters& parameters,
                                    const Eigen::Ref<const Eigen::MatrixXd>& points,
                                    std::span<const Point> xs) const {
  const Eigen::Index n = points.rows();
  const double share = parameters.additive_variance / static_cast<double>(dimensions());
  const Eigen::ArrayXd additive_scales = 0.5 / parameters.additive_lengths.square();
  const Eigen::ArrayXd joint_scales = 0.5 / parameters.joint_lengths.square();
  Eigen::MatrixXd result(n, static_cast<Eigen::Index>(xs.size()));
  Eigen::ArrayXd squares(n), additive(n), joint(n);
  for (size_t j = 0; j < xs.size(); ++j) {
    additive.setZero();
    joint.setOnes();
    for (Eigen::Index d = 0; d < dimensions(); ++d) {
      const double x = xs[j][static_cast<size_t>(d)];
      squared_differences(d, points.col(d).array(), x, squares);
      add_terms(squares, additive_scales[d], joint_scales[d], additive, joint);
    }
    result.col(static_cast<Eigen::Index>(j)) =
        share * additive + parameters.joint_variance * joint.inverse();
  }
  return result;
}

}  // namespace wattgrind
