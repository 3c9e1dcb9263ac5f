// Views of maps against tensors whose every value is where its index says.
#include "estimator/onnx/map_view.h"

#include <gtest/gtest.h>

#include <numeric>

#include "estimator/onnx/placement.h"

namespace wattgrind {
namespace {

constexpr int64_t kBatch = 2;

// Two images of 6 channels, 2 rows and 4 columns, numbered through.
MapView image() { return framework_view("map", {6, 2, 4}); }

std::vector<float> numbers(int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 0.0F);
  return values;
}

std::vector<float> seen(const MapView& view) {
  return to_tensor(view, kBatch, numbers(kBatch * view.shape.elements()));
}

TEST(MapView, AMapAsFrameworksHaveItIsItself) {
  EXPECT_EQ(seen(image()), numbers(kBatch * 48));
  EXPECT_EQ(image().dims(), (std::vector<int64_t>{1, 6, 2, 4}));
  EXPECT_TRUE(image().is_whole());
  EXPECT_EQ(image().natural_form(), (MapForm{{1}, {2}, {3}}));
}

TEST(MapView, ReshapingKeepsTheOrder) {
  for (const std::vector<int64_t>& dims : std::vector<std::vector<int64_t>>{
           {1, 48}, {1, 2, 3, 8}, {1, 6, 8}, {1, 12, 4}, {1, 3, 2, 2, 2, 2}, {1, 1, 48, 1}}) {
    const auto view = reshaped(image(), dims);
    ASSERT_TRUE(view.has_value()) << dims.size();
    EXPECT_EQ(view->dims(), dims);
    EXPECT_EQ(seen(*view), numbers(kBatch * 48));
    EXPECT_TRUE(view->has_batch(0));
  }
  // 4 columns are not cut into threes.
  EXPECT_FALSE(reshaped(image(), std::vector<int64_t>{1, 16, 3}).has_value());
}

TEST(MapView, TransposingMovesAxes) {
  const MapView view = transposed(image(), std::vector<size_t>{0, 2, 3, 1});
  const std::vector<float> values = seen(view);
  size_t next = 0;
  for (int64_t n = 0; n < kBatch; ++n) {
    for (int64_t y = 0; y < 2; ++y) {
      for (int64_t x = 0; x < 4; ++x) {
        for (int64_t c = 0; c < 6; ++c) {
          EXPECT_EQ(values[next++], static_cast<float>(((n * 6 + c) * 2 + y) * 4 + x));
        }
      }
    }
  }
  // The channels are together, as kernels store them.
  EXPECT_EQ(view.natural_form(), (MapForm{{3}, {1}, {2}}));
}

TEST(MapView, ChannelShuffleIsReshapeTransposeReshape) {
  const MapView split = reshaped(image(), std::vector<int64_t>{1, 2, 3, 2, 4}).value();
  const MapView turned = transposed(split, std::vector<size_t>{0, 2, 1, 3, 4});
  const MapView shuffled = reshaped(turned, std::vector<int64_t>{1, 6, 2, 4}).value();
  const std::vector<float> values = seen(shuffled);
  for (int64_t c = 0; c < 6; ++c) {
    const int64_t from = c % 2 * 3 + c / 2;
    EXPECT_EQ(values[static_cast<size_t>(c * 8)], static_cast<float>(from * 8)) << c;
  }
  EXPECT_FALSE(shuffled.natural_form().has_value()) << "it has to be copied";
  EXPECT_TRUE(shuffled.is_whole());
}

TEST(MapView, SlicingStepsAndReverses) {
  const MapView part = sliced(image(), 3, 3, 2, -2).value();
  EXPECT_EQ(part.dims(), (std::vector<int64_t>{1, 6, 2, 2}));
  const std::vector<float> values = seen(part);
  EXPECT_EQ(values[0], 3);
  EXPECT_EQ(values[1], 1);
  EXPECT_EQ(values[2], 7);
  EXPECT_FALSE(part.is_whole());
  EXPECT_FALSE(sliced(image(), 0, 0, 1, 1)->has_batch(1));
}

TEST(MapView, ExpandingRepeats) {
  const MapView pooled = framework_view("map", {3, 1, 1});
  const MapView image_of_it = reshaped(pooled, std::vector<int64_t>{1, 3, 1, 1}).value();
  const MapView wide = expanded(image_of_it, std::vector<int64_t>{1, 3, 2, 2});
  EXPECT_EQ(seen(wide), (std::vector<float>{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2,
                                            3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5}));
  EXPECT_FALSE(wide.is_whole());
}

TEST(MapView, ACopyInAFormHoldsTheSameTensor) {
  const MapView split = reshaped(image(), std::vector<int64_t>{1, 2, 3, 2, 4}).value();
  const MapView turned = transposed(split, std::vector<size_t>{0, 3, 1, 4, 2});
  const MapForm form{{4}, {1, 2}, {3}};
  const MapView copy = in_form(turned, form, "copy");
  EXPECT_EQ(copy.shape, (FeatureShape{3, 4, 4}));
  EXPECT_EQ(copy.dims(), turned.dims());
  EXPECT_TRUE(copy.has_form(form));
  EXPECT_EQ(to_images(copy, kBatch, to_tensor(copy, kBatch, numbers(kBatch * 48))),
            numbers(kBatch * 48));
}

TEST(MapView, AFormKeepsAxesApart) {
  const MapView tokens = framework_view("map", {6, 2, 4});
  const auto flat = reshaped(tokens, std::vector<int64_t>{1, 6, 8});
  EXPECT_EQ(flat->separating_form({2}), (MapForm{{2}, {}, {1}})) << "8 spans rows and columns";
  EXPECT_EQ(tokens.separating_form({1}), (MapForm{{1}, {2}, {3}}));
}

}  // namespace
}  // namespace wattgrind
