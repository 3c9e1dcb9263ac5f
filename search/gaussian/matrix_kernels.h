// The inner loops of dense algebra that samplers spend their time in, for whatever vectors the
// processor has (Eigen is compiled for the oldest one).
//
// Results are the same to the last bit on every processor, whatever the width of its vectors, so
// that a sampler proposes the same on all of them.
#pragma once

#include <cstddef>

namespace wattgrind {

// A matrix stored by columns, which are `stride` numbers apart.
struct MatrixView {
  const double* elements = nullptr;
  size_t stride = 0;
};

// How many rows kernels take at once: what they read and write is padded to a multiple of this.
inline constexpr size_t kRowBlock = 8;

// The first three take a lower triangular matrix L: up to the next multiple of kRowBlock its rows
// beyond `size` are 0, and so is what it holds above its diagonal.

// Writes L x, followed by zeros up to the next multiple of kRowBlock.
void lower_product(MatrixView lower, size_t size, const double* x, double* product);

// The transposed L times x, which goes on with zeros up to the next multiple of kRowBlock.
void transposed_product(MatrixView lower, size_t size, const double* x, double* product);

// The squared norm of L x for each column x of `xs`, into `norms`.
void squared_norms(MatrixView lower, size_t size, MatrixView xs, size_t count, double* norms);

// Replaces a symmetric positive definite matrix by its inverse (Gauss-Jordan, no pivots needed) and
// returns true; returns false, the matrix spoilt, where it is not positive definite. Rows beyond
// `size` are 0 up to the next multiple of kRowBlock.
bool invert(double* matrix, size_t stride, size_t size, double& log_determinant);

}  // namespace wattgrind
