#include "kernels/run/native_workload.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>
#include <cstring>
#include <set>

#include "estimator/catalog/layer_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/system/thread_clock.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

template <typename Element>
using Matrix = Eigen::Matrix<Element, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <typename Element>
Matrix<Element> matrix(const NativeWorkload& workload, uint32_t buffer, uint64_t rows,
                       uint64_t columns) {
  Matrix<Element> result(rows, columns);
  const std::span<const float> memory = workload.buffer(buffer);
  EXPECT_EQ(memory.size_bytes(), rows * columns * sizeof(Element));
  std::memcpy(result.data(), memory.data(), memory.size_bytes());
  return result;
}

std::string name_of(const Matmul& matmul) {
  return fmt::format("{} x {} x {}, order {}", matmul.m, matmul.k, matmul.n,
                     static_cast<int>(matmul.order));
}

// The product twice: the second run must not add to the first's.
template <typename Element>
void expect_eigens_product(const Matmul& matmul) {
  const NativeWorkload workload(matmul, 1);
  workload.run();
  workload.run();
  const auto a = matrix<Element>(workload, 0, matmul.m, matmul.k);
  const auto b = matrix<Element>(workload, 1, matmul.k, matmul.n);
  const auto c = matrix<Element>(workload, 2, matmul.m, matmul.n);
  ASSERT_GT(a.cwiseAbs().minCoeff() + a.cwiseAbs().maxCoeff(), 0);
  const Matrix<Element> wanted = a * b;
  if constexpr (std::is_integral_v<Element>) {
    EXPECT_EQ(c, wanted) << name_of(matmul);
  } else {
    const double bound = 1e-6 * static_cast<double>(matmul.k);
    EXPECT_LE((c - wanted).cwiseAbs().maxCoeff(), bound) << name_of(matmul);
  }
}

TEST(NativeWorkload, MultipliesAsEigenDoes) {
  for (const LoopOrder order : {LoopOrder::kIjk, LoopOrder::kIkj, LoopOrder::kBlocked}) {
    for (const uint64_t size : {1u, 3u, 63u, 64u, 65u, 130u}) {
      expect_eigens_product<int64_t>({size, 67, 70, ElementType::kInt64, order});
      expect_eigens_product<float>({size, 67, 70, ElementType::kFloat32, order});
      expect_eigens_product<int64_t>({2, size, 1, ElementType::kInt64, order});
      expect_eigens_product<float>({5, 1, size, ElementType::kFloat32, order});
    }
  }
}

TEST(NativeWorkload, IntegersWrapAround) {
  const Matmul matmul{1, 2, 1, ElementType::kInt64, LoopOrder::kIjk};
  const NativeWorkload workload(matmul, 1);
  const uint64_t a[] = {0x123456789abcdef0, 0xfedcba9876543210}, b[] = {~uint64_t{0}, 1u << 30};
  std::memcpy(workload.buffer(0).data(), a, sizeof a);
  std::memcpy(workload.buffer(1).data(), b, sizeof b);
  workload.run();
  uint64_t c = 0;
  std::memcpy(&c, workload.buffer(2).data(), sizeof c);
  EXPECT_EQ(c, a[0] * b[0] + a[1] * b[1]);
}

TEST(NativeWorkload, OfANetworkStaysWithinOrdinaryNumbers) {
  const Network network = builtin_network("alexnet");
  const NativeWorkload workload(network, 1);
  workload.run();
  double sum = 0;
  for (const float probability : workload.buffer(workload.program().outputs.back().buffer)) {
    ASSERT_TRUE(std::isfinite(probability));
    sum += probability;
  }
  EXPECT_NEAR(sum, 1, 1e-3);
  // Not the answer of a network that saw nothing: the last hidden map varies.
  const auto hidden = workload.buffer(workload.program().outputs[network.layers.size() - 2].buffer);
  float largest = 0;
  for (const float value : hidden) largest = std::max(largest, std::abs(value));
  EXPECT_GT(largest, 1e-4F);
  EXPECT_LT(largest, 1e6F);
}

// What a table is asked for is drawn among its rows, and lies in its bounds.
TEST(NativeWorkload, LooksUpAllRowsOfATable) {
  const NativeWorkload workload(find_layer("embedding:rows=5,features=8,input=1x1x64")->network, 1);
  const std::span<const float> rows = workload.buffer(workload.program().input().buffer);
  EXPECT_EQ(std::set<float>(rows.begin(), rows.end()), (std::set<float>{0, 1, 2, 3, 4}));
  workload.run();
}

TEST(NativeWorkload, OfALayerThatDoesNothingIsEmpty) {
  Network network = builtin_network("lenet5");
  for (const Layer& layer : network.layers) {
    if (kind_name(layer.operation) != "flatten") continue;
    Layer alone = layer;
    alone.inputs = {kNetworkInput};
    alone.output_shape = {layer.output_shape.elements(), 1, 1};
    alone.input_shapes = {alone.output_shape};
    const NativeWorkload workload(Network{"flat", {{"input", alone.input_shape()}}, {alone}, {0}},
                                  1);
    EXPECT_TRUE(workload.is_empty());
    workload.run();
  }
}

TEST(NativeWorkload, EmptyCachesKeepWhatMemoryHolds) {
  const NativeWorkload workload(Matmul{64, 67, 70, ElementType::kFloat32, LoopOrder::kIkj}, 1);
  workload.run();
  const auto before = matrix<float>(workload, 2, 64, 70);
  workload.empty_caches();
  EXPECT_EQ(matrix<float>(workload, 2, 64, 70), before);
  workload.run();
  EXPECT_EQ(matrix<float>(workload, 2, 64, 70), before);
}

// A megabyte of weights comes from memory each time, and not from a cache.
TEST(NativeWorkload, FromEmptyCachesItTakesLonger) {
  if (!emulator().empty()) {
    GTEST_SKIP() << emulator().front() << " runs this test: it has no caches that could be empty";
  }
  const NativeWorkload workload(find_network("dense:units=256,input=1024x1x1"), 1);
  const auto seconds = [&](bool is_cold) {
    double sum_s = 0;
    for (int i = 0; i < 30; ++i) {
      if (is_cold) workload.empty_caches();
      const double start_s = thread_clock().now_s();
      workload.run();
      sum_s += thread_clock().now_s() - start_s;
    }
    return sum_s;
  };
  seconds(false);
  EXPECT_GT(seconds(true), 1.1 * seconds(false));
}

}  // namespace
}  // namespace wattgrind
