// Backward kernels of every layer against the obvious computation, at sizes on and off the tile.
#include "kernels/backward.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "kernels/lowering.h"
#include "kernels/packing.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/reference_gradients.h"

namespace wattgrind {
namespace {

constexpr std::array<int64_t, 7> kSizes = {1, 7, 8, 9, 31, 32, 33};
constexpr std::array<int64_t, 5> kChannels = {1, 3, 6, 16, 96};
constexpr std::array<int64_t, 2> kBatches = {1, 3};

void expect_near(const std::vector<float>& found, const std::vector<float>& wanted, double products,
                 const std::string& what) {
  ASSERT_EQ(found.size(), wanted.size()) << what;
  // Sums of products of values in [-1, 1], rounded once each: errors grow like the square root.
  const double tolerance = 6e-6 * (1 + std::sqrt(products));
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], wanted[i], tolerance * (1 + std::abs(wanted[i])))
        << what << ", value " << i;
  }
}

// How the maps around the layer under test are stored.
struct Surroundings {
  int64_t extra_channels = 0;  // of the input's pitch
  Halo input, input_gradient, output_gradient;
};

// One layer with values, and its gradients by the oracle.
struct LayerCase {
  Layer layer;
  int64_t batch = 1;
  std::vector<float> input, output, output_gradient;
  ReferenceParameters parameters;
  ReferenceGradients wanted;
  Surroundings around;
  std::string what;

  BackwardContext context(Isa isa) const {
    const MapLayout in{layer.input_shape, layer.input_shape.channels + around.extra_channels,
                       around.input};
    MapLayout out{layer.output_shape, output_pitch(layer, in.channel_pitch, isa), {}};
    BackwardContext result{isa, batch, in, out, in, out};
    result.input_gradient.halo = around.input_gradient;
    result.output_gradient.halo = around.output_gradient;
    return result;
  }
  std::string where(const Target& target) const {
    return fmt::format("{}, batch {}, {}{}", what, batch, traits(target.isa).name,
                       target.fuse ? " fused" : "");
  }
  // Products summed in a parameter's gradient.
  double reduction() const {
    const FeatureShape& out = layer.output_shape;
    return static_cast<double>(batch * out.height * out.width);
  }
};

LayerCase make_case(FeatureShape input, const Operation& operation, int64_t batch,
                    const Surroundings& around, const std::string& what) {
  LayerCase test;
  // A dense layer reads maps as they lie: a flatten before it moves nothing.
  const bool dense = std::holds_alternative<Dense>(operation);
  const FeatureShape shape = dense ? FeatureShape{input.elements(), 1, 1} : input;
  test.layer = build_network("test", shape, {{.operation = operation}}, "test").layers[0];
  test.layer.input_shape = input;
  test.batch = batch;
  test.around = around;
  test.what = what;
  const auto images = static_cast<size_t>(batch);
  test.input = random_values(images * static_cast<size_t>(input.elements()), 1);
  test.parameters = random_parameters(test.layer, 2);
  test.output = reference_layer(test.layer, batch, test.input, test.parameters);
  test.output_gradient = random_values(test.output.size(), 5);
  test.wanted =
      reference_gradients(test.layer, batch, test.input, test.parameters, test.output_gradient);
  return test;
}

std::vector<float> packed_weights(const LayerCase& test, const BackwardContext& context,
                                  size_t values) {
  std::vector<float> packed(values);
  pack_weights(test.layer, context.input, context.isa, test.parameters.weights, packed);
  return packed;
}

using DataGradient = std::function<LoopNest(const BackwardContext&)>;

