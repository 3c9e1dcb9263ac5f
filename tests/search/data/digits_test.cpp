#include "search/data/digits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "search/data/digit_strokes.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

// FNV-1a, 64 bits.
uint64_t fingerprint(const DigitImage& image, uint64_t hash) {
  for (const uint8_t pixel : image) hash = (hash ^ pixel) * 0x100000001B3u;
  return hash;
}

std::vector<float> pixels(const LabelledImages& images, size_t index) {
  const auto image = images.image(index);
  return {image.begin(), image.end()};
}

// The bytes that every platform and compiler draws.
TEST(Digits, AreTheSameEverywhere) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (int i = 0; i < 1000; ++i) {
    hash = fingerprint(draw_digit(i % 10, derive_seed(1, static_cast<uint64_t>(i))), hash);
  }
  EXPECT_EQ(hash, 0xA506A19F355CAEA8u);
}

TEST(Digits, HaveInkInTheMiddleAndStayOnThePage) {
  for (int digit = 0; digit < kDigitClasses; ++digit) {
    uint64_t inside = 0, border = 0;
    for (uint64_t seed = 0; seed < 200; ++seed) {
      const DigitImage image = draw_digit(digit, seed);
      for (int row = 0; row < kDigitSize; ++row) {
        for (int column = 0; column < kDigitSize; ++column) {
          const bool is_border =
              row == 0 || column == 0 || row == kDigitSize - 1 || column == kDigitSize - 1;
          (is_border ? border : inside) += image[static_cast<size_t>(row * kDigitSize + column)];
        }
      }
    }
    const double inside_mean = static_cast<double>(inside) / (200.0 * 26 * 26);
    const double border_mean = static_cast<double>(border) / (200.0 * 4 * 27);
    EXPECT_GT(inside_mean, 15) << digit;
    EXPECT_LT(border_mean, 8) << digit;
  }
}

TEST(Digits, ComeInTheSizesAndClassesAskedFor) {
  const DataSet set = draw_digits({{7, 1, 4}, 100, 20, 10, 3});
  EXPECT_EQ(set.classes, 3);
  EXPECT_EQ(set.train.size(), 100u);
  EXPECT_EQ(set.validation.size(), 20u);
  EXPECT_EQ(set.test.size(), 10u);
  EXPECT_EQ(set.train.shape, (FeatureShape{1, 28, 28}));
  EXPECT_EQ(set.train.pixels.size(), 100u * 784);
  EXPECT_EQ(std::vector<uint8_t>(set.train.labels.begin(), set.train.labels.begin() + 4),
            (std::vector<uint8_t>{0, 1, 2, 0}));
  for (const float pixel : set.train.pixels) {
    ASSERT_GE(pixel, 0.0f);
    ASSERT_LE(pixel, 1.0f);
  }
}

TEST(Digits, LabelsFollowTheOrderOfTheClasses) {
  const DataSet seven_first = draw_digits({{7, 1}, 2, 1, 1, 5});
  EXPECT_EQ(pixels(seven_first.train, 0), pixels(draw_digits({{7}, 2, 1, 1, 5}).train, 0));
  EXPECT_EQ(pixels(seven_first.train, 1), pixels(draw_digits({{0, 1}, 2, 1, 1, 5}).train, 1));
}

TEST(Digits, NoImageIsDrawnTwice) {
  const DataSet set = draw_digits({{}, 400, 300, 300, 1});
  std::set<std::vector<float>> seen;
  for (const LabelledImages* part : {&set.train, &set.validation, &set.test}) {
    for (size_t i = 0; i < part->size(); ++i) seen.insert(pixels(*part, i));
  }
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_NE(pixels(set.train, 0), pixels(draw_digits({{}, 1, 1, 1, 2}).train, 0));
}

TEST(Digits, RefuseClassesAndSizesThatAreNone) {
  const auto message = [](std::vector<int> classes, uint64_t train = 1) -> std::string {
    try {
      draw_digits({std::move(classes), train, 1, 1, 1});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message({10}), "digits: found class 10, wanted one of 0..9");
  EXPECT_EQ(message({-1}), "digits: found class -1, wanted one of 0..9");
  EXPECT_EQ(message({2, 3, 2}), "digits: found class 2 twice, wanted each once");
  EXPECT_EQ(message({}, 0), "digits: found no images left to train on");
  EXPECT_EQ(message({}, 1000001), "digits: wanted 1000001 images, but at most 1000000 are drawn");
}

TEST(DigitStrokes, PassThroughTheirPoints) {
  const Stroke curve = {StrokeKind::kCurve, {{0, 0}, {0.5, 0.2}, {1, 1}}};
  const std::vector<StrokePoint> chain = flatten(curve, 4);
  ASSERT_EQ(chain.size(), 9u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_DOUBLE_EQ(chain[4 * i].x, curve.points[i].x);
    EXPECT_DOUBLE_EQ(chain[4 * i].y, curve.points[i].y);
  }
}

TEST(DigitStrokes, LoopsClose) {
  const Stroke loop = {StrokeKind::kLoop, {{0, 0}, {1, 0}, {1, 1}, {0, 1}}};
  const std::vector<StrokePoint> chain = flatten(loop, 3);
  ASSERT_EQ(chain.size(), 13u);
  EXPECT_EQ(chain.front().x, chain.back().x);
  EXPECT_EQ(chain.front().y, chain.back().y);
}

TEST(DigitStrokes, EveryDigitHasStyles) {
  for (int digit = 0; digit < kDigitClasses; ++digit) {
    EXPECT_GE(digit_styles(digit).size(), 2u) << digit;
  }
}

}  // namespace
}  // namespace wattgrind
