// Backward kernels of convolutions against the obvious computation, at sizes on and off the tile.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/gradients/gradient_algorithms.h"
#include "kernels/layers/lowering.h"
#include "tests/kernels/layer_case.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

void check_conv(FeatureShape input, const Conv2d& conv, int64_t batch, Surroundings around,
                const std::string& what) {
  const FeatureShape output =
      build_network("test", input, {{.operation = conv}}, "test").layers[0].output_shape;
  around.input.cover(required_halo(conv, input, output));
  around.output_gradient.cover(required_gradient_halo(conv, input, output));
  const LayerCase test = make_case(input, conv, batch, around, what);
  check_data_gradient(test, [&](const auto& c) { return lower_data_gradient(conv, c); });
  check_weight_gradient(test, [&](const auto& c) { return lower_weight_gradient(conv, c); });
}

TEST(Conv2dBackward, SizesAndChannels) {
  for (const int64_t size : kSizes) {
    for (const int64_t channels : kChannels) {
      const int64_t filters = channels == 96 ? 6 : 96 / channels + 1;
      check_conv({channels, size, size}, {filters, window(3, 1, 1), 1}, 1, {},
                 fmt::format("conv {}x{}x{} -> {}", channels, size, size, filters));
    }
  }
}

TEST(Conv2dBackward, StridesKernelsAndPadding) {
  for (const int64_t stride : {1, 2, 4}) {
    for (const int64_t kernel : {1, 2, 5, 11}) {
      for (const int64_t batch : kBatches) {
        const Window2d uneven{kernel, kernel, stride, stride, kernel / 2, 0, 0, kernel - 1};
        check_conv({3, 33, 31}, {17, uneven, 1}, batch, {},
                   fmt::format("conv kernel {} stride {}", kernel, stride));
      }
    }
  }
}

TEST(Conv2dBackward, UnequalDimensions) {
  const Window2d unequal{2, 5, 3, 1, 1, 0, 0, 3};
  check_conv({5, 9, 8}, {7, unequal, 1}, 3, {}, "kernel 2x5, stride 3x1");
}

TEST(Conv2dBackward, ManyImagesAreCutIntoChunks) {
  check_conv({16, 32, 33}, {33, window(3, 1, 1), 1}, 8, {}, "8 images of 16x32x33");
}

// Weight gradients with taps as columns: rows of the window shorter and longer than a vector, and
// with a rest that is no power of two, at the end of the map (no halo beyond it) and inside.
TEST(Conv2dBackward, FewFilters) {
  for (const int64_t filters : {1, 2, 5, 8}) {
    for (const int64_t kernel : {1, 3, 8, 10}) {
      for (const int64_t channels : {1, 5}) {
        const Surroundings around{.extra_channels = channels == 5 ? 3 : 0};
        const Window2d uneven{kernel, kernel, 1, 2, kernel / 2, 0, 0, kernel - 1};
        check_conv({channels, 11, 13}, {filters, uneven, 1}, 3, around,
                   fmt::format("{} filters of {}x{}x{}", filters, channels, kernel, kernel));
      }
    }
    check_conv({1, 14, 14}, {filters, window(5, 1, 0), 1}, 2, {}, "no halo");
  }
}

// Data gradients to few channels are dot products, whose vectors are the window's rows of filters,
// or have the pixels of a row as lanes.
TEST(Conv2dBackward, FewChannels) {
  for (const int64_t channels : {1, 2, 5, 8, 9}) {
    for (const auto& [filters, kernel] : {std::pair{1, 8}, {3, 4}, {5, 10}, {16, 5}, {40, 3}}) {
      const Window2d uneven{kernel, kernel, 1, 1, kernel / 2, 0, 0, kernel - 1};
      for (const int64_t width : {13, 17}) {
        check_conv({channels, 11, width}, {filters, uneven, 1}, 3,
                   {.extra_channels = 3, .input_gradient = {1, 2, 0, 3}},
                   fmt::format("{} filters of {}x{}x{}", filters, channels, kernel, kernel));
      }
    }
  }
}

TEST(Conv2dBackward, ManyImagesOfFewFilters) {
  check_conv({5, 32, 33}, {3, window(3, 1, 1), 1}, 24, {.extra_channels = 3},
             "24 images of 5x32x33");
}

