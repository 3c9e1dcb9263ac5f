#include "estimator/catalog/layer_source.h"

#include <gmock/gmock.h>

#include "estimator/base/error.h"
#include "estimator/catalog/workload_source.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

TEST(LayerSource, ReadsAConvolutionWithItsBatch) {
  const auto load =
      find_layer("conv:filters=64,kernel=3x5,stride=2,padding=1,bias=false,input=16x56x40,batch=8");
  ASSERT_TRUE(load);
  EXPECT_EQ(load->batch, 8);
  ASSERT_EQ(load->network.layers.size(), 1u);
  const auto& conv = std::get<Conv2d>(load->network.layers[0].operation);
  EXPECT_EQ(conv.filters, 64);
  EXPECT_EQ(conv.window.kernel_height, 3);
  EXPECT_EQ(conv.window.kernel_width, 5);
  EXPECT_EQ(conv.window.stride_width, 2);
  EXPECT_EQ(conv.window.pad_bottom, 1);
  EXPECT_FALSE(conv.bias);
  EXPECT_EQ(load->network.input(), (FeatureShape{16, 56, 40}));
  EXPECT_EQ(load->network.name,
            "conv:filters=64,kernel=3x5,stride=2,padding=1,bias=false,input=16x56x40");
}

TEST(LayerSource, ReadsOtherKindsAndActivations) {
  EXPECT_TRUE(std::holds_alternative<MaxPool2d>(
      find_layer("maxpool:kernel=2,input=3x8x8")->network.layers[0].operation));
  EXPECT_TRUE(std::holds_alternative<Softmax>(
      find_layer("softmax:input=10x1x1")->network.layers[0].operation));
  const auto tanh = find_layer("tanh:input=10x1x1");
  EXPECT_EQ(std::get<Activation>(tanh->network.layers[0].operation).function, UnaryFunction::kTanh);
  EXPECT_FALSE(find_layer("dffr:layers=3,width=12"));
  EXPECT_FALSE(find_layer("lenet5"));
}

TEST(LayerSource, ReadsLayersOfTwoMaps) {
  const auto add = find_layer("binary:function=add,input=3x8x8,second=3x8x8");
  ASSERT_TRUE(add);
  EXPECT_EQ(add->network.layers[0].input_shapes.size(), 2u);
  EXPECT_EQ(add->network.name, "binary:function=add,input=3x8x8,second=3x8x8");
  const auto product = find_layer("matmul:transpose_b=true,input=16x2x10,second=16x2x12");
  EXPECT_EQ(product->network.layers[0].output_shape, (FeatureShape{12, 2, 10}));
  EXPECT_EQ(product->network.macs(), 2u * 10 * 12 * 16);
}

TEST(LayerSource, ReadsRearrangements) {
  const auto split = find_layer(
      "rearrange:channels=64*channels,height=4*channels*64,width=49*width,input=256x1x49");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->network.layers[0].output_shape, (FeatureShape{64, 4, 49}));
  const auto& heads = std::get<Rearrange>(split->network.layers[0].operation);
  EXPECT_EQ(heads.height, (std::vector<RearrangeFactor>{{4, MapAxis::kChannels, 64}}));
  const auto merge = find_layer(
      "rearrange:first=0x1x0,channels=3*height+64*channels,width=49*width,input=64x4x49");
  const auto& joined = std::get<Rearrange>(merge->network.layers[0].operation);
  EXPECT_EQ(joined.first_row, 1);
  EXPECT_EQ(joined.channels,
            (std::vector<RearrangeFactor>{{3, MapAxis::kHeight, 1}, {64, MapAxis::kChannels, 1}}));
}

TEST(LayerSource, IsAWorkload) {
  const Workload workload = find_workload("dense:units=10,input=400x1x1");
  EXPECT_EQ(std::get<Network>(workload).macs(), 4000u);
}

void expect_no_layer(const std::string& text, const std::string& message) {
  try {
    find_layer(text);
    ADD_FAILURE() << "took " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(LayerSource, WhatDoesNotFitIsNamed) {
  expect_no_layer("conv:filters=8,kernel=3", "input: missing");
  expect_no_layer("conv:filters=8,kernel=x,input=3x8x8", "kernel: found x");
  expect_no_layer("conv:filters=8,kernel=9,input=3x8x8", "kernel");
  expect_no_layer("conv:filters=8,kernel=3,input=3x8x8,batch=0", "batch: found 0");
  expect_no_layer("conv:filters=8,kernle=3,input=3x8x8", "kernle");
  expect_no_layer("dense:units=ten,input=3x1x1", "units");
  expect_no_layer("rearrange:channels=4,input=4x1x1", "channels: found 4, wanted EXTENT*AXIS");
  EXPECT_THROW(find_workload("relu:input=3x1x1,batch=2"), Error);
}

}  // namespace
}  // namespace wattgrind
