// Products of two maps against the obvious computation.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/program/program.h"
#include "tests/kernels/network_check.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

struct Sizes {
  int64_t depth, columns, heads, second_heads, rows;
};

Network product(const Sizes& s, bool transpose_b) {
  const FeatureShape a{s.depth, s.heads, s.rows};
  const FeatureShape b = transpose_b ? FeatureShape{s.depth, s.second_heads, s.columns}
                                     : FeatureShape{s.columns, s.second_heads, s.depth};
  const NetworkSpec spec{
      "test", {{"a", a}, {"b", b}}, {{"product", MatMul{transpose_b}, false, {"a", "b"}}}, {}};
  return build_network(spec, "test");
}

void check_both(const Sizes& s, int64_t batch) {
  for (const bool transpose_b : {false, true}) {
    check_network(product(s, transpose_b), batch,
                  fmt::format("{} x {} x {}, heads {} and {}{}", s.rows, s.depth, s.columns,
                              s.heads, s.second_heads, transpose_b ? ", transposed" : ""));
  }
}

TEST(MatMulKernel, Sizes) {
  for (const int64_t rows : {1, 7, 13, 33}) {
    for (const int64_t columns : {1, 6, 17, 32, 97}) {
      check_both({5, columns, 2, 2, rows}, 3);
      check_both({64, columns, 1, 1, rows}, 1);
    }
  }
}

TEST(MatMulKernel, OneSecondRowServesAllHeads) {
  for (const int64_t rows : {1, 9, 40}) check_both({19, 21, 3, 1, rows}, 2);
}

// The second operand passes in chunks, and the first in groups of rows.
TEST(MatMulKernel, LargeMatrices) {
  check_both({512, 40, 2, 2, 50}, 1);
  check_both({1024, 33, 1, 1, 150}, 1);
  check_both({197, 64, 3, 3, 197}, 1);
}

// Maps with padding channels and halos, read as either operand, whose own outputs others read.
TEST(MatMulKernel, MapsOfOtherLayers) {
  const Conv2d keeps{6, window(3, 1, 1), 1};
  const NetworkSpec spec{"test",
                         {{"image", {3, 4, 6}}},
                         {{"a", keeps, false, {"image"}},
                          {"b", keeps, false, {"image"}},
                          {"halo", keeps, false, {"a"}},
                          {"product", MatMul{false}, false, {"a", "b"}},
                          {"product_t", MatMul{true}, false, {"a", "b"}},
                          {"square", MatMul{true}, false, {"a", "a"}},
                          {"after", keeps, false, {"product"}}},
                         {"product", "product_t", "square", "after", "halo"}};
  check_network(build_network(spec, "test"), 2, "products of convolutions");
}

TEST(MatMulKernel, CopiesTheSecondOperandWhereItPays) {
  const auto copies = [](const Sizes& sizes, bool transpose_b) {
    const LoopNest nest = lower_network(product(sizes, transpose_b), Isa::kAvx2, 1).steps[0].nest;
    return nest.buffers.back().operand == Operand::kScratch;
  };
  EXPECT_TRUE(copies({256, 256, 1, 1, 256}, false));
  EXPECT_FALSE(copies({256, 256, 1, 1, 8}, false)) << "each value is used by two tiles";
  EXPECT_FALSE(copies({64, 64, 12, 12, 256}, false)) << "it stays in L1";
  EXPECT_TRUE(copies({64, 64, 12, 1, 1}, true)) << "its columns lie apart";
}

}  // namespace
}  // namespace wattgrind