// Rows of pixels shorter and longer than a vector; windows of one tile of taps and of several.
TEST(Conv2dBackward, PixelsAreLanesWhereFiltersAreFew) {
  const auto is_planar = [](const Conv2d& conv, Isa isa) {
    const LayerCase test = make_case({1, 28, 28}, conv, 2, {}, "");
    const ConvProblem problem = conv2d_weight_gradient_problem(conv, test.context(isa));
    return choose_weight_gradient_algorithm(problem).algorithm == ConvAlgorithm::kPlanar;
  };
  EXPECT_TRUE(is_planar({5, window(5, 1, 0), 1}, Isa::kAvx512));
  EXPECT_TRUE(is_planar({5, window(5, 1, 0), 1}, Isa::kAvx2));
  EXPECT_FALSE(is_planar({5, window(5, 1, 0), 1}, Isa::kSse42));
  EXPECT_FALSE(is_planar({5, window(5, 2, 0), 1}, Isa::kAvx512)) << "every other pixel";
  EXPECT_FALSE(is_planar({16, window(5, 1, 0), 1}, Isa::kAvx512)) << "as many filters as lanes";
  EXPECT_FALSE(is_planar({5, window(28, 1, 0), 1}, Isa::kAvx512)) << "of one pixel";
  for (const int64_t filters : {1, 5}) {
    for (const int64_t kernel : {3, 10}) {
      for (const auto& [channels, width] : {std::pair{1, 7}, {1, 40}, {5, 13}}) {
        const Window2d uneven{kernel, kernel, 1, 1, kernel / 2, 0, 0, kernel - 1};
        check_conv({channels, 11, width}, {filters, uneven, 1}, 3,
                   {.extra_channels = channels == 5 ? 3 : 0},
                   fmt::format("{} filters of {}x{}x{}", filters, channels, kernel, kernel));
      }
    }
  }
}

TEST(Conv2dBackward, TapsAreColumnsWhereFiltersAreFew) {
  const auto choice = [](int64_t filters, int64_t size) {
    const Conv2d conv{filters, window(8, 2, 0), 1};
    const LayerCase test = make_case({1, size, size}, conv, 2, {}, "");
    return choose_weight_gradient_algorithm(
        conv2d_weight_gradient_problem(conv, test.context(Isa::kAvx512)));
  };
  const AlgorithmChoice columns = choice(2, 28);
  EXPECT_EQ(columns.algorithm, ConvAlgorithm::kTapColumns) << to_text(columns);
  EXPECT_EQ(columns.candidate(ConvAlgorithm::kTapColumns)->scratch_bytes, 4u * 2 * 64);
  EXPECT_EQ(choice(16, 28).algorithm, ConvAlgorithm::kDirect);
  EXPECT_EQ(choice(2, 8).algorithm, ConvAlgorithm::kDirect)
      << "of one pixel, which the copy is longer than";
}

TEST(Conv2dBackward, DataGradientsToFewChannelsAreDotProductsOrPlanar) {
  const auto algorithm = [](FeatureShape input, const Conv2d& conv, Isa isa) {
    const LayerCase test = make_case(input, conv, 1, {}, "");
    return choose_data_gradient_algorithm(conv2d_data_gradient_problem(conv, test.context(isa)))
        .algorithm;
  };
  const Conv2d second{16, window(5, 1, 0), 1};
  EXPECT_EQ(algorithm({6, 14, 14}, second, Isa::kAvx512), ConvAlgorithm::kDots);
  EXPECT_EQ(algorithm({6, 14, 14}, second, Isa::kSse42), ConvAlgorithm::kDirect);
  EXPECT_EQ(algorithm({5, 28, 28}, {5, window(10, 1, 0), 1}, Isa::kAvx512), ConvAlgorithm::kPlanar);
  EXPECT_EQ(algorithm({5, 28, 28}, {5, window(10, 2, 0), 1}, Isa::kAvx512), ConvAlgorithm::kDirect)
      << "a stride makes several phases";
  EXPECT_EQ(algorithm({16, 14, 14}, second, Isa::kAvx512), ConvAlgorithm::kDirect)
      << "as many channels as lanes";
}

