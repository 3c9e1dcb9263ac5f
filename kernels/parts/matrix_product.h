// The product of two matrices that are both computed, C = A x B: attention's products, and their
// gradients.
//
// A's rows are walked value by value and B's rows vector by vector. B is read where it lies, or
// from a copy in which the columns of a block follow each other step by step:
//
//   B where it lies, 2 blocks     step 0: | block 0 | block 1 |   step 1: | block 0 | block 1 | ...
//   the copy                      block 0: | step 0 | step 1 | ...   block 1: | step 0 | ...
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/product_tile.h"

namespace wattgrind {

// A matrix in memory: how far a row lies from the next, and in a row a value from the next.
struct Matrix {
  Address first;
  int64_t row_bytes = 0, value_bytes = 0;
};

struct MatrixProduct {
  int64_t rows = 0;                 // of A and C
  int64_t steps = 0;                // of the reduction: A's columns, B's rows
  std::vector<ColumnBlock> blocks;  // of B's and C's columns
  Matrix a;
  Matrix b;                // its values side by side; unless it is a copy
  bool b_is_copy = false;  // of `b` its first address counts alone
  Matrix c;                // its values side by side
  // Loops around the steps over products that are added up; only where B is no copy.
  std::vector<ReductionLoop> sums;
  // What is done with rows of C while they are in L1: so many, from an address on. Empty: nothing.
  std::function<void(int64_t rows, const Address& first)> finish_rows = {};
};

void emit_matrix_product(NestBuilder& nest, const MatrixProduct& product);

// How many bytes the copy of B takes.
uint64_t column_copy_bytes(const std::vector<ColumnBlock>& blocks, int64_t steps);

// Copies B's `steps` rows of `columns` values to `copy`, [block][step][lane]. Surplus lanes are not
// written.
void emit_column_copy(NestBuilder& nest, const Matrix& b, int64_t steps, int64_t columns,
                      const std::vector<ColumnBlock>& blocks, const Address& copy);

}  // namespace wattgrind
