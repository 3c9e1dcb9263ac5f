// Layers that only move values against the obvious computation, and where they move nothing.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/program/program.h"
#include "tests/kernels/layer_case.h"
#include "tests/kernels/network_check.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

constexpr MapAxis kC = MapAxis::kChannels, kH = MapAxis::kHeight, kW = MapAxis::kWidth;

void check(FeatureShape input, const std::vector<LayerSpec>& specs, const std::string& what) {
  check_network(build_network("test", input, specs, "test"), 3, what);
}

// The kernel alone, between maps with padding channels and halos.
void check_kernel(FeatureShape input, const Operation& operation, const std::string& what) {
  for (const int64_t padded : {0, 1}) {
    const LayerCase test =
        make_case(input, operation, 2,
                  {.extra_channels = padded * 3, .input = {padded, 2 * padded, 0, padded}},
                  fmt::format("{} of {}, {} more channels", what, to_string(input), padded * 3));
    for (const Target& target : targets()) {
      check_forward(test, target, [&](const LayerContext& context) {
        return std::visit([&](const auto& known) { return lower(known, context); }, operation);
      });
    }
  }
}

TEST(RearrangeKernel, SlicesAlongEveryAxis) {
  for (const int64_t channels : {1, 6, 48}) {
    const FeatureShape shape{channels, 7, 9};
    check_kernel(shape, Slice{kC, 0, channels, 1}, "whole");
    check_kernel(shape, Slice{kC, channels / 3, channels / 2 + 1, 1}, "channels");
    check_kernel(shape, Slice{kC, channels - 1, channels / 2 + 1, -1}, "channels backwards");
    check_kernel(shape, Slice{kH, 1, 3, 2}, "rows");
    check_kernel(shape, Slice{kH, 6, 7, -1}, "rows backwards");
    check_kernel(shape, Slice{kW, 2, 5, 1}, "columns");
    check_kernel(shape, Slice{kW, 8, 3, -3}, "columns backwards");
  }
}

TEST(RearrangeKernel, TransposesInEveryOrder) {
  for (const auto& order : {std::array{kC, kH, kW},
                            {kC, kW, kH},
                            {kH, kC, kW},
                            {kH, kW, kC},
                            {kW, kC, kH},
                            {kW, kH, kC}}) {
    for (const FeatureShape& shape : {FeatureShape{5, 7, 9}, {33, 3, 40}, {64, 1, 35}, {1, 6, 4}}) {
      check_kernel(shape, Transpose{order}, "transpose");
    }
  }
}

TEST(RearrangeKernel, ShufflesAndBlocks) {
  for (const int64_t groups : {1, 2, 3, 8}) {
    check_kernel({24, 5, 3}, ChannelShuffle{groups}, fmt::format("{} groups", groups));
  }
  for (const int64_t block : {1, 2, 3}) {
    for (const int64_t channels : {1, 5, 16}) {
      const std::string what = fmt::format("blocks of {}", block);
      const FeatureShape deep{channels * block * block, 4, 3};
      check_kernel(deep, DepthToSpace{block}, what);
      check_kernel(deep, DepthToSpace{block, true}, what + " by channel");
      check_kernel({channels, 6, 12}, SpaceToDepth{block}, what);
    }
  }
}

TEST(RearrangeKernel, RepeatsAndMixesAxes) {
  check_kernel({5, 4, 3}, Rearrange{0, 0, 0, {{5, kC, 1}}, {{4, kH, 1}, {3, kC, 0}}, {{3, kW, 1}}},
               "rows three times");
  check_kernel({1, 4, 3}, Rearrange{0, 0, 0, {{20, kC, 0}}, {{4, kH, 1}}, {{3, kW, 1}}},
               "a channel twenty times");
  check_kernel({24, 1, 5},
               Rearrange{0, 0, 3, {{4, kW, -1}}, {{3, kC, 8}, {2, kC, 4}}, {{4, kC, 1}}},
               "heads of tokens");
  check_kernel({3, 4, 5}, Rearrange{2, 3, 4, {}, {}, {}}, "one value");
}