// The nest's input gradient; the nest may read the weights, the input and the output.
void check_data_gradient(const LayerCase& test, const DataGradient& lower) {
  double products = static_cast<double>(test.layer.macs) * static_cast<double>(test.batch) /
                    static_cast<double>(test.input.size());
  for (const Target& target : targets()) {
    const BackwardContext context = test.context(target.isa);
    const LoopNest nest = lower(context);
    NestRun run(nest);
    for (const Buffer& buffer : nest.buffers) {
      if (buffer.name == "weights") {
        const auto values = run.buffer("weights");
        std::ranges::copy(packed_weights(test, context, values.size()), values.begin());
      } else if (buffer.name == "input") {
        run.write_map("input", context.input, test.batch, test.input);
      } else if (buffer.name == "output") {
        run.write_map("output", context.output, test.batch, test.output);
      }
    }
    run.write_map("output_gradient", context.output_gradient, test.batch, test.output_gradient);
    run.run(target.fuse);
    expect_near(run.read_map("input_gradient", context.input_gradient, test.batch),
                test.wanted.input, products, test.where(target));
    EXPECT_TRUE(run.surroundings_are_zero("input_gradient", context.input_gradient, test.batch))
        << test.where(target);
    if (testing::Test::HasFailure()) return;
  }
}

void check_weight_gradient(const LayerCase& test, const DataGradient& lower) {
  for (const Target& target : targets()) {
    const BackwardContext context = test.context(target.isa);
    NestRun run(lower(context));
    run.write_map("input", context.input, test.batch, test.input);
    run.write_map("output_gradient", context.output_gradient, test.batch, test.output_gradient);
    // What was there before does not matter.
    std::ranges::fill(run.buffer("bias_gradient"), 7.0f);
    run.run(target.fuse);
    const auto packed = run.buffer("weight_gradient");
    std::vector<float> weights(test.wanted.weights.size());
    unpack_weights(test.layer, context.input, target.isa, packed, weights);
    expect_near(weights, test.wanted.weights, test.reduction(), test.where(target) + ", weights");
    std::vector<float> repacked(packed.size());
    pack_weights(test.layer, context.input, target.isa, weights, repacked);
    EXPECT_TRUE(std::ranges::equal(packed, repacked)) << test.where(target) << ": padding";
    const auto bias = run.buffer("bias_gradient");
    expect_near({bias.begin(), bias.begin() + static_cast<ptrdiff_t>(test.wanted.bias.size())},
                test.wanted.bias, test.reduction(), test.where(target) + ", bias");
    for (size_t i = test.wanted.bias.size(); i < bias.size(); ++i) EXPECT_EQ(bias[i], 0);
    if (testing::Test::HasFailure()) return;
  }
}

void check_dense(FeatureShape input, int64_t units, int64_t batch, const Surroundings& around,
                 const std::string& what) {
  const LayerCase test = make_case(input, Dense{units}, batch, around, what);
  const auto& dense = std::get<Dense>(test.layer.operation);
  check_data_gradient(test, [&](const auto& c) { return lower_dense_data_gradient(dense, c); });
  check_weight_gradient(test, [&](const auto& c) { return lower_dense_weight_gradient(dense, c); });
}

TEST(DenseBackward, SizesAndBatches) {
  for (const int64_t values : kSizes) {
    for (const int64_t units : {1, 10, 33, 96}) {
      for (const int64_t batch : {1, 3, 16}) {
        check_dense({values, 1, 1}, units, batch, {}, fmt::format("dense {} -> {}", values, units));
      }
    }
  }
}

TEST(DenseBackward, PaddedChannels) {
  for (const int64_t units : {1, 10, 33}) {
    check_dense({6, 1, 1}, units, 3, {.extra_channels = 2}, "vector of 6 stored as 8");
    check_dense({5, 4, 3}, units, 3, {.extra_channels = 3}, "map of 5 channels stored as 8");
  }
}

TEST(DenseBackward, HalosOfTheGradient) {
  const Halo halo{1, 2, 3, 1};
  for (const int64_t batch : kBatches) {
    check_dense({3, 4, 5}, 17, batch, {.input_gradient = halo}, "map with a halo");
    check_dense({3, 4, 5}, 17, batch, {.extra_channels = 1, .input_gradient = halo},
                "padded map with a halo");
    check_dense({3, 4, 5}, 17, batch, {.input = halo, .input_gradient = halo}, "both");
  }
}

