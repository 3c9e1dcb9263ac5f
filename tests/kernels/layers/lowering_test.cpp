// Kernels of every layer against the obvious computation, at sizes on and off the tile.
#include "kernels/layers/lowering.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/conv/forward_algorithms.h"
#include "kernels/program/program.h"
#include "tests/kernels/layer_case.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/network_check.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

void check(FeatureShape input, const std::vector<LayerSpec>& specs, int64_t batch,
           const std::string& what) {
  check_network(build_network("test", input, specs, "test"), batch, what);
}

TEST(Conv2dKernel, SizesAndChannels) {
  for (const int64_t size : kSizes) {
    for (const int64_t channels : kChannels) {
      const int64_t filters = channels == 96 ? 6 : 96 / channels + 1;
      const std::string what = fmt::format("conv {}x{}x{} -> {}", channels, size, size, filters);
      check({channels, size, size}, {{.operation = Conv2d{filters, window(3, 1, 1), 1}}}, 1, what);
    }
  }
}

TEST(Conv2dKernel, StridesKernelsAndPadding) {
  for (const int64_t stride : {1, 2, 4}) {
    for (const int64_t kernel : {1, 2, 5, 11}) {
      for (const int64_t batch : kBatches) {
        const Window2d uneven{kernel, kernel, stride, stride, kernel / 2, 0, 0, kernel - 1};
        check({3, 33, 31}, {{.operation = Conv2d{17, uneven, 1}}}, batch,
              fmt::format("conv kernel {} stride {}", kernel, stride));
      }
    }
  }
}

TEST(Conv2dKernel, FewFilters) {
  for (const int64_t filters : {1, 2, 5, 8}) {
    for (const int64_t kernel : {1, 3, 8, 10}) {
      const Window2d uneven{kernel, kernel, 1, 1, kernel / 2, 0, 0, kernel - 1};
      for (const auto& [channels, height, width] :
           {std::tuple{1, 11, 13}, {5, 28, 28}, {3, 9, 35}}) {
        check({channels, height, width}, {{.operation = Conv2d{filters, uneven, 1}}}, 3,
              fmt::format("{} filters of {}x{}", filters, kernel, kernel));
      }
    }
  }
}

TEST(Conv2dKernel, PixelsAreLanesWhereFiltersAreFew) {
  const auto is_planar = [](int64_t filters, int64_t kernel, int64_t stride, Isa isa) {
    const Conv2d conv{filters, window(kernel, stride, 0), 1};
    const LayerContext context = make_case({1, 28, 28}, conv, 1, {}, "").forward_context(isa);
    return choose_forward_algorithm(conv2d_problem(conv, context)).algorithm ==
           ConvAlgorithm::kPlanar;
  };
  EXPECT_TRUE(is_planar(2, 8, 1, Isa::kAvx512));
  EXPECT_TRUE(is_planar(1, 3, 1, Isa::kAvx2));
  EXPECT_FALSE(is_planar(1, 3, 1, Isa::kSse42)) << "of four lanes";
  EXPECT_FALSE(is_planar(2, 8, 2, Isa::kAvx512)) << "pixels that lie apart";
  EXPECT_FALSE(is_planar(8, 8, 1, Isa::kAvx2)) << "as many filters as lanes";
  EXPECT_FALSE(is_planar(16, 8, 1, Isa::kAvx512)) << "as many filters as lanes";
}

TEST(Conv2dKernel, LongReductionsAreCutIntoChunks) {
  for (const int64_t channels : {96, 256, 97}) {
    check({channels, 7, 9}, {{.operation = Conv2d{33, window(3, 1, 1), 1}}}, 3,
          fmt::format("conv of {} channels", channels));
  }
}

