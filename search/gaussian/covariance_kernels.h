// The inner loops of covariances (search/gaussian/covariance.h), for whatever vectors the processor
// has.
//
// Results are the same to the last bit on every processor, whatever the width of its vectors, so
// that a sampler proposes the same on all of them.
#pragma once

#include <cstddef>
#include <span>

#include "search/gaussian/matrix_kernels.h"

namespace wattgrind {

// How two coordinates x and y of a parameter differ: by |x - y|; by that, but by 1 where only one
// is kInactive; by 1 unless they are the same.
enum class DifferenceKind { kLine, kLineOrInactive, kSameOrNot };

// squares[i] = the squared difference of x and column[i].
void squared_differences(DifferenceKind kind, const double* column, double x, size_t count,
                         double* squares);

// One parameter's part in the covariances of a point with many.
struct CovarianceTerm {
  DifferenceKind kind = DifferenceKind::kLine;
  const double* column = nullptr;  // the coordinate of each of the many
  double x = 0;                    // and of the point
  double additive_scale = 0;       // 1 / (2 l^2), at most kSteepest
  double joint_scale = 0;          // 1 / (2 m^2)
};

inline constexpr double kSteepest = 1e6;

// out[i] = additive_share * (sum over terms of 1 / (1 + additive_scale * q))
//          + joint_variance / (1 + sum over terms of joint_scale * q),
// q the squared difference of x and column[i].
void covariance_column(std::span<const CovarianceTerm> terms, double additive_share,
                       double joint_variance, size_t count, double* out);

// One parameter's part in the covariances of pairs of points.
struct PairTerm {
  const double* squares = nullptr;  // the squared difference of each pair
  double* alone = nullptr;          // for each pair: see pair_covariances()
  double additive_scale = 0, joint_scale = 0;
};

// For each pair: alone = 1 / (1 + additive_scale * square) in each term, `additive` the sum of
// these, joint = 1 / (1 + sum over terms of joint_scale * square). `count` is a multiple of
// kRowBlock.
void pair_covariances(std::span<const PairTerm> terms, size_t count, double* additive,
                      double* joint);

// Sums over pairs, one a term: of slope * square * alone^2, and of slope * square * joint^2.
void pair_slopes(std::span<const PairTerm> terms, const double* slope, const double* joint,
                 size_t count, double* additive_sums, double* joint_sums);

}  // namespace wattgrind