TEST(DenseBackward, LongReductions) {
  for (const int64_t batch : {1, 13, 40}) {
    check_dense({1200, 1, 1}, 33, batch, {}, "dense of 1200 values");
    check_dense({33, 1, 1}, 1200, batch, {}, "dense of 1200 units");
  }
}

// Data gradients of few images are dot products of the weights as they lie.
TEST(DenseBackward, WeightsAreTransposedWhereImagesAreMany) {
  const auto transposes = [](int64_t units, int64_t batch) {
    const LayerCase test = make_case({2, 5, 5}, Dense{units}, batch, {}, "");
    const LoopNest nest = lower_dense_data_gradient(Dense{units}, test.context(Isa::kAvx512));
    return std::ranges::any_of(nest.buffers,
                               [](const Buffer& b) { return b.name == "transposed"; });
  };
  EXPECT_FALSE(transposes(128, 1));
  EXPECT_FALSE(transposes(128, 16));
  EXPECT_TRUE(transposes(128, 64));
  EXPECT_FALSE(transposes(16, 1));
  EXPECT_TRUE(transposes(16, 8)) << "a dot product's lanes take longer to add than to multiply";
  EXPECT_TRUE(transposes(40, 1)) << "blocks of 16 and 8 lanes";
  EXPECT_FALSE(transposes(4096, 16));
  EXPECT_TRUE(transposes(4096, 33)) << "every input would read gradients of 528 KiB again";
  for (const int64_t units : {4, 24, 128}) {
    for (const int64_t batch : {1, 2, 7}) {
      check_dense({37, 1, 1}, units, batch, {}, fmt::format("dense 37 -> {}", units));
      check_dense({5, 4, 3}, units, batch, {.extra_channels = 3, .input_gradient = {1, 2, 3, 1}},
                  fmt::format("padded map with a halo -> {}", units));
    }
  }
}

Window2d window(int64_t kernel, int64_t stride, int64_t pad) {
  return {kernel, kernel, stride, stride, pad, pad, pad, pad};
}

void check_conv(FeatureShape input, const Conv2d& conv, int64_t batch, Surroundings around,
                const std::string& what) {
  const FeatureShape output =
      build_network("test", input, {{.operation = conv}}, "test").layers[0].output_shape;
  around.input.cover(required_halo(conv, input, output));
  around.output_gradient.cover(required_gradient_halo(conv, input, output));
  const LayerCase test = make_case(input, conv, batch, around, what);
  const bool depthwise = is_depthwise(conv, input.channels);
  check_data_gradient(test, [&](const auto& c) {
    return depthwise ? lower_depthwise_conv2d_data_gradient(conv, c)
                     : lower_conv2d_data_gradient(conv, c);
  });
  check_weight_gradient(test, [&](const auto& c) {
    return depthwise ? lower_depthwise_conv2d_weight_gradient(conv, c)
                     : lower_conv2d_weight_gradient(conv, c);
  });
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
  const auto has_planes = [](const Conv2d& conv, Isa isa) {
    const LayerCase test = make_case({1, 28, 28}, conv, 2, {}, "");
    const LoopNest nest = lower_conv2d_weight_gradient(conv, test.context(isa));
    return std::ranges::any_of(nest.buffers,
                               [](const Buffer& b) { return b.name == "gradient_planes"; });
  };
  EXPECT_TRUE(has_planes({5, window(5, 1, 0), 1}, Isa::kAvx512));
  EXPECT_TRUE(has_planes({5, window(5, 1, 0), 1}, Isa::kAvx2));
  EXPECT_FALSE(has_planes({5, window(5, 1, 0), 1}, Isa::kSse42));
  EXPECT_FALSE(has_planes({5, window(5, 2, 0), 1}, Isa::kAvx512)) << "every other pixel";
  EXPECT_FALSE(has_planes({16, window(5, 1, 0), 1}, Isa::kAvx512)) << "as many filters as lanes";
  EXPECT_FALSE(has_planes({5, window(28, 1, 0), 1}, Isa::kAvx512)) << "of one pixel";
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
  const auto sums_bytes = [](int64_t filters, int64_t size) -> uint64_t {
    const Conv2d conv{filters, window(8, 2, 0), 1};
    const LayerCase test = make_case({1, size, size}, conv, 2, {}, "");
    for (const Buffer& buffer :
         lower_conv2d_weight_gradient(conv, test.context(Isa::kAvx512)).buffers) {
      if (buffer.name == "sums") return buffer.bytes;
    }
    return 0;
  };
  EXPECT_EQ(sums_bytes(2, 28), 4u * 2 * 64);
  EXPECT_EQ(sums_bytes(16, 28), 0u);
  EXPECT_EQ(sums_bytes(2, 8), 0u) << "of one pixel, which the copy is longer than";
}