TEST(Conv2dKernel, SinglePixelsAreOneRowWhereRowsTouch) {
  const auto columns = [](FeatureShape input, const Conv2d& conv) {
    const Network network = build_network("test", input, {{.operation = conv}}, "test");
    const std::string text = to_text(lower_network(network, Isa::kAvx2, 1).steps[0].nest);
    return text.find("# row\n") == std::string::npos;
  };
  EXPECT_TRUE(columns({32, 7, 7}, {16, window(1, 1, 0), 1})) << "49 pixels in tiles of 6 and 5";
  EXPECT_FALSE(columns({32, 12, 12}, {16, window(1, 1, 0), 1})) << "rows are two whole tiles";
  EXPECT_FALSE(columns({32, 7, 7}, {16, window(1, 2, 0), 1})) << "pixels lie apart";
  for (const int64_t size : {7, 11, 13}) {
    check({33, size, size}, {{.operation = Conv2d{40, window(1, 1, 0), 1}}}, 2,
          fmt::format("single pixels of {}", size));
    check({32, size, size},
          {{.operation = Conv2d{40, window(1, 1, 0), 2}},
           {.operation = Conv2d{24, window(3, 1, 1), 1}}},
          1, fmt::format("single pixels of {} in groups, before a halo", size));
  }
}

TEST(Conv2dKernel, DepthwiseWeightsThatDoNotStayPassInChunks) {
  for (const int64_t channels : {576, 600, 37 * 16}) {
    for (const int64_t kernel : {3, 7}) {
      check({channels, 7, 9}, {{.operation = Conv2d{channels, window(kernel, 2, 1), channels}}}, 1,
            fmt::format("depthwise of {} channels, kernel {}", channels, kernel));
    }
  }
}

// A kernel row of many channels is cut into taps, or into channels.
TEST(Conv2dKernel, KernelRowsThatDoNotStayPassInChunks) {
  for (const int64_t channels : {128, 256, 509}) {
    check({channels, 5, 6}, {{.operation = Conv2d{40, window(3, 1, 1), 1}}}, 1,
          fmt::format("chunks of {} channels", channels));
    check({channels, 7, 6}, {{.operation = Conv2d{40, {3, 3, 1, 1, 2, 2, 2, 2, 2, 2}, 1}}}, 1,
          fmt::format("dilated chunks of {} channels", channels));
  }
}

TEST(Conv2dKernel, MapsLargerThanL2PassInGroupsOfRows) {
  const auto goes_by_rows = [](FeatureShape input, const Conv2d& conv, Isa isa) {
    const Network network = build_network("test", input, {{.operation = conv}}, "test");
    const LoopNest nest = lower_network(network, isa, 1).steps[0].nest;
    return to_text(nest).find("row_group") != std::string::npos;
  };
  // Every chunk of kernel rows reads a map anew that does not stay.
  EXPECT_TRUE(goes_by_rows({256, 56, 56}, {256, window(3, 1, 1), 1}, Isa::kAvx512));
  EXPECT_FALSE(goes_by_rows({256, 14, 14}, {256, window(3, 1, 1), 1}, Isa::kAvx512)) << "it stays";
  EXPECT_FALSE(goes_by_rows({512, 14, 14}, {512, window(3, 1, 1), 1}, Isa::kAvx2))
      << "a last level holds the map, but not the weights";
  for (const int64_t groups : {1, 2}) {
    const FeatureShape input{16 * groups, 64, 40};
    const Conv2d conv{24 * groups, window(3, 1, 1), groups};
    EXPECT_TRUE(goes_by_rows(input, conv, Isa::kSse42)) << groups;
    check(input, {{.operation = conv}}, 1, fmt::format("large map in {} groups", groups));
  }
}

TEST(Conv2dKernel, Groups) {
  for (const auto& [channels, filters, groups] :
       {std::tuple{6, 6, 2}, {6, 9, 3}, {96, 32, 2}, {4, 66, 2}, {8, 4, 4}}) {
    for (const int64_t batch : kBatches) {
      check({channels, 9, 8}, {{.operation = Conv2d{filters, window(3, 2, 1), groups}}}, batch,
            fmt::format("conv {} -> {} in {} groups", channels, filters, groups));
    }
  }
}

