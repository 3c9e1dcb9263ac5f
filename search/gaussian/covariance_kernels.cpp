#include "search/gaussian/covariance_kernels.h"

#include <algorithm>
#include <numeric>

#include "search/space/unit_space.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "search/gaussian/covariance_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Many = hn::CappedTag<double, kRowBlock>;
using One = hn::CappedTag<double, 1>;

template <typename D>
HWY_INLINE hn::Vec<D> squared_difference(D doubles, DifferenceKind kind, const double* at,
                                         double x) {
  const auto y = hn::LoadU(doubles, at), point = hn::Set(doubles, x), one = hn::Set(doubles, 1.0);
  if (kind == DifferenceKind::kSameOrNot ||
      (kind == DifferenceKind::kLineOrInactive && x == kInactive)) {
    return hn::IfThenZeroElse(hn::Eq(y, point), one);
  }
  const auto difference = hn::Sub(y, point);
  const auto square = hn::Mul(difference, difference);
  if (kind == DifferenceKind::kLine) return square;
  return hn::IfThenElse(hn::Eq(y, hn::Set(doubles, kInactive)), one, square);
}

// A sum of fractions with one division: a / b + 1 / t = (a t + b) / (b t). So many at most that b
// stays far from overflow: (1 + kSteepest)^16 is 1e96.
constexpr size_t kFractions = 16;

template <typename D>
HWY_INLINE hn::Vec<D> covariance(D doubles, std::span<const CovarianceTerm> terms,
                                 double additive_share, double joint_variance, size_t i) {
  const auto one = hn::Set(doubles, 1.0);
  auto additive = hn::Zero(doubles), joint = one;
  for (size_t first = 0; first < terms.size(); first += kFractions) {
    auto numerator = hn::Zero(doubles), denominator = one;
    for (size_t d = first; d < std::min(first + kFractions, terms.size()); ++d) {
      const CovarianceTerm& term = terms[d];
      const auto q = squared_difference(doubles, term.kind, term.column + i, term.x);
      const auto t = hn::Add(one, hn::Mul(q, hn::Set(doubles, term.additive_scale)));
      numerator = hn::Add(hn::Mul(numerator, t), denominator);
      denominator = hn::Mul(denominator, t);
      joint = hn::Add(joint, hn::Mul(q, hn::Set(doubles, term.joint_scale)));
    }
    additive = hn::Add(additive, hn::Div(numerator, denominator));
  }
  return hn::Add(hn::Mul(hn::Set(doubles, additive_share), additive),
                 hn::Div(hn::Set(doubles, joint_variance), joint));
}

// Calls use(tag of the vectors, index) for vectors that cover `count` elements, no more.
template <typename Use>
HWY_INLINE void for_each_vector(size_t count, Use use) {
  size_t i = 0;
  for (; i + hn::Lanes(Many()) <= count; i += hn::Lanes(Many())) use(Many(), i);
  for (; i < count; ++i) use(One(), i);
}

void covariance_column(std::span<const CovarianceTerm> terms, double additive_share,
                       double joint_variance, size_t count, double* out) {
  for_each_vector(count, [=](auto doubles, size_t i) HWY_ATTR {
    hn::StoreU(covariance(doubles, terms, additive_share, joint_variance, i), doubles, out + i);
  });
}

void squared_differences(DifferenceKind kind, const double* column, double x, size_t count,
                         double* squares) {
  for_each_vector(count, [=](auto doubles, size_t i) HWY_ATTR {
    hn::StoreU(squared_difference(doubles, kind, column + i, x), doubles, squares + i);
  });
}

void pair_covariances(std::span<const PairTerm> terms, size_t count, double* additive,
                      double* joint) {
  constexpr Many doubles;
  const auto one = hn::Set(doubles, 1.0);
  for (size_t i = 0; i < count; i += hn::Lanes(doubles)) {
    auto sum = hn::Zero(doubles), together = one;
    for (const PairTerm& term : terms) {
      const auto q = hn::LoadU(doubles, term.squares + i);
      const auto alone =
          hn::Div(one, hn::Add(one, hn::Mul(q, hn::Set(doubles, term.additive_scale))));
      hn::StoreU(alone, doubles, term.alone + i);
      sum = hn::Add(sum, alone);
      together = hn::Add(together, hn::Mul(q, hn::Set(doubles, term.joint_scale)));
    }
    hn::StoreU(sum, doubles, additive + i);
    hn::StoreU(hn::Div(one, together), doubles, joint + i);
  }
}

// sums[i mod kRowBlock] += v: every width of vectors adds up in the same order.
HWY_INLINE void add_to(double* sums, hn::Vec<Many> v) {
  hn::StoreU(hn::Add(hn::LoadU(Many(), sums), v), Many(), sums);
}

void pair_slopes(std::span<const PairTerm> terms, const double* slope, const double* joint,
                 size_t count, double* additive_sums, double* joint_sums) {
  constexpr Many doubles;
  for (size_t d = 0; d < terms.size(); ++d) {
    const PairTerm& term = terms[d];
    double additive[kRowBlock] = {}, together[kRowBlock] = {};
    for (size_t i = 0; i < count; i += hn::Lanes(doubles)) {
      const size_t lane = i % kRowBlock;
      const auto weighted =
          hn::Mul(hn::LoadU(doubles, slope + i), hn::LoadU(doubles, term.squares + i));
      const auto a = hn::LoadU(doubles, term.alone + i), b = hn::LoadU(doubles, joint + i);
      add_to(additive + lane, hn::Mul(weighted, hn::Mul(a, a)));
      add_to(together + lane, hn::Mul(weighted, hn::Mul(b, b)));
    }
    additive_sums[d] = std::accumulate(additive, additive + kRowBlock, 0.0);
    joint_sums[d] = std::accumulate(together, together + kRowBlock, 0.0);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wattgrind {

HWY_EXPORT(covariance_column);
HWY_EXPORT(squared_differences);
HWY_EXPORT(pair_covariances);
HWY_EXPORT(pair_slopes);

void covariance_column(std::span<const CovarianceTerm> terms, double additive_share,
                       double joint_variance, size_t count, double* out) {
  HWY_DYNAMIC_DISPATCH(covariance_column)(terms, additive_share, joint_variance, count, out);
}

void squared_differences(DifferenceKind kind, const double* column, double x, size_t count,
                         double* squares) {
  HWY_DYNAMIC_DISPATCH(squared_differences)(kind, column, x, count, squares);
}

void pair_covariances(std::span<const PairTerm> terms, size_t count, double* additive,
                      double* joint) {
  HWY_DYNAMIC_DISPATCH(pair_covariances)(terms, count, additive, joint);
}

void pair_slopes(std::span<const PairTerm> terms, const double* slope, const double* joint,
                 size_t count, double* additive_sums, double* joint_sums) {
  HWY_DYNAMIC_DISPATCH(pair_slopes)(terms, slope, joint, count, additive_sums, joint_sums);
}

}  // namespace wattgrind
#endif