TEST(DenseBackward, ValuesAreColumnsWhereUnitsAreFewAndImagesMany) {
  const auto has_sums = [](FeatureShape input, int64_t units, int64_t batch, int64_t extra) {
    const LayerCase test = make_case(input, Dense{units}, batch, {.extra_channels = extra}, "");
    const LoopNest nest = lower_dense_weight_gradient(Dense{units}, test.context(Isa::kAvx512));
    return std::ranges::any_of(nest.buffers, [](const Buffer& b) { return b.name == "sums"; });
  };
  EXPECT_TRUE(has_sums({784, 1, 1}, 5, 128, 0));
  EXPECT_TRUE(has_sums({1, 28, 28}, 5, 128, 0));
  EXPECT_FALSE(has_sums({784, 1, 1}, 5, 2, 0)) << "the copy is longer than the products";
  EXPECT_FALSE(has_sums({784, 1, 1}, 16, 128, 0)) << "as many units as lanes";
  for (const int64_t units : {1, 5, 7, 17}) {
    for (const int64_t values : {16, 33, 784}) {
      check_dense({values, 1, 1}, units, 128, {}, fmt::format("dense {} -> {}", values, units));
    }
    check_dense({1, 28, 28}, units, 64, {}, fmt::format("dense map -> {}", units));
    check_dense({3, 5, 5}, units, 64, {.extra_channels = 1}, fmt::format("padded -> {}", units));
  }
}

