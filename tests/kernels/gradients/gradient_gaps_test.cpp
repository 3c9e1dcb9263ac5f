#include <gtest/gtest.h>

#include "kernels/gradients/backward.h"

namespace wattgrind {
namespace {

bool leaves_gaps_on(const FeatureShape& input, const Operation& operation, bool pad_same = false) {
  const Network network =
      build_network("test", input, {{"layer", operation, pad_same, {}}}, "test");
  return leaves_gaps(network.layers[0]);
}

Window2d window(int64_t size, int64_t stride, int64_t dilation = 1) {
  return {.kernel_height = size,
          .kernel_width = size,
          .stride_height = stride,
          .stride_width = stride,
          .dilation_height = dilation,
          .dilation_width = dilation};
}

TEST(GradientGaps, AreWhereNoWindowReads) {
  EXPECT_TRUE(leaves_gaps_on({4, 6, 6}, Conv2d{4, window(1, 2)}));
  EXPECT_FALSE(leaves_gaps_on({4, 6, 6}, Conv2d{4, window(1, 1)}));
  EXPECT_FALSE(leaves_gaps_on({4, 6, 6}, MaxPool2d{window(2, 2)}));
  EXPECT_TRUE(leaves_gaps_on({4, 6, 7}, MaxPool2d{window(2, 2)}));  // the last column
  EXPECT_TRUE(leaves_gaps_on({4, 7, 6}, AvgPool2d{window(2, 2)}));  // the last row
  EXPECT_FALSE(leaves_gaps_on({4, 7, 7}, AvgPool2d{window(2, 2), true}));
  EXPECT_TRUE(leaves_gaps_on({4, 6, 6}, Conv2d{4, window(3, 2)}));  // the last of both
  EXPECT_FALSE(leaves_gaps_on({4, 6, 6}, Conv2d{4, window(3, 2)}, true));
  EXPECT_TRUE(leaves_gaps_on({4, 9, 9}, Conv2d{4, window(2, 4, 2)}));  // reads 0, 2, 4, 6
  EXPECT_FALSE(leaves_gaps_on({4, 6, 6}, Relu{}));
}

}  // namespace
}  // namespace wattgrind