TEST(RearrangeKernel, Reshapes) {
  for (const auto& [from, to] : {std::pair{FeatureShape{6, 4, 5}, FeatureShape{3, 8, 5}},
                                 {{6, 4, 5}, {12, 2, 5}},
                                 {{6, 4, 5}, {5, 4, 6}},
                                 {{6, 4, 5}, {1, 1, 120}},
                                 {{120, 1, 1}, {6, 4, 5}},
                                 {{1, 2, 3}, {1, 3, 2}},
                                 {{32, 3, 16}, {48, 2, 16}},
                                 {{7, 1, 1}, {7, 1, 1}}}) {
    check_kernel(from, Reshape{to}, fmt::format("reshape to {}", to_string(to)));
    check(from, {{.operation = Reshape{to}}}, "reshape");
  }
}

TEST(RearrangeKernel, InNetworks) {
  check({3, 9, 8},
        {{.operation = Conv2d{6, window(3, 1, 1), 1}},
         {.operation = ChannelShuffle{2}},
         {.operation = Relu{}},
         {.operation = Conv2d{5, window(3, 1, 1), 1}}},
        "a shuffle between convolutions");
  check({8, 6, 4},
        {{.operation = Relu{}},
         {.operation = Reshape{{8, 24, 1}}},
         {.operation = Clip{-0.5, 0.5}},
         {.operation = Reshape{{8, 4, 6}}},
         {.operation = Conv2d{5, window(3, 1, 1), 1}}},
        "views and a halo");
  check({16, 3, 4},
        {{.operation = Reshape{{16, 12, 1}}},
         {.operation = Transpose{{kC, kW, kH}}},
         {.operation = Reshape{{16 * 12, 1, 1}}},
         {.operation = Relu{}},
         {.operation = Dense{7}}},
        "reshaped to a vector for a dense layer");
}

Storage storage_of(const std::vector<LayerSpec>& specs, size_t layer, FeatureShape input,
                   Phase phase = Phase::kInference) {
  const Network network = build_network("test", input, specs, "test");
  return plan_maps(network, Isa::kAvx2, 2, phase).outputs[layer].storage;
}

TEST(RearrangePlan, WhatMovesNothingIsAView) {
  const LayerSpec rows{.operation = Reshape{{16, 12, 1}}};
  const LayerSpec conv{.operation = Conv2d{8, window(3, 1, 1), 1}};
  EXPECT_EQ(storage_of({rows}, 0, {16, 3, 4}), Storage::kView);
  EXPECT_EQ(storage_of({rows, {.operation = Relu{}}}, 1, {16, 3, 4}), Storage::kOwn)
      << "over the network's input";
  EXPECT_EQ(storage_of({{.operation = Reshape{{16, 2, 6}}}}, 0, {16, 3, 4}), Storage::kView);
  EXPECT_EQ(storage_of({{.operation = Reshape{{8, 6, 4}}}}, 0, {16, 3, 4}), Storage::kOwn)
      << "channels are innermost, and theirs are cut";
  EXPECT_EQ(storage_of({{.operation = Transpose{{kC, kW, kH}}}}, 0, {16, 3, 1}), Storage::kView);
  EXPECT_EQ(storage_of({{.operation = Transpose{{kC, kW, kH}}}}, 0, {16, 3, 4}), Storage::kOwn);
  EXPECT_EQ(storage_of({rows, conv}, 0, {16, 3, 4}), Storage::kOwn) << "its reader wants a halo";
  EXPECT_EQ(storage_of({rows}, 0, {16, 3, 4}, Phase::kTraining), Storage::kOwn);
  const LayerSpec narrow{.name = "narrow", .operation = Conv2d{3, window(1, 1, 0), 1}};
  EXPECT_EQ(storage_of({narrow, {.operation = Reshape{{3, 12, 1}}}}, 1, {16, 3, 4}), Storage::kOwn)
      << "three channels are padded to four";
  EXPECT_EQ(storage_of({{.name = "relu", .operation = Relu{}},
                        {.operation = Reshape{{16, 12, 1}}},
                        {.operation = conv.operation, .inputs = {"relu"}}},
                       1, {16, 3, 4}),
            Storage::kOwn)
      << "another reader of the map wants a halo";
}

}  // namespace
}  // namespace wattgrind