TEST(Conv2dKernel, Depthwise) {
  for (const int64_t channels : {3, 6, 16, 96}) {
    for (const int64_t stride : {1, 2}) {
      check({channels, 9, 31}, {{.operation = Conv2d{channels, window(3, stride, 1), channels}}}, 3,
            fmt::format("depthwise of {} channels, stride {}", channels, stride));
    }
  }
}

TEST(Conv2dKernel, Dilation) {
  for (const auto& [stride, down, across] :
       {std::tuple{1, 2, 2}, {1, 1, 3}, {2, 3, 1}, {2, 2, 2}, {3, 6, 4}}) {
    Window2d w{3, 2, stride, stride, 2, 4, 5, 1, down, across};
    for (const int64_t channels : {3, 16}) {
      const std::string what =
          fmt::format("{} channels, stride {}, dilation {}x{}", channels, stride, down, across);
      check({channels, 14, 17}, {{.operation = Conv2d{17, w, 1}}}, 2, "dilated of " + what);
      check({channels, 14, 17}, {{.operation = Conv2d{channels, w, channels}}}, 2,
            "dilated depthwise of " + what);
    }
  }
  check({4, 14, 17},
        {{.operation = Conv2d{6, window(3, 1, 1), 1}},
         {.operation = Conv2d{9, {3, 3, 1, 1, 4, 4, 4, 4, 4, 4}, 3}}},
        1, "dilated in groups, behind a convolution");
}

// Tokens are the pixels of a single row.
TEST(Conv2dKernel, OneDimension) {
  for (const int64_t width : {7, 40, 129}) {
    check({16, 1, width}, {{.operation = Conv2d{24, {1, 5, 1, 1, 0, 2, 0, 2}, 1}}}, 2,
          fmt::format("{} tokens", width));
    check({16, 1, width}, {{.operation = Conv2d{24, {1, 5, 1, 2, 0, 6, 0, 0, 1, 2}, 2}}}, 2,
          fmt::format("{} tokens, causal, dilated, in groups", width));
  }
}

TEST(Conv2dKernel, PaddedChannelsBetweenLayers) {
  check({1, 9, 9},
        {{.operation = Conv2d{6, window(3, 1, 0), 1}},
         {.operation = Relu{}},
         {.operation = Conv2d{6, window(3, 1, 1), 6}},
         {.operation = Conv2d{10, window(3, 1, 1), 1}}},
        3, "6 channels stored as 8");
}

TEST(DenseKernel, SizesAndBatches) {
  for (const int64_t values : kSizes) {
    for (const int64_t units : {1, 6, 10, 17, 33, 96, 130}) {
      for (const int64_t batch : {1, 2, 3, 5, 7, 16, 33}) {
        check({values, 1, 1}, {{.operation = Dense{units}}}, batch,
              fmt::format("dense {} -> {}", values, units));
      }
    }
  }
}

TEST(DenseKernel, ValuesAreLanesWhereUnitsAreFewAndImagesMany) {
  const auto takes_dots = [](int64_t units, int64_t batch) {
    const Dense dense{units};
    const LayerContext context =
        make_case({784, 1, 1}, dense, batch, {}, "").forward_context(Isa::kAvx512);
    return choose_forward_algorithm(dense_problem(dense, context)).algorithm ==
           ConvAlgorithm::kDots;
  };
  EXPECT_TRUE(takes_dots(5, 128));
  EXPECT_FALSE(takes_dots(5, 1)) << "the copy is longer than the products";
  EXPECT_FALSE(takes_dots(16, 128)) << "as many units as lanes";
  for (const int64_t units : {1, 5, 7}) {
    for (const int64_t values : {15, 33, 784}) {
      check({values, 1, 1}, {{.operation = Dense{units}}}, 128,
            fmt::format("dense {} -> {}", values, units));
    }
    check({1, 28, 28}, {{.operation = Flatten{}}, {.operation = Dense{units}}}, 61,
          fmt::format("dense map -> {}", units));
  }
}

