#include "estimator/models/reading_precision.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace wattgrind {
namespace {

// `count` elementwise layers of n values, which take 1 ns a value times what `factor` says.
std::vector<LayerReading> relu_readings(size_t count, double (*factor)(size_t)) {
  std::vector<LayerReading> readings;
  for (size_t i = 0; i < count; ++i) {
    const double values = 1000.0 * static_cast<double>(1 + i * i);
    LayerReading reading;
    reading.workload = "relu " + std::to_string(i);
    reading.point = {"relu", {1, values}, {values, values, values, 0}, std::nullopt};
    reading.time_s = 1e-9 * values * factor(i);
    readings.push_back(reading);
  }
  return readings;
}

TEST(ReadingPrecision, PricesThatHoldLeaveHardlyAnError) {
  const auto readings = relu_readings(30, [](size_t) { return 1.0; });
  const KindPrecision precision = kind_precision("relu", readings);
  EXPECT_EQ(precision.layers, 30u);
  EXPECT_LT(precision.left_out_percent.value(), 0.5);
}

TEST(ReadingPrecision, ReadingsFromColdCachesAndOtherKindsAreNotCounted) {
  auto readings = relu_readings(20, [](size_t) { return 1.0; });
  readings[3].cold = true;
  readings[4].point.kind = "lrn";
  EXPECT_EQ(kind_precision("relu", readings).layers, 18u);
  EXPECT_FALSE(kind_precision("lrn", readings).left_out_percent);
}

TEST(ReadingPrecision, TheKindThatIsToldWorseComesFirst) {
  KindPrecision good = kind_precision("relu", relu_readings(30, [](size_t) { return 1.0; }));
  KindPrecision bad =
      kind_precision("relu", relu_readings(30, [](size_t i) { return i % 2 == 0 ? 1.0 : 3.0; }));
  EXPECT_GT(bad.left_out_percent.value(), 20);
  EXPECT_EQ(most_needed(std::vector{good, bad}), 1u);
  // What takes many layers already gets fewer more.
  bad.left_out_percent = 20;
  good.left_out_percent = 15;
  good.layers = 20;
  bad.layers = 100;
  EXPECT_EQ(most_needed(std::vector{good, bad}), 0u);
  // Of kinds that are told alike the one that takes more of networks' time comes first.
  good.kind = "dense";
  KindPrecision convolution = good;
  convolution.kind = "conv2d";
  EXPECT_EQ(most_needed(std::vector{good, convolution}), 1u);
}

TEST(ReadingPrecision, KindsWithHardlyALayerComeBeforeAll) {
  const std::vector<KindPrecision> kinds = {
      {"a", 40, 90.0}, {"b", kFewestLayersOfAKind - 1, 0.0}, {"c", 2, std::nullopt}, {"d", 2, 3.0}};
  EXPECT_EQ(most_needed(kinds), 2u);
}

}  // namespace
}  // namespace wattgrind
