#include "estimator/network/operations.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

Layer layer_of(const Operation& operation, FeatureShape input) {
  return build_network("one", input, {{.operation = operation}}, "test").layers.at(0);
}

TEST(OtherOperations, PoolingCountsTheWindowInsideTheMap) {
  // 3x3 with one row and column of padding on 4x4, stride 1: 3 * 4 - 2 = 10 positions an axis.
  const Window2d window{3, 3, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(other_operations(layer_of(MaxPool2d{window}, {2, 4, 4})), 2u * 10 * 10);
}

TEST(OtherOperations, OfElementwiseLayers) {
  EXPECT_EQ(other_operations(layer_of(Relu{}, {3, 4, 5})), 60u);
  EXPECT_EQ(other_operations(layer_of(Clip{}, {3, 4, 5})), 120u);
  EXPECT_EQ(other_backward_operations(layer_of(Clip{}, {3, 4, 5})), 120u);
  EXPECT_EQ(other_operations(layer_of(Activation{UnaryFunction::kSigmoid}, {3, 4, 5})), 4 * 60u);
  EXPECT_EQ(other_backward_operations(layer_of(Activation{UnaryFunction::kTanh}, {3, 4, 5})),
            3 * 60u);
  EXPECT_EQ(other_operations(layer_of(Binary{.scalar = 2}, {3, 4, 5})), 60u);
  EXPECT_EQ(layer_of(Binary{.constant = {3, 1, 5}}, {3, 4, 5}).parameters, 15u);
  EXPECT_EQ(other_operations(layer_of(BatchNorm{}, {3, 4, 5})), 2 * 60u + 15);
  EXPECT_EQ(layer_of(BatchNorm{}, {3, 4, 5}).parameters, 6u);
  EXPECT_EQ(other_operations(layer_of(Normalization{.axes = {.channels = true}}, {3, 4, 5})),
            6 * 60u + 5 * 20);
  EXPECT_EQ(other_backward_operations(layer_of(
                Normalization{.axes = {.channels = true}, .affine = {3, 1, 1}}, {3, 4, 5})),
            16 * 60u + 5 * 20);
  EXPECT_EQ(other_operations(layer_of(Lrn{.size = 5}, {3, 4, 5})), 60u * 13);
  EXPECT_EQ(other_operations(layer_of(GlobalAvgPool2d{}, {3, 4, 5})), 63u);
  EXPECT_EQ(other_operations(layer_of(Softmax{}, {10, 1, 1})), 50u);
  EXPECT_EQ(other_operations(layer_of(Dropout{}, {10, 1, 1})), 0u);
  EXPECT_EQ(other_operations(layer_of(Dense{7}, {10, 1, 1})), 0u);
}

}  // namespace
}  // namespace wattgrind
