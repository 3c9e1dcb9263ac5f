// The text of gradients' loop nests, one of every algorithm, against files that people read.
#include <gtest/gtest.h>

#include "tests/kernels/conv_problems.h"
#include "tests/kernels/golden_text.h"
#include "tests/kernels/layer_case.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

using enum ConvAlgorithm;

BackwardContext conv_context(FeatureShape input, const Conv2d& conv, int64_t batch, Isa isa) {
  const FeatureShape output =
      build_network("test", input, {{.operation = conv}}, "test").layers[0].output_shape;
  const Surroundings around = {.input = required_halo(conv, input, output),
                               .output_gradient = required_gradient_halo(conv, input, output)};
  return make_case(input, conv, batch, around, "").context(isa);
}

TEST(GradientGolden, Conv2dDataGradient) {
  const Conv2d strided{10, window(3, 2, 1), 1};
  expect_golden_text("conv2d_data_gradient",
                     to_text(lower_data_gradient(
                         strided, conv_context({8, 6, 6}, strided, 2, Isa::kAvx2), kDirect)));
  const Conv2d wide{8, window(3, 1, 1), 1};
  expect_golden_text(
      "conv2d_data_gradient_dots",
      to_text(lower_data_gradient(wide, conv_context({2, 5, 6}, wide, 2, Isa::kAvx2), kDots)));
  const Conv2d narrow{2, window(5, 1, 2), 1};
  expect_golden_text("conv2d_data_gradient_planar",
                     to_text(lower_data_gradient(
                         narrow, conv_context({1, 6, 8}, narrow, 2, Isa::kAvx2), kPlanar)));
}

TEST(GradientGolden, Conv2dWeightGradient) {
  const Conv2d wide{20, window(3, 1, 1), 1};
  expect_golden_text(
      "conv2d_weight_gradient",
      to_text(lower_weight_gradient(wide, conv_context({3, 8, 9}, wide, 2, Isa::kAvx2), kDirect)));
  const Conv2d narrow{2, window(3, 1, 1), 1};
  const BackwardContext context = conv_context({3, 8, 9}, narrow, 2, Isa::kAvx2);
  expect_golden_text("conv2d_weight_gradient_tap_columns",
                     to_text(lower_weight_gradient(narrow, context, kTapColumns)));
  expect_golden_text("conv2d_weight_gradient_planar",
                     to_text(lower_weight_gradient(narrow, context, kPlanar)));
}

TEST(GradientGolden, Dense) {
  const Dense dense{16};
  const BackwardContext context = make_case({9, 1, 1}, dense, 3, {}, "").context(Isa::kAvx2);
  expect_golden_text("dense_data_gradient", to_text(lower_data_gradient(dense, context, kDirect)));
  expect_golden_text("dense_data_gradient_dots",
                     to_text(lower_data_gradient(dense, context, kDots)));
  expect_golden_text("dense_weight_gradient",
                     to_text(lower_weight_gradient(dense, context, kDirect)));
}

TEST(GradientGolden, MaxPooling) {
  const MaxPool2d pool{window(2, 2, 0)};
  expect_golden_text("maxpool2d_backward",
                     to_text(lower_data_gradient(
                         pool, make_case({6, 4, 4}, pool, 2, {}, "").context(Isa::kAvx2))));
}

}  // namespace
}  // namespace wattgrind
