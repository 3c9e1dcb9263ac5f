// The text of loop nests against files that people read: a change of a lowering shows here.
#include <gtest/gtest.h>

#include "kernels/program/program.h"
#include "tests/kernels/golden_text.h"
#include "tests/kernels/layer_case.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

void expect_golden(const std::string& name, FeatureShape input,
                   const std::vector<LayerSpec>& layers, Isa isa, int64_t batch) {
  const Network network = build_network(name, input, layers, name);
  std::string text;
  for (const Step& step : lower_network(network, isa, batch).steps) text += to_text(step.nest);
  expect_golden_text(name, text);
}

TEST(Golden, Conv2d) {
  expect_golden("conv2d", {3, 8, 13}, {{.operation = Conv2d{20, window(3, 1, 1), 1}}}, Isa::kAvx2,
                2);
}

TEST(Golden, Conv2dOfFewFilters) {
  expect_golden("conv2d_few_filters", {1, 6, 7}, {{.operation = Conv2d{1, window(3, 1, 1), 1}}},
                Isa::kAvx2, 2);
}

TEST(Golden, GroupedConv2d) {
  expect_golden("conv2d_groups", {4, 5, 5}, {{.operation = Conv2d{6, window(3, 2, 0), 2}}},
                Isa::kSse42, 1);
}

TEST(Golden, DepthwiseConv2d) {
  expect_golden("conv2d_depthwise", {6, 5, 5}, {{.operation = Conv2d{6, window(3, 1, 1), 6}}},
                Isa::kAvx2, 1);
}

TEST(Golden, Dense) {
  expect_golden("dense", {9, 1, 1}, {{.operation = Dense{20}}}, Isa::kAvx2, 7);
  expect_golden("dense_one_image", {9, 1, 1}, {{.operation = Dense{130}}}, Isa::kAvx512, 1);
}

TEST(Golden, DenseOfFewUnits) {
  const Dense dense{2};
  const LayerCase test = make_case({16, 1, 1}, dense, 7, {}, "");
  expect_golden_text("dense_few_units",
                     to_text(lower(dense, test.forward_context(Isa::kAvx2), ConvAlgorithm::kDots)));
}

TEST(Golden, Pooling) {
  expect_golden("maxpool2d", {6, 5, 5}, {{.operation = MaxPool2d{window(3, 2, 1)}}}, Isa::kAvx2, 1);
  expect_golden("avgpool2d", {4, 8, 8}, {{.operation = AvgPool2d{window(4, 4, 0)}}}, Isa::kNeon, 1);
}

TEST(Golden, Elementwise) {
  expect_golden("relu", {3, 3, 3}, {{.operation = Relu{}}}, Isa::kAvx2, 2);
  expect_golden("clip", {3, 3, 3}, {{.operation = Clip{}}}, Isa::kAvx2, 2);
  expect_golden("lrn", {6, 2, 2}, {{.operation = Lrn{}}}, Isa::kAvx2, 1);
  expect_golden("softmax", {10, 1, 1}, {{.operation = Softmax{}}}, Isa::kAvx2, 2);
}

}  // namespace
}  // namespace wattgrind
