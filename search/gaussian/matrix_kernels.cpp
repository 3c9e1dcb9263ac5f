#include "search/gaussian/matrix_kernels.h"

#include <algorithm>
#include <cmath>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "search/gaussian/matrix_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace wattgrind {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<double, kRowBlock> kDoubles{};
using Vector = hn::Vec<decltype(kDoubles)>;

// squares[row mod kRowBlock] += v^2: sums that every width of vectors adds up in the same order.
HWY_INLINE void add_square(Vector v, double* squares) {
  hn::StoreU(hn::Add(hn::LoadU(kDoubles, squares), hn::Mul(v, v)), kDoubles, squares);
}

double total(const double* sums) {
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

size_t padded(size_t size) { return (size + kRowBlock - 1) / kRowBlock * kRowBlock; }

// Adds the columns from `column` on, times x, to `product`. L holds zeros above its diagonal.
template <size_t kColumns>
HWY_INLINE void add_columns(MatrixView lower, size_t size, size_t column, const double* x,
                            double* product) {
  const double* const elements = lower.elements + column * lower.stride;
  Vector times[kColumns];
  for (size_t c = 0; c < kColumns; ++c) times[c] = hn::Set(kDoubles, x[column + c]);
  const size_t first = column / kRowBlock * kRowBlock;
  for (size_t row = first; row < size; row += hn::Lanes(kDoubles)) {
    Vector sum = hn::LoadU(kDoubles, product + row);
    for (size_t c = 0; c < kColumns; ++c) {
      const Vector l = hn::LoadU(kDoubles, elements + c * lower.stride + row);
      sum = hn::Add(sum, hn::Mul(l, times[c]));
    }
    hn::StoreU(sum, kDoubles, product + row);
  }
}

void lower_product(MatrixView lower, size_t size, const double* x, double* product) {
  std::fill_n(product, padded(size), 0.0);
  size_t column = 0;
  for (; column + 4 <= size; column += 4) add_columns<4>(lower, size, column, x, product);
  for (; column < size; ++column) add_columns<1>(lower, size, column, x, product);
}

// Products of the columns from `column` on with x.
template <size_t kColumns>
HWY_INLINE void column_products(MatrixView lower, size_t size, size_t column, const double* x,
                                double* product) {
  const double* const elements = lower.elements + column * lower.stride;
  const size_t first = column / kRowBlock * kRowBlock;
  double sums[kColumns][kRowBlock];
  for (size_t lane = 0; lane < kRowBlock; lane += hn::Lanes(kDoubles)) {
    Vector sum[kColumns];
    for (size_t c = 0; c < kColumns; ++c) sum[c] = hn::Zero(kDoubles);
    for (size_t row = first + lane; row < size; row += kRowBlock) {
      const Vector value = hn::LoadU(kDoubles, x + row);
      for (size_t c = 0; c < kColumns; ++c) {
        const Vector l = hn::LoadU(kDoubles, elements + c * lower.stride + row);
        sum[c] = hn::Add(sum[c], hn::Mul(l, value));
      }
    }
    for (size_t c = 0; c < kColumns; ++c) hn::StoreU(sum[c], kDoubles, sums[c] + lane);
  }
  for (size_t c = 0; c < kColumns; ++c) product[column + c] = total(sums[c]);
}

void transposed_product(MatrixView lower, size_t size, const double* x, double* product) {
  size_t column = 0;
  for (; column + 4 <= size; column += 4) column_products<4>(lower, size, column, x, product);
  for (; column < size; ++column) column_products<1>(lower, size, column, x, product);
}

// Takes four columns at once, for one alone would wait for its own sums.
void squared_norms_of_four(MatrixView lower, size_t size, const double* const* xs, double* norms) {
  double squares[4][kRowBlock] = {};
  for (size_t row = 0; row < size; row += hn::Lanes(kDoubles)) {
    const double* element = lower.elements + row;
    Vector a = hn::Zero(kDoubles), b = a, c = a, d = a;
    const size_t columns = std::min(row + hn::Lanes(kDoubles), size);
    for (size_t column = 0; column < columns; ++column, element += lower.stride) {
      const Vector l = hn::LoadU(kDoubles, element);
      a = hn::Add(a, hn::Mul(l, hn::Set(kDoubles, xs[0][column])));
      b = hn::Add(b, hn::Mul(l, hn::Set(kDoubles, xs[1][column])));
      c = hn::Add(c, hn::Mul(l, hn::Set(kDoubles, xs[2][column])));
      d = hn::Add(d, hn::Mul(l, hn::Set(kDoubles, xs[3][column])));
    }
    const size_t lane = row % kRowBlock;
    add_square(a, squares[0] + lane);
    add_square(b, squares[1] + lane);
    add_square(c, squares[2] + lane);
    add_square(d, squares[3] + lane);
  }
  for (size_t i = 0; i < 4; ++i) norms[i] = total(squares[i]);
}

void squared_norms(MatrixView lower, size_t size, MatrixView xs, size_t count, double* norms) {
  for (size_t first = 0; first < count; first += 4) {
    const double* columns[4];
    double four[4];
    for (size_t i = 0; i < 4; ++i) {
      columns[i] = xs.elements + std::min(first + i, count - 1) * xs.stride;
    }
    squared_norms_of_four(lower, size, columns, four);
    std::copy_n(four, std::min<size_t>(4, count - first), norms + first);
  }
}

// column -= factor * by
HWY_INLINE void subtract(double* column, const double* by, double factor, size_t size) {
  const Vector times = hn::Set(kDoubles, factor);
  for (size_t i = 0; i < size; i += hn::Lanes(kDoubles)) {
    const Vector product = hn::Mul(times, hn::LoadU(kDoubles, by + i));
    hn::StoreU(hn::Sub(hn::LoadU(kDoubles, column + i), product), kDoubles, column + i);
  }
}

bool invert(double* matrix, size_t stride, size_t size, double& log_determinant) {
  log_determinant = 0;
  for (size_t p = 0; p < size; ++p) {
    double* const pivot_column = matrix + p * stride;
    const double pivot = pivot_column[p];
    if (!(pivot > 0)) return false;
    log_determinant += std::log(pivot);
    for (size_t i = 0; i < size; ++i) pivot_column[i] /= pivot;
    for (size_t j = 0; j < size; ++j) {
      if (j == p) continue;
      double* const column = matrix + j * stride;
      const double factor = column[p];
      subtract(column, pivot_column, factor, size);
      column[p] = -factor / pivot;
    }
    pivot_column[p] = 1 / pivot;
  }
  return true;
}

}  // namespace HWY_NAMESPACE
}  // namespace wattgrind
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace wattgrind {

HWY_EXPORT(lower_product);
HWY_EXPORT(transposed_product);
HWY_EXPORT(squared_norms);
HWY_EXPORT(invert);

void lower_product(MatrixView lower, size_t size, const double* x, double* product) {
  HWY_DYNAMIC_DISPATCH(lower_product)(lower, size, x, product);
}

void transposed_product(MatrixView lower, size_t size, const double* x, double* product) {
  HWY_DYNAMIC_DISPATCH(transposed_product)(lower, size, x, product);
}

void squared_norms(MatrixView lower, size_t size, MatrixView xs, size_t count, double* norms) {
  HWY_DYNAMIC_DISPATCH(squared_norms)(lower, size, xs, count, norms);
}

bool invert(double* matrix, size_t stride, size_t size, double& log_determinant) {
  return HWY_DYNAMIC_DISPATCH(invert)(matrix, stride, size, log_determinant);
}

}  // namespace wattgrind
#endif