TEST(DenseKernel, LongReductionsAreCutIntoChunks) {
  for (const int64_t values : {1024, 1009, 1200}) {
    for (const int64_t batch : {1, 13, 40}) {
      check({values, 1, 1}, {{.operation = Dense{33}}}, batch,
            fmt::format("dense of {} values", values));
    }
  }
}

// Whole pages apart, a value of many images at a time would be lines of one set.
TEST(DenseKernel, LargeImagesAreAnOddNumberOfLinesApart) {
  const auto lines_apart = [](FeatureShape shape, const std::vector<LayerSpec>& specs) {
    const Network network = build_network("test", shape, specs, "test");
    const MapLayout input = lower_network(network, Isa::kAvx2, 8).input().layout;
    EXPECT_EQ(input.as_vectors()->image_bytes(), input.image_bytes());
    return input.image_bytes() / kLineBytes;
  };
  const FeatureShape vector{9216, 1, 1}, map{256, 6, 6};
  EXPECT_EQ(lines_apart(vector, {{.operation = Dense{20}}}), 9 * 64 + 1);
  EXPECT_EQ(lines_apart(vector, {{.operation = Relu{}}, {.operation = Dense{20}}}), 9 * 64 + 1);
  EXPECT_EQ(lines_apart(map, {{.operation = MaxPool2d{window(2, 2, 0)}}}), 9 * 64);
  check(vector, {{.operation = Dense{20}}}, 5, "large images");
}

TEST(DenseKernel, ReadsMapsThatWereFlattened) {
  for (const int64_t batch : kBatches) {
    check({3, 7, 5}, {{.operation = Flatten{}}, {.operation = Dense{9}}}, batch, "flat input");
    check({3, 9, 8},
          {{.operation = Conv2d{6, window(3, 1, 1), 1}},
           {.operation = Flatten{}},
           {.operation = Relu{}},
           {.operation = Dropout{}},
           {.operation = Dense{33}}},
          batch, "padded channels flattened");
  }
}

TEST(PoolKernel, Windows) {
  for (const int64_t channels : {1, 3, 16, 37}) {
    for (const auto& [kernel, stride, pad] :
         {std::tuple{2, 2, 0}, {3, 2, 0}, {3, 1, 1}, {4, 3, 2}, {7, 7, 0}}) {
      const Window2d w = window(kernel, stride, pad);
      const std::string what = fmt::format("{} channels {}x{}", channels, kernel, kernel);
      check({channels, 15, 9}, {{.operation = MaxPool2d{w}}}, 3, "max pool " + what);
      check({channels, 15, 9}, {{.operation = AvgPool2d{w}}}, 3, "average pool " + what);
    }
  }
}

TEST(PoolKernel, CeilModeDilationAndCountedPadding) {
  for (const int64_t channels : {1, 6, 37}) {
    for (const Window2d& w : {Window2d{3, 2, 2, 2, 1, 0, 1, 1}, Window2d{2, 2, 3, 3, 0, 0, 0, 0},
                              Window2d{3, 2, 1, 2, 2, 1, 0, 1, 2, 3}, Window2d{2, 3, 4, 5, 1, 0},
                              Window2d{5, 5, 2, 2, 3, 4, 4, 3, 1, 2}}) {
      for (const bool ceil_mode : {false, true}) {
        const std::string what = fmt::format("{} channels, ceil mode {}", channels, ceil_mode);
        check({channels, 15, 10}, {{.operation = MaxPool2d{w, ceil_mode}}}, 2, "max pool " + what);
        check({channels, 15, 10}, {{.operation = AvgPool2d{w, ceil_mode, false}}}, 2,
              "average pool " + what);
        check({channels, 15, 10}, {{.operation = AvgPool2d{w, ceil_mode, true}}}, 2,
              "average pool with padding " + what);
      }
    }
  }
}

