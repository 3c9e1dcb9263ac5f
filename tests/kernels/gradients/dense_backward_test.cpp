// Backward kernels of dense layers against the obvious computation, at sizes on and off the tile.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/gradients/gradient_algorithms.h"
#include "tests/kernels/layer_case.h"

namespace wattgrind {
namespace {

void check_dense(FeatureShape input, int64_t units, int64_t batch, const Surroundings& around,
                 const std::string& what) {
  const LayerCase test = make_case(input, Dense{units}, batch, around, what);
  const auto& dense = std::get<Dense>(test.layer.operation);
  check_data_gradient(test, [&](const auto& c) { return lower_data_gradient(dense, c); });
  check_weight_gradient(test, [&](const auto& c) { return lower_weight_gradient(dense, c); });
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
    const ConvProblem problem =
        dense_data_gradient_problem(Dense{units}, test.context(Isa::kAvx512));
    return choose_data_gradient_algorithm(problem).algorithm == ConvAlgorithm::kDirect;
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

TEST(DenseBackward, ValuesAreColumnsWhereUnitsAreFewAndImagesMany) {
  const auto takes_columns = [](FeatureShape input, int64_t units, int64_t batch) {
    const LayerCase test = make_case(input, Dense{units}, batch, {}, "");
    const ConvProblem problem =
        dense_weight_gradient_problem(Dense{units}, test.context(Isa::kAvx512));
    return choose_weight_gradient_algorithm(problem).algorithm == ConvAlgorithm::kTapColumns;
  };
  EXPECT_TRUE(takes_columns({784, 1, 1}, 5, 128));
  EXPECT_TRUE(takes_columns({1, 28, 28}, 5, 128));
  EXPECT_FALSE(takes_columns({784, 1, 1}, 5, 2)) << "the copy is longer than the products";
  EXPECT_FALSE(takes_columns({784, 1, 1}, 16, 128)) << "as many units as lanes";
  for (const int64_t units : {1, 5, 7, 17}) {
    for (const int64_t values : {16, 33, 784}) {
      check_dense({values, 1, 1}, units, 128, {}, fmt::format("dense {} -> {}", values, units));
    }
    check_dense({1, 28, 28}, units, 64, {}, fmt::format("dense map -> {}", units));
    check_dense({3, 5, 5}, units, 64, {.extra_channels = 1}, fmt::format("padded -> {}", units));
  }
}

}  // namespace
}  // namespace wattgrind
