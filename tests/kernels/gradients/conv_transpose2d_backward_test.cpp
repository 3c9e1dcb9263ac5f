// Gradients of transposed convolutions against the obvious sums.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/gradients/backward.h"
#include "tests/kernels/layer_case.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

void check(FeatureShape input, const ConvTranspose2d& conv, int64_t batch, Surroundings around,
           const std::string& what) {
  const FeatureShape output =
      build_network("test", input, {{.operation = conv}}, "test").layers[0].output_shape;
  around.output_gradient.cover(required_gradient_halo(conv, input, output));
  const LayerCase test = make_case(input, conv, batch, around, what);
  check_data_gradient(
      test, [&](const BackwardContext& context) { return lower_data_gradient(conv, context); });
  check_weight_gradient(
      test, [&](const BackwardContext& context) { return lower_weight_gradient(conv, context); });
}

TEST(ConvTranspose2dBackward, StridesKernelsAndPadding) {
  for (const int64_t stride : {1, 2, 3}) {
    for (const int64_t kernel : {1, 2, 3, 4}) {
      for (const int64_t filters : {3, 17}) {
        const Window2d uneven{kernel, kernel, stride, stride, kernel / 2, 0, 0, kernel - 1};
        check({6, 7, 9}, {filters, uneven}, 2, {},
              fmt::format("kernel {} stride {}, {} filters", kernel, stride, filters));
      }
    }
  }
}

TEST(ConvTranspose2dBackward, DilationGroupsAndOutputPadding) {
  check({5, 6, 8}, {9, {3, 2, 2, 2, 1, 0, 2, 1, 3, 2}}, 2, {}, "dilated");
  check({6, 5, 4}, {4, window(3, 2, 1), 2, true, 1, 1}, 3, {}, "groups");
  check({33, 5, 4}, {40, window(4, 2, 1), 1, true, 1, 0}, 1,
        {.extra_channels = 7, .input_gradient = {1, 0, 2, 1}}, "padding channels and halos");
}

}  // namespace
}  // namespace wattgrind
