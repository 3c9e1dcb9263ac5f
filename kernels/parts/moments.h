// Means and variances of a map over some of its extents.
#pragma once

#include <cstdint>

#include "kernels/parts/sweep.h"

namespace wattgrind {

// The values that one value of `moments` is a moment of: those over the extents of `shape` that are
// repeated in it, and over the batch where it has no images.
int64_t values_a_moment(const SweptMap& moments, int64_t batch, const FeatureShape& shape);

// Writes the means of x, then the means of squared differences from them: two passes, for the
// difference of squares cancels.
void emit_moments(NestBuilder& nest, int64_t batch, const FeatureShape& shape, const SweptMap& x,
                  const SweptMap& means, const SweptMap& variances);

// 1 / sqrt(variance + epsilon).
Register emit_inverse_deviation(NestBuilder& nest, Register variance, double epsilon);

}  // namespace wattgrind