TEST(Conv2dBackward, LongReductionsAreCutIntoChunks) {
  for (const int64_t filters : {96, 256, 97}) {
    check_conv({33, 7, 9}, {filters, window(3, 1, 1), 1}, 3, {},
               fmt::format("conv of {} filters", filters));
  }
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

TEST(Conv2dBackward, PaddedChannelsAndHalosOfTheGradient) {
  for (const int64_t stride : {1, 2}) {
    check_conv({6, 9, 9}, {10, window(3, stride, 1), 1}, 3,
               {.extra_channels = 2, .input_gradient = {2, 1, 3, 2}}, "6 channels stored as 8");
  }
}

TEST(PoolBackward, Windows) {
  for (const int64_t channels : {1, 3, 16, 37}) {
    for (const auto& [kernel, stride, pad] :
         {std::tuple{2, 2, 0}, {3, 2, 0}, {3, 1, 1}, {4, 3, 2}, {7, 7, 0}, {2, 3, 1}}) {
      const Window2d w = window(kernel, stride, pad);
      const std::string what = fmt::format("{} channels {}x{}", channels, kernel, kernel);
      const Surroundings around{.extra_channels = 1,
                                .input = {1, 0, 2, 1},
                                .input_gradient = {2, 1, 0, 1},
                                .output_gradient = {0, 1, 1, 2}};
      check_data_gradient(make_case({channels, 15, 9}, MaxPool2d{w}, 3, around, "max " + what),
                          [&](const auto& c) { return lower_max_pool2d_backward({w}, c); });
      check_data_gradient(make_case({channels, 15, 9}, AvgPool2d{w}, 3, around, "average " + what),
                          [&](const auto& c) { return lower_avg_pool2d_backward({w}, c); });
    }
  }
}

TEST(PoolBackward, OneOfEqualValuesGetsTheGradient) {
  LayerCase test = make_case({3, 6, 6}, MaxPool2d{window(3, 2, 0)}, 2, {}, "equal values");
  for (float& value : test.input) value = value > 0 ? 1.0f : 0.0f;
  test.output = reference_layer(test.layer, 2, test.input, {});
  test.wanted = reference_gradients(test.layer, 2, test.input, {}, test.output_gradient);
  check_data_gradient(
      test, [](const auto& c) { return lower_max_pool2d_backward({window(3, 2, 0)}, c); });
}

TEST(PoolBackward, GlobalAverage) {
  for (const int64_t channels : kChannels) {
    check_data_gradient(
        make_case({channels, 7, 9}, GlobalAvgPool2d{}, 3, {.input_gradient = {1, 2, 3, 1}},
                  fmt::format("global average of {} channels", channels)),
        lower_global_avg_pool2d_backward);
  }
}

TEST(LrnBackward, ChannelsSizesAndExponents) {
  for (const int64_t channels : kChannels) {
    for (const auto& [size, beta] : {std::pair{5, 0.75}, {3, 0.5}, {1, 1.0}, {5, 0.6}}) {
      const Lrn lrn{size, 0.7, beta, 1.5};
      check_data_gradient(
          make_case({channels, 5, 7}, lrn, 3,
                    {.extra_channels = channels == 6 ? 2 : 0, .input_gradient = {1, 0, 0, 2}},
                    fmt::format("lrn {} of {} channels, exponent {}", size, channels, beta)),
          [&](const auto& c) { return lower_lrn_backward(lrn, c); });
    }
  }
}

TEST(ReluBackward, ChannelsAndHalos) {
  for (const int64_t channels : kChannels) {
    for (const Halo& halo : {Halo{}, Halo{1, 2, 3, 1}}) {
      const LayerCase test = make_case({channels, 7, 9}, Relu{}, 3, {.output_gradient = halo},
                                       fmt::format("relu of {} channels", channels));
      for (const Target& target : targets()) {
        const BackwardContext context = test.context(target.isa);
        NestRun run(lower_relu_backward(context));
        run.write_map("output", context.output, 3, test.output);
        run.write_map("gradient", context.output_gradient, 3, test.output_gradient);
        run.run(target.fuse);
        EXPECT_EQ(run.read_map("gradient", context.output_gradient, 3), test.wanted.input)
            << test.where(target);
        EXPECT_TRUE(run.surroundings_are_zero("gradient", context.output_gradient, 3));
      }
    }
  }
}

TEST(FlattenBackward, ReordersIntoTheMap) {
  const LayerCase test = make_case(
      {3, 4, 5}, Flatten{}, 3, {.extra_channels = 5, .input_gradient = {1, 2, 3, 1}}, "flatten");
  check_data_gradient(test, lower_flatten_backward);
}

TEST(Dropout, MasksForwardAndBackward) {
  for (const int64_t channels : kChannels) {
    const LayerCase test = make_case({channels, 5, 3}, Dropout{}, 3,
                                     {.input = {1, 1, 2, 0}, .input_gradient = {0, 1, 0, 0}},
                                     fmt::format("dropout of {} channels", channels));
    std::vector<float> mask = random_values(test.input.size(), 9);
    for (float& value : mask) value = value > 0 ? 2 : 0;
    for (const Target& target : targets()) {
      const BackwardContext context = test.context(target.isa);
      NestRun forward(lower_dropout({context.isa, context.batch, context.input, context.output}));
      forward.write_map("input", context.input, 3, test.input);
      forward.write_map("mask", context.output, 3, mask);
      forward.run(target.fuse);
      NestRun backward(lower_dropout_backward(context));
      backward.write_map("output_gradient", context.output_gradient, 3, test.output_gradient);
      backward.write_map("mask", context.output, 3, mask);
      backward.run(target.fuse);
      const auto output = forward.read_map("output", context.output, 3);
      const auto gradient = backward.read_map("input_gradient", context.input_gradient, 3);
      for (size_t i = 0; i < mask.size(); ++i) {
        EXPECT_EQ(output[i], test.input[i] * mask[i]) << test.where(target);
        EXPECT_EQ(gradient[i], test.output_gradient[i] * mask[i]) << test.where(target);
      }
    }
  }
}

// The loss and its gradient against finite differences of the loss in double precision.
TEST(SoftmaxCrossEntropyBackward, Classes) {
  constexpr int64_t kBatch = 3;
  for (const int64_t classes : {1, 2, 3, 8, 9, 10, 16, 31, 33, 1000}) {
    const auto count = static_cast<size_t>(classes);
    std::vector<float> logits = random_values(kBatch * count, 4);
    const auto loss = [&](size_t n) {
      double sum = 0;
      for (size_t c = 0; c < count; ++c) sum += std::exp(double{logits[n * count + c]});
      const size_t label = (n * 7 + 1) % count;
      return std::log(sum) - logits[n * count + label];
    };
    std::vector<float> labels(kBatch * count), probabilities(kBatch * count);
    for (size_t n = 0; n < kBatch; ++n) {
      labels[n * count + (n * 7 + 1) % count] = 1;
      double sum = 0;
      for (size_t c = 0; c < count; ++c) sum += std::exp(double{logits[n * count + c]});
      for (size_t c = 0; c < count; ++c) {
        probabilities[n * count + c] =
            static_cast<float>(std::exp(double{logits[n * count + c]}) / sum);
      }
    }
    for (const Target& target : targets()) {
      const std::string where = fmt::format("{} classes, {}", classes, traits(target.isa).name);
      const MapLayout map{{classes, 1, 1}, classes + 3, {}};
      NestRun run(lower_softmax_cross_entropy_backward({target.isa, kBatch, map, map, map, map}));
      run.write_map("output", map, kBatch, probabilities);
      run.write_map("labels", label_layout(classes), kBatch, labels);
      run.run(target.fuse);
      const auto gradient = run.read_map("input_gradient", map, kBatch);
      EXPECT_TRUE(run.surroundings_are_zero("input_gradient", map, kBatch)) << where;
      for (size_t i = 0; i < gradient.size(); ++i) {
        const float logit = logits[i];
        constexpr float kStep = 1.0f / 512;
        logits[i] = logit + kStep;
        const double high = loss(i / count);
        logits[i] = logit - kStep;
        const double low = loss(i / count);
        logits[i] = logit;
        ASSERT_NEAR(gradient[i], (high - low) / (2 * kStep) / kBatch, 2e-6) << where << " " << i;
      }
      for (size_t n = 0; n < kBatch; ++n) {
        ASSERT_NEAR(run.buffer("loss")[n], loss(n), 2e-6 * (1 + loss(n))) << where << " " << n;
      }
    }
  }
}

TEST(SoftmaxCrossEntropyBackward, BoundsTheLossButNotWhatIsNoNumber) {
  const MapLayout map{{3, 1, 1}, 3, {}};
  for (const Target& target : targets()) {
    NestRun run(lower_softmax_cross_entropy_backward({target.isa, 2, map, map, map, map}));
    run.write_map("output", map, 2, {0, 1, 0, NAN, NAN, NAN});
    run.write_map("labels", label_layout(3), 2, {1, 0, 0, 1, 0, 0});
    run.run(target.fuse);
    EXPECT_NEAR(run.buffer("loss")[0], -std::log(1e-7), 1e-4);
    EXPECT_TRUE(std::isnan(run.buffer("loss")[1]));
  }
}

}  // namespace
}  // namespace wattgrind
