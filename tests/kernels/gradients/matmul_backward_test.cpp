// Gradients of products of two maps, by either, against the obvious sums.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/gradients/backward.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/reference_layers.h"

namespace wattgrind {
namespace {

constexpr int64_t kBatch = 2;

struct Case {
  FeatureShape a, b, c;
  bool transpose_b = false;
  // How the maps are stored.
  int64_t extra_channels = 0;
  Halo halo;

  MapLayout layout(const FeatureShape& shape) const {
    return {shape, shape.channels + extra_channels, halo};
  }
};

Case make_case(int64_t depth, int64_t columns, int64_t heads, int64_t second_heads, int64_t rows,
               bool transpose_b) {
  return {{depth, heads, rows},
          transpose_b ? FeatureShape{depth, second_heads, columns}
                      : FeatureShape{columns, second_heads, depth},
          {columns, heads, rows},
          transpose_b};
}

size_t index(const FeatureShape& shape, int64_t n, int64_t c, int64_t y, int64_t x) {
  return static_cast<size_t>(((n * shape.channels + c) * shape.height + y) * shape.width + x);
}

// The gradient of the sum of dc * c by input 0 or 1.
std::vector<float> wanted_gradient(const Case& test, size_t input, const std::vector<float>& a,
                                   const std::vector<float>& b, const std::vector<float>& dc) {
  std::vector<double> gradient(input == 0 ? a.size() : b.size());
  for (int64_t n = 0; n < kBatch; ++n) {
    for (int64_t h = 0; h < test.c.height; ++h) {
      for (int64_t m = 0; m < test.c.width; ++m) {
        for (int64_t j = 0; j < test.c.channels; ++j) {
          const double dy = dc[index(test.c, n, j, h, m)];
          for (int64_t k = 0; k < test.a.channels; ++k) {
            const int64_t second_head = test.b.height == 1 ? 0 : h;
            const size_t in_a = index(test.a, n, k, h, m);
            const size_t in_b = test.transpose_b ? index(test.b, n, k, second_head, j)
                                                 : index(test.b, n, j, second_head, k);
            gradient[input == 0 ? in_a : in_b] += dy * (input == 0 ? b[in_b] : a[in_a]);
          }
        }
      }
    }
  }
  return {gradient.begin(), gradient.end()};
}

void check(const Case& test) {
  const auto values = [](const FeatureShape& shape, uint64_t seed) {
    return random_values(static_cast<size_t>(kBatch * shape.elements()), seed);
  };
  const auto a = values(test.a, 1), b = values(test.b, 2), dc = values(test.c, 3);
  for (const size_t input : {0, 1}) {
    const auto wanted = wanted_gradient(test, input, a, b, dc);
    for (const Target& target : targets()) {
      const MapLayout gradient = test.layout(input == 0 ? test.a : test.b);
      const BackwardContext context{
          target.isa,          kBatch, {test.layout(test.a), test.layout(test.b)},
          test.layout(test.c), input,  gradient,
          test.layout(test.c)};
      NestRun run(lower_data_gradient(MatMul{test.transpose_b}, context));
      run.write_map(Operand::kOutputGradient, context.output_gradient, kBatch, dc);
      const size_t other = 1 - input;
      run.write_map(Operand::kInput, context.inputs[other], kBatch, other == 0 ? a : b,
                    static_cast<uint32_t>(other));
      run.run(target.fuse);
      const auto found = run.read_map(Operand::kInputGradient, gradient, kBatch);
      const std::string where =
          fmt::format("by input {} of {} and {}{}, {}", input, to_string(test.a), to_string(test.b),
                      test.transpose_b ? " transposed" : "", traits(target.isa).name);
      for (size_t i = 0; i < wanted.size(); ++i) {
        ASSERT_NEAR(found[i], wanted[i], 2e-5 * (1 + std::abs(wanted[i]))) << where << ", " << i;
      }
      EXPECT_TRUE(run.surroundings_are_zero(Operand::kInputGradient, gradient, kBatch)) << where;
    }
  }
}

TEST(MatMulGradient, Sizes) {
  for (const bool transpose_b : {false, true}) {
    for (const auto& [depth, columns, rows] :
         {std::tuple{1, 1, 1}, {5, 9, 7}, {16, 33, 20}, {64, 6, 15}, {40, 17, 3}}) {
      check(make_case(depth, columns, 3, 3, rows, transpose_b));
      check(make_case(depth, columns, 3, 1, rows, transpose_b));
    }
  }
}

TEST(MatMulGradient, MapsWithPaddingAndHalos) {
  for (const bool transpose_b : {false, true}) {
    for (const int64_t second_heads : {1, 2}) {
      Case test = make_case(13, 21, 2, second_heads, 9, transpose_b);
      test.extra_channels = 11;
      test.halo = {1, 2, 3, 1};
      check(test);
    }
  }
}

}  // namespace
}  // namespace wattgrind
