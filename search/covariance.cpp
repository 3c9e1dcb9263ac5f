#include "search/covariance.h"

namespace wattgrind {
namespace {

double square(double x) { return x * x; }

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

// One pass over a column of points, without Eigen's temporaries: this is where proposals spend
// their time.
template <typename Use>
void Covariance::for_each_square(Eigen::Index d, const Eigen::Ref<const Eigen::ArrayXd>& column,
                                 double x, Use use) const {
  const Kind kind = kinds_[static_cast<size_t>(d)];
  const double* const y = column.data();
  const Eigen::Index n = column.size();
  if (kind == Kind::kLine) {
    for (Eigen::Index i = 0; i < n; ++i) use(i, square(y[i] - x));
  } else if (kind == Kind::kSameOrNot || x == kInactive) {
    for (Eigen::Index i = 0; i < n; ++i) use(i, y[i] == x ? 0.0 : 1.0);
  } else {
    for (Eigen::Index i = 0; i < n; ++i) use(i, y[i] == kInactive ? 1.0 : square(y[i] - x));
  }
}

void Covariance::squared_differences(Eigen::Index d, const Eigen::Ref<const Eigen::ArrayXd>& column,
                                     double x, Eigen::Ref<Eigen::ArrayXd> out) const {
  double* const squares = out.data();
  for_each_square(d, column, x, [squares](Eigen::Index i, double q) { squares[i] = q; });
}

Eigen::MatrixXd Covariance::between(const CovarianceParameters& parameters,
                                    const Eigen::Ref<const Eigen::MatrixXd>& points,
                                    std::span<const Point> xs) const {
  const Eigen::Index n = points.rows();
  const double share = parameters.additive_variance / static_cast<double>(dimensions());
  const Eigen::ArrayXd additive_scales = 0.5 / parameters.additive_lengths.square();
  const Eigen::ArrayXd joint_scales = 0.5 / parameters.joint_lengths.square();
  Eigen::MatrixXd result(n, static_cast<Eigen::Index>(xs.size()));
  Eigen::ArrayXd additive(n), joint(n);
  for (size_t j = 0; j < xs.size(); ++j) {
    additive.setZero();
    joint.setOnes();
    for (Eigen::Index d = 0; d < dimensions(); ++d) {
      const double additive_scale = additive_scales[d], joint_scale = joint_scales[d];
      for_each_square(d, points.col(d).array(), xs[j][static_cast<size_t>(d)],
                      [a = additive.data(), b = joint.data(), additive_scale, joint_scale](
                          Eigen::Index i, double q) {
                        a[i] += 1 / (1 + q * additive_scale);
                        b[i] += q * joint_scale;
                      });
    }
    result.col(static_cast<Eigen::Index>(j)) =
        share * additive + parameters.joint_variance * joint.inverse();
  }
  return result;
}

}  // namespace wattgrind