TEST(PoolKernel, GlobalAverage) {
  for (const int64_t channels : kChannels) {
    check({channels, 7, 9}, {{.operation = GlobalAvgPool2d{}}}, 3,
          fmt::format("global average of {} channels", channels));
  }
}

TEST(ReluKernel, InPlaceOnlyWhereNobodyElseReads) {
  for (const int64_t channels : kChannels) {
    check({channels, 7, 9}, {{.operation = Relu{}}}, 3, "relu of the input");
    check({channels, 7, 9},
          {{.operation = Conv2d{9, window(3, 1, 1), 1}},
           {.operation = Relu{}},
           {.operation = Conv2d{3, window(5, 1, 2), 1}}},
          3, "relu between convolutions");
  }
  check({3, 8, 8},
        {{.name = "a", .operation = Conv2d{9, window(3, 1, 1), 1}},
         {.name = "b", .operation = Relu{}},
         {.name = "c", .operation = Relu{}, .inputs = {"a"}}},
        1, "two relus of one map");
}

TEST(ReluKernel, LeavesOutputsOfTheNetworkAlone) {
  const NetworkSpec spec{"test",
                         {{"image", {3, 5, 5}}, {"mask", {2, 3, 4}}},
                         {{"a", Conv2d{4, window(3, 1, 1), 1, false}, false, {}},
                          {"b", Relu{}, false, {"a"}},
                          {"c", Relu{}, false, {"mask"}}},
                         {"c", "a", "b"}};
  check_network(build_network(spec, "test"), 2, "two inputs, three outputs");
}

TEST(ClipKernel, BetweenBoundsInPlaceAndApart) {
  for (const int64_t channels : kChannels) {
    check({channels, 7, 9}, {{.operation = Clip{-0.25, 0.5}}}, 3, "clip of the input");
    check({channels, 7, 9}, {{.operation = Conv2d{9, window(3, 1, 1), 1}}, {.operation = Clip{}}},
          3, "relu6");
  }
}

TEST(LrnKernel, ChannelsSizesAndExponents) {
  for (const int64_t channels : kChannels) {
    for (const double beta : {0.75, 0.5, 1.0, 0.6}) {
      check({channels, 5, 7}, {{.operation = Lrn{5, 0.7, beta, 1.5}}}, 3,
            fmt::format("lrn of {} channels, exponent {}", channels, beta));
    }
  }
}

TEST(SoftmaxKernel, Classes) {
  for (const int64_t classes : {1, 2, 3, 8, 9, 10, 16, 31, 33, 1000}) {
    check({classes, 1, 1}, {{.operation = Softmax{}}}, 3, fmt::format("softmax of {}", classes));
    check({4, 1, 1}, {{.operation = Dense{classes}}, {.operation = Softmax{}}}, 3,
          fmt::format("softmax of {} in place", classes));
  }
}

TEST(SoftmaxKernel, WhatIsNoNumberStaysNone) {
  const MapLayout map{{9, 1, 1}, 9, {}};
  for (const Target& target : targets()) {
    NestRun run(lower(Softmax{}, LayerContext{target.isa, 1, {map}, map}));
    run.write_map(Operand::kInput, map, 1, std::vector<float>(9, NAN));
    run.run(target.fuse);
    for (const float p : run.read_map(Operand::kOutput, map, 1)) EXPECT_TRUE(std::isnan(p));
  }
}

TEST(FlattenKernel, OrdersByChannelWhereNoDenseLayerReads) {
  check({3, 4, 5}, {{.operation = Flatten{}}, {.operation = Softmax{}}}, 3, "flatten to softmax");
  check({3, 4, 5}, {{.operation = Flatten{}}}, 3, "flatten last");
}

}  // namespace
}  // namespace wattgrind
