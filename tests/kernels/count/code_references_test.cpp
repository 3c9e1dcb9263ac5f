// The loads and stores that object code holds, times how often its blocks run, are those that the
// simulation walks. Where Valgrind cannot be had, for AArch64, this stands in for it.
#include "tests/kernels/code_references.h"

#include <gtest/gtest.h>

#include "estimator/catalog/network_source.h"
#include "estimator/network/quantization.h"
#include "kernels/gradients/optimizer.h"
#include "kernels/program/engine_plan.h"
#include "kernels/program/training_program.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

// Every kind of layer that training knows, at odd sizes.
Network trained_kinds() {
  return build_network("trained", {5, 13, 11},
                       {{.operation = Conv2d{18, window(3, 1, 1)}},
                        {.operation = BatchNorm{}},
                        {.operation = Relu{}},
                        {.operation = Conv2d{22, window(3, 2, 1), 2}},
                        {.operation = Lrn{}},
                        {.operation = same_conv(22, 3, 22)},
                        {.operation = Clip{}},
                        {.operation = MaxPool2d{window(2, 1, 0)}},
                        {.operation = ConvTranspose2d{7, window(3, 2, 1)}},
                        {.operation = Activation{UnaryFunction::kSigmoid}},
                        {.operation = AvgPool2d{window(3, 2, 1)}},
                        {.operation = Conv2d{33, window(1, 1, 0)}},
                        {.operation = Normalization{{.channels = true}, {33, 1, 1}}},
                        {.operation = Activation{UnaryFunction::kTanh}},
                        {.operation = Dropout{}},
                        {.operation = Binary{.function = BinaryFunction::kMultiply, .scalar = 0.3}},
                        {.operation = Flatten{}},
                        {.operation = Dense{37}},
                        {.operation = Activation{UnaryFunction::kGelu, 0, 0}},
                        {.operation = Dense{10}},
                        {.operation = Softmax{}}},
                       "test");
}

// The other kinds.
Network other_kinds() {
  return build_network(
      "others", {6, 8, 10},
      {{.operation = ChannelShuffle{3}},
       {.operation = Pad{PadMode::kReflect, {0, 1, 2}, {0, 2, 1}}},
       {.operation = Resize{.mode = ResizeMode::kLinear, .height = 14, .width = 16}},
       {.operation = SpaceToDepth{2}},
       {.operation = Transpose{{MapAxis::kChannels, MapAxis::kWidth, MapAxis::kHeight}}},
       {.operation = Slice{MapAxis::kHeight, 1, 6}},
       {.operation = DepthToSpace{2}},
       {.operation = Reshape{{12, 12, 7}}},
       {.operation = Reduce{ReduceFunction::kMax, {.width = true}}},
       {.operation = GlobalAvgPool2d{}},
       {.operation = Softmax{}}},
      "test");
}

MapRanges unit_ranges(const Network& network) {
  return {{network.inputs.size(), {-1, 1}}, {network.layers.size(), {-1, 1}}};
}

Network on_bytes(const Network& network) {
  const NetworkValues folded = folded_for_bytes(network, {});
  return quantized(folded, unit_ranges(folded.network), 8).on_bytes.network;
}

std::vector<Program> programs_of_every_kind(Isa isa) {
  std::vector<Program> programs;
  for (const Network& network :
       {trained_kinds(), other_kinds(), find_network("lenet5"), on_bytes(find_network("lenet5")),
        find_network("bert_tiny"), find_network("mobilenet_v1_025")}) {
    for (const Plan plan : {Plan::kLayers, Plan::kFused}) {
      programs.push_back(plan_inference(network, plan, isa, 2).program);
    }
  }
  programs.push_back(lower_training(trained_kinds(), Adam{}, isa, 3).program);
  programs.push_back(lower_training(find_network("lenet5"), Sgd{}, isa, 3).program);
  return programs;
}

using Spilling = std::set<std::string>;

TEST(CodeReferences, AreTheNestsOnSse) {
  // Its sixteen registers hold neither all constants of an exponential nor all sums of these
  // products.
  EXPECT_EQ(expect_code_references(programs_of_every_kind(Isa::kSse42), {Isa::kSse42}, {}),
            (Spilling{"activation_1", "dense_1:data_gradient", "fc3:data_gradient",
                      "fc4:data_gradient"}));
}

TEST(CodeReferences, AreTheNestsOnAvx2) {
  for (const bool fused : {false, true}) {
    EXPECT_EQ(expect_code_references(programs_of_every_kind(Isa::kAvx2), {Isa::kAvx2, fused}, {}),
              (Spilling{"activation_1"}));
  }
}

TEST(CodeReferences, AreTheNestsOnAvx512) {
  EXPECT_EQ(
      expect_code_references(programs_of_every_kind(Isa::kAvx512), {Isa::kAvx512, true, true}, {}),
      Spilling{});
}

// With the sums of a product the constants of gelu take more than 32 registers.
TEST(CodeReferences, AreTheNestsOnNeon) {
  const Spilling gelu = {"activation_3:backward", "encoder1.up+gelu", "encoder2.up+gelu",
                         "pooler+pooled"};
  const std::vector<Program> programs = programs_of_every_kind(Isa::kNeon);
  EXPECT_EQ(expect_code_references(programs, {Isa::kNeon, false}, {}), gelu);
  EXPECT_EQ(expect_code_references(programs, {Isa::kNeon, true, true}, {}), gelu);
  expect_code_references(programs, {Isa::kNeon, true}, CoreModel{"cortex-a53", {}});
}

}  // namespace
}  // namespace wattgrind
