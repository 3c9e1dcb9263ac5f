// Transposed convolutions against the obvious computation.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/kernels/network_check.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

void check(FeatureShape input, const std::vector<LayerSpec>& specs, int64_t batch,
           const std::string& what) {
  check_network(build_network("test", input, specs, "test"), batch, what);
}

TEST(ConvTranspose2dKernel, StridesKernelsAndPadding) {
  for (const int64_t stride : {1, 2, 3}) {
    for (const int64_t kernel : {1, 2, 3, 4}) {
      for (const int64_t filters : {3, 17}) {
        const Window2d uneven{kernel, kernel, stride, stride, kernel / 2, 0, 0, kernel - 1};
        check({6, 7, 9}, {{.operation = ConvTranspose2d{filters, uneven}}}, 2,
              fmt::format("kernel {} stride {}, {} filters", kernel, stride, filters));
      }
    }
  }
}

TEST(ConvTranspose2dKernel, Dilation) {
  for (const auto& [stride, down, across] :
       {std::tuple{1, 2, 3}, {2, 2, 1}, {2, 3, 2}, {4, 6, 3}}) {
    const Window2d w{3, 2, stride, stride, 1, 0, 2, 1, down, across};
    check({5, 6, 8}, {{.operation = ConvTranspose2d{9, w}}}, 2,
          fmt::format("stride {}, dilation {}x{}", stride, down, across));
  }
}

TEST(ConvTranspose2dKernel, OutputPaddingGroupsAndNoBias) {
  check({6, 5, 4}, {{.operation = ConvTranspose2d{4, window(3, 2, 1), 2, true, 1, 1}}}, 3,
        "groups");
  check({6, 5, 4}, {{.operation = ConvTranspose2d{6, window(4, 2, 1), 6, false, 0, 1}}}, 1,
        "depthwise");
  check({3, 4, 4}, {{.operation = ConvTranspose2d{40, window(5, 3, 1), 1, false, 2, 2}}}, 1,
        "no bias");
}

// Columns beyond the cropped output leave phases without outputs.
TEST(ConvTranspose2dKernel, OutputsFewerThanPhases) {
  check({4, 1, 1}, {{.operation = ConvTranspose2d{5, {3, 3, 4, 4, 1, 1, 1, 1}}}}, 2, "one pixel");
  check({4, 1, 2}, {{.operation = ConvTranspose2d{5, {1, 2, 3, 5, 0, 0, 0, 3}}}}, 2, "two pixels");
}

// A stride of two and a kernel of four double a map (U-Net, DCGAN): maps of other layers, with
// halos on either side.
TEST(ConvTranspose2dKernel, BetweenConvolutions) {
  check({3, 6, 5},
        {{.operation = Conv2d{6, window(3, 1, 1), 1}},
         {.operation = ConvTranspose2d{10, window(4, 2, 1)}},
         {.operation = Relu{}},
         {.operation = Conv2d{4, window(3, 1, 1), 1}}},
        2, "doubled");
}

}  // namespace
}  // namespace wattgrind