TEST(Conv2dBackward, LongReductionsAreCutIntoChunks) {
  for (const int64_t filters : {96, 256, 97}) {
    check_conv({33, 7, 9}, {filters, window(3, 1, 1), 1}, 3, {},
               fmt::format("conv of {} filters", filters));
  }
}

// Pixels of 256 filters lie 1 KiB apart: their gradients are packed, ten of 20 rows at a time,
// where vectors are short enough for so many pixels to stay in L1.
TEST(Conv2dBackward, GradientsOfPixelsThatShareSetsArePacked) {
  const auto scratch = [](FeatureShape input, const Conv2d& conv, Isa isa) {
    const LayerCase test = make_case(input, conv, 2, {}, "");
    const AlgorithmChoice choice =
        choose_weight_gradient_algorithm(conv2d_weight_gradient_problem(conv, test.context(isa)));
    return choice.candidate(ConvAlgorithm::kDirect)->scratch_bytes;
  };
  const Conv2d many{256, window(3, 1, 1), 1};
  EXPECT_EQ(scratch({8, 20, 20}, many, Isa::kSse42), 200u * 8 * 4);
  EXPECT_EQ(scratch({8, 20, 20}, many, Isa::kAvx2), 200u * 16 * 4);
  EXPECT_EQ(scratch({8, 20, 20}, many, Isa::kAvx512), 0u) << "85 pixels are too few";
  EXPECT_EQ(scratch({8, 5, 5}, many, Isa::kAvx2), 0u) << "so are 25";
  EXPECT_EQ(scratch({2, 20, 20}, {256, window(1, 1, 0), 1}, Isa::kAvx2), 0u) << "walked once";
  EXPECT_EQ(scratch({8, 20, 20}, {8, window(3, 1, 1), 1}, Isa::kSse42), 0u) << "they stay";
  check_conv({8, 20, 20}, many, 2, {}, "packed in two chunks");
  check_conv({9, 19, 15}, {264, window(3, 1, 1), 1}, 2, {}, "packed in uneven chunks");
  check_conv({12, 17, 19}, {512, window(3, 1, 1), 2}, 2, {.extra_channels = 3},
             "packed, in groups");
  check_conv({8, 33, 27}, {256, window(5, 2, 2), 1}, 1, {}, "packed, every other pixel");
}

TEST(Conv2dBackward, Groups) {
  for (const auto& [channels, filters, groups] :
       {std::tuple{6, 6, 2}, {6, 9, 3}, {96, 32, 2}, {4, 66, 2}, {8, 4, 4}}) {
    for (const int64_t stride : {1, 2}) {
      check_conv({channels, 9, 8}, {filters, window(3, stride, 1), groups}, 3, {},
                 fmt::format("conv {} -> {} in {} groups", channels, filters, groups));
    }
  }
}

TEST(Conv2dBackward, Depthwise) {
  for (const int64_t channels : {3, 6, 16, 96}) {
    for (const int64_t stride : {1, 2}) {
      check_conv({channels, 9, 31}, {channels, window(3, stride, 1), channels}, 3,
                 {.extra_channels = channels == 6 ? 2 : 0},
                 fmt::format("depthwise of {} channels, stride {}", channels, stride));
    }
  }
}

TEST(Conv2dBackward, DilatedDepthwise) {
  for (const auto& [stride, down, across] :
       {std::tuple{1, 2, 2}, {2, 3, 1}, {2, 2, 2}, {4, 6, 3}}) {
    Window2d w = window(3, stride, 2);
    w.dilation_height = down;
    w.dilation_width = across;
    check_conv({6, 15, 23}, {6, w, 6}, 2, {.extra_channels = 2},
               fmt::format("depthwise, stride {}, dilation {}x{}", stride, down, across));
  }
}

TEST(Conv2dBackward, PaddedChannelsAndHalosOfTheGradient) {
  for (const int64_t stride : {1, 2}) {
    check_conv({6, 9, 9}, {10, window(3, stride, 1), 1}, 3,
               {.extra_channels = 2, .input_gradient = {2, 1, 3, 2}}, "6 channels stored as 8");
  }
}

}  // namespace
}  // namespace wattgrind
