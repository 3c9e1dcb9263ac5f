// Gradients of layers that move, join and fold values against the obvious computation.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/gradients/backward.h"
#include "tests/kernels/layer_case.h"

namespace wattgrind {
namespace {

constexpr MapAxis kC = MapAxis::kChannels, kH = MapAxis::kHeight, kW = MapAxis::kWidth;

template <typename Operation>
void check(const FeatureShape& shape, const Operation& operation, const std::string& what) {
  for (const int64_t extra : {0, 1}) {
    const Surroundings around{.extra_channels = 2 * extra,
                              .input = {0, extra, 0, 0},
                              .input_gradient = {extra, 0, 2 * extra, extra},
                              .output_gradient = {0, extra, extra, 2 * extra}};
    check_data_gradient(
        make_case(shape, operation, 2, around, fmt::format("{} of {}", what, to_string(shape))),
        [&](const auto& c) { return lower_data_gradient(operation, c); });
  }
}

TEST(RearrangeBackward, SlicesTransposesAndBlocks) {
  for (const int64_t channels : {1, 6, 19}) {
    const FeatureShape shape{channels, 4, 6};
    check(shape, Slice{kC, channels / 3, channels / 2 + 1, 1}, "channels");
    check(shape, Slice{kC, channels - 1, channels / 2 + 1, -1}, "channels backwards");
    check(shape, Slice{kH, 1, 2, 2}, "rows");
    check(shape, Slice{kW, 5, 6, -1}, "columns backwards");
    check(shape, Transpose{{kW, kC, kH}}, "transpose");
    check(shape, Transpose{{kH, kW, kC}}, "transpose");
    check(shape, SpaceToDepth{2}, "blocks");
  }
  check({12, 3, 5}, ChannelShuffle{3}, "shuffle");
  check({12, 3, 5}, DepthToSpace{2}, "depth to space");
  check({12, 3, 5}, DepthToSpace{2, true}, "depth to space by channel");
}

TEST(RearrangeBackward, AddsUpWhatRepeats) {
  check({5, 4, 3}, Rearrange{0, 0, 0, {{5, kC, 1}}, {{4, kH, 1}, {3, kC, 0}}, {{3, kW, 1}}},
        "rows three times");
  check({1, 4, 3}, Rearrange{0, 0, 0, {{20, kC, 0}}, {{4, kH, 1}}, {{3, kW, 1}}},
        "a channel twenty times");
  check({9, 2, 1}, Rearrange{0, 0, 0, {{3, kC, 1}}, {{2, kH, 1}}, {{4, kC, 2}}},
        "overlapping windows");
}

TEST(RearrangeBackward, Reshapes) {
  check({6, 4, 5}, Reshape{{3, 8, 5}}, "reshape");
  check({6, 4, 5}, Reshape{{5, 4, 6}}, "reshape");
  check({6, 4, 5}, Reshape{{120, 1, 1}}, "flatten");
}

TEST(ConcatBackward, EveryInputGetsItsPart) {
  for (const auto& [axis, shapes] :
       {std::pair{kC, std::vector<FeatureShape>{{3, 5, 4}, {5, 5, 4}, {16, 5, 4}}},
        {kH, {{6, 1, 4}, {6, 3, 4}}},
        {kW, {{6, 3, 1}, {6, 3, 4}, {6, 3, 2}}}}) {
    NetworkSpec spec{"test", {}, {}, {}};
    std::vector<std::string> names;
    for (const FeatureShape& shape : shapes) {
      names.push_back(fmt::format("in{}", names.size()));
      spec.inputs.push_back({names.back(), shape});
    }
    const Concat concat{axis};
    spec.layers = {{"joined", concat, false, names}};
    const Layer layer = build_network(spec, "test").layers[0];
    constexpr int64_t kBatch = 2;
    const auto dy = random_values(static_cast<size_t>(kBatch * layer.output_shape.elements()), 7);
    for (const Target& target : targets()) {
      for (size_t i = 0; i < shapes.size(); ++i) {
        const MapLayout out{layer.output_shape, layer.output_shape.channels, {1, 0, 0, 1}};
        BackwardContext context{target.isa, kBatch, {}, out, i, {}, out};
        for (const FeatureShape& shape : shapes) {
          context.inputs.push_back({shape, shape.channels + 2, {0, 1, 2, 0}});
        }
        context.input_gradient = context.inputs[i];
        NestRun run(lower_data_gradient(concat, context));
        run.write_map(Operand::kOutputGradient, out, kBatch, dy);
        run.run(target.fuse);
        EXPECT_EQ(run.read_map(Operand::kInputGradient, context.input_gradient, kBatch),
                  linear_gradient(layer, kBatch, i, dy))
            << "input " << i;
        EXPECT_TRUE(
            run.surroundings_are_zero(Operand::kInputGradient, context.input_gradient, kBatch));
      }
    }
  }
}

TEST(PadBackward, Modes) {
  for (const PadMode mode : {PadMode::kConstant, PadMode::kEdge, PadMode::kReflect}) {
    const std::string what = fmt::format("padding in mode {}", static_cast<int>(mode));
    check({6, 4, 5}, Pad{mode, {0, 1, 2}, {0, 3, 1}, 0.5}, what);
    check({19, 2, 3}, Pad{mode, {4, 0, 1}, {2, 1, 0}, 0.5}, what);
  }
}

TEST(ResizeBackward, ModesAndRatios) {
  for (const int64_t channels : {1, 6, 19}) {
    for (const ResizeMode mode : {ResizeMode::kNearest, ResizeMode::kLinear}) {
      for (const auto& [height, width] : {std::pair{8, 10}, {2, 3}, {9, 13}, {4, 5}, {23, 31}}) {
        check({channels, 4, 5}, Resize{mode, height, width},
              fmt::format("resize to {}x{}", height, width));
      }
      check({channels, 4, 5}, Resize{mode, 7, 9, 0, 0, CoordinateMode::kAlignCorners},
            "resize with corners aligned");
    }
  }
}

TEST(ReduceBackward, MeanSumAndMaximum) {
  for (const int64_t channels : {1, 6, 19}) {
    const FeatureShape shape{channels, 4, 5};
    for (const MapAxes axes : {MapAxes{true, false, false},
                               {false, true, false},
                               {false, true, true},
                               {true, false, true},
                               {true, true, true}}) {
      check(shape, Reduce{ReduceFunction::kMean, axes}, "mean");
      check(shape, Reduce{ReduceFunction::kSum, axes}, "sum");
      if (!axes.channels) check(shape, Reduce{ReduceFunction::kMax, axes}, "maximum");
    }
  }
}

TEST(SoftmaxBackward, AlongAxesAndInPlace) {
  for (const int64_t channels : {1, 6, 19}) {
    const FeatureShape shape{channels, 4, 5};
    for (const MapAxes axes : {MapAxes{true, false, false},
                               {false, true, false},
                               {false, true, true},
                               {true, true, true}}) {
      for (const bool log : {false, true}) {
        const Softmax softmax{axes, log};
        check(shape, softmax, "softmax");
        const LayerCase test = make_case(shape, softmax, 2, {.output_gradient = {1, 0, 2, 1}}, "");
        for (const Target& target : targets()) {
          BackwardContext context = test.context(target.isa);
          context.in_place = true;
          NestRun run(lower_data_gradient(softmax, context));
          run.write_map(Operand::kOutput, context.output, 2, test.output);
          run.write_map(Operand::kGradient, context.output_gradient, 2, test.output_gradient);
          run.run(target.fuse);
          const auto found = run.read_map(Operand::kGradient, context.output_gradient, 2);
          for (size_t i = 0; i < found.size(); ++i) {
            ASSERT_NEAR(found[i], test.wanted.input[i], 2e-5) << i;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace wattgrind
