#include "estimator/network/network_size.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

constexpr uint64_t kLargest = UINT64_MAX;

Window2d window(int64_t kernel, int64_t padding = 0) {
  return {kernel, kernel, 1, 1, padding, padding, padding, padding};
}

Network build(FeatureShape input, const std::vector<LayerSpec>& specs) {
  return build_network("net", input, specs, "net");
}

// Input 2 x 4 x 4; conv: 3 filters of 3 x 3, padded by 1, which is 57 parameters and 864
// multiply-accumulates; relu: 48 comparisons; dense: 10 units, which is 490 parameters and 480
// multiply-accumulates.
Network small() {
  return build({2, 4, 4}, {{"conv", Conv2d{3, window(3, 1), 1}, false, {}},
                           {"relu", Relu{}, false, {}},
                           {"flatten", Flatten{}, false, {}},
                           {"dense", Dense{10}, false, {}}});
}

TEST(NetworkSize, InferenceIsCountedByHand) {
  const NetworkSize size = network_size(small(), {5});
  EXPECT_EQ(size.layers[0].operations, 5u * 864);
  EXPECT_EQ(size.layers[1].operations, 5u * 48);
  EXPECT_EQ(size.layers[3].operations, 5u * 480);
  EXPECT_EQ(size.total.operations, 5u * (864 + 48 + 480));
  // The convolution's own map, and the frame that makes its input 6 x 6.
  EXPECT_EQ(size.layers[0].bytes, 4u * (5 * (48 + 2 * (36 - 16)) + 57));
  EXPECT_EQ(size.layers[1].bytes, 0u);
  EXPECT_EQ(size.layers[2].bytes, 0u);
  EXPECT_EQ(size.total.bytes, 4u * (5 * (32 + 48 + 40 + 10) + 57 + 490));
}

TEST(NetworkSize, TrainingMakesThreeTimesTheProductsAndKeepsGradients) {
  const NetworkSize inference = network_size(small(), {5});
  const NetworkSize training = network_size(small(), {5, true});
  EXPECT_GE(training.total.operations, 3 * 5u * (864 + 480));
  EXPECT_LE(training.total.operations, 4 * inference.total.operations + 16 * (57 + 490));
  EXPECT_EQ(training.layers[3].bytes, 4u * (2 * 5 * 10 + 4 * 490));
}

TEST(NetworkSize, AnOutputWithTwoReadersIsNotOverwritten) {
  const Network network = build({2, 4, 4}, {{"conv", Conv2d{3, window(1), 1}, false, {}},
                                            {"a", Relu{}, false, {"conv"}},
                                            {"b", Relu{}, false, {"conv"}}});
  const NetworkSize size = network_size(network, {1});
  EXPECT_EQ(size.layers[1].bytes, 4u * 48);
  EXPECT_EQ(size.layers[2].bytes, 4u * 48);
}

TEST(NetworkSize, WhatOverflowsIsTheLargestNumber) {
  const NetworkSize size = network_size(small(), {INT64_MAX});
  EXPECT_EQ(size.total.operations, kLargest);
  EXPECT_EQ(size.total.bytes, kLargest);
  // 2^31 and more rows and columns of padding on either side.
  const Network padded = build(
      {1, 1, 1}, {{"",
                   Conv2d{1, {1, 1, kMaxSize, kMaxSize, kMaxSize, kMaxSize, kMaxSize, kMaxSize}, 1},
                   false,
                   {}}});
  EXPECT_EQ(network_size(padded, {1}).total.bytes, kLargest);
}

TEST(NetworkSize, OperationsThatOverflowAreRefusedByLayer) {
  // 2^19 x 2^19 windows of a quarter of 2^38 values each.
  const int64_t side = 1 << 19;
  EXPECT_EQ(error_text([&] {
              build({1, side, side}, {{"", MaxPool2d{window(side / 2)}, false, {}}});
            }),
            "net: layers[0].kernel: its operations overflow 64 bits: make it smaller");
  EXPECT_EQ(error_text([&] {
              build({1 << 30, 4, 4}, {{"", Lrn{kMaxSize}, false, {}}});
            }),
            "net: layers[0].size: its operations overflow 64 bits: make it smaller");
}

TEST(NetworkSize, NothingInBoundsIsOversize) {
  EXPECT_FALSE(oversize(small(), {5}, {}));
  const uint64_t operations = 5u * (864 + 48 + 480);
  EXPECT_FALSE(oversize(small(), {5}, {operations, kLargest}));
  EXPECT_TRUE(oversize(small(), {5}, {operations - 1, kLargest}));
}

TEST(NetworkSize, TheLargestLayerIsNamed) {
  const auto work = oversize(small(), {5}, {1000, kLargest});
  ASSERT_TRUE(work);
  EXPECT_EQ(to_text(*work),
            "found 6.96e+03 operations a pass at batch 5 (4.32e+03 in layer conv), wanted at most "
            "1e+03");
  const auto memory = oversize(small(), {uint64_t{1} << 30}, {kLargest, uint64_t{100} << 30});
  ASSERT_TRUE(memory);
  EXPECT_EQ(to_text(*memory),
            "found 520 GiB of maps and parameters at batch 1073741824 (352 GiB in layer conv), "
            "wanted at most 100 GiB");
}

TEST(NetworkSize, MatrixProductsHaveBoundsToo) {
  const Workload product = Matmul{1000, 2000, 3000, ElementType::kInt64};
  EXPECT_FALSE(oversize(product, {1}, {6'000'000'000, 8 * 11'000'000}));
  EXPECT_TRUE(oversize(product, {1}, {5'999'999'999, kLargest}));
  EXPECT_TRUE(oversize(product, {1}, {kLargest, 8 * 11'000'000 - 1}));
  const Workload overflowing = Matmul{kLargest, kLargest, 1};
  EXPECT_TRUE(oversize(overflowing, {1}, {kLargest, kLargest - 1}));
}

TEST(NetworkSize, APoolOfManyRowsIsSizedAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  const Network network = build({1, kMaxSize, 1}, {{"", MaxPool2d{{2, 1, 1, 1, 1, 0, 1, 0}}}});
  // Every row is seen twice.
  EXPECT_EQ(network_size(network, {1}).total.operations, 2u * static_cast<uint64_t>(kMaxSize));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

}  // namespace
}  // namespace wattgrind
