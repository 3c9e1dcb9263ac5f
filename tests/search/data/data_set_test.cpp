#include "search/data/data_set.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// One pixel an image, a value of its own: `first` + index. Labels take turns in 0..classes-1.
LabelledImages numbered(size_t count, int classes, float first) {
  LabelledImages images;
  images.shape = {1, 1, 1};
  for (size_t i = 0; i < count; ++i) {
    images.pixels.push_back(first + static_cast<float>(i));
    images.labels.push_back(static_cast<uint8_t>(i % static_cast<size_t>(classes)));
  }
  return images;
}

std::string error_of(const LabelledImages& pool, const LabelledImages& test_pool, int classes,
                     const DataSelection& selection) {
  try {
    select(pool, test_pool, classes, selection, "mnist");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "nothing thrown";
}

TEST(DataSet, PartsAreDisjointAndOfTheSizesAskedFor) {
  const DataSet set =
      select(numbered(50, 5, 0), numbered(20, 5, 1000), 5, {{}, 30, 20, 7, 1}, "mnist");
  EXPECT_EQ(set.train.size(), 30u);
  EXPECT_EQ(set.validation.size(), 20u);
  EXPECT_EQ(set.test.size(), 7u);
  std::set<float> seen;
  for (const LabelledImages* part : {&set.train, &set.validation, &set.test}) {
    seen.insert(part->pixels.begin(), part->pixels.end());
  }
  EXPECT_EQ(seen.size(), 57u);
  for (const float pixel : set.test.pixels) EXPECT_GE(pixel, 1000);
}

TEST(DataSet, WithoutSizesTakesEverythingAndNoValidation) {
  const DataSet set = select(numbered(50, 5, 0), numbered(20, 5, 1000), 5, {}, "mnist");
  EXPECT_EQ(set.train.size(), 50u);
  EXPECT_EQ(set.validation.size(), 0u);
  EXPECT_EQ(set.test.size(), 20u);
  EXPECT_EQ(set.classes, 5);
}

TEST(DataSet, ImagesKeepTheirClassesUnderNewLabels) {
  const DataSet set =
      select(numbered(50, 5, 0), numbered(20, 5, 1000), 5, {{4, 1}, 12, 8, 8, 1}, "mnist");
  EXPECT_EQ(set.classes, 2);
  EXPECT_EQ(set.train.size(), 12u);
  for (size_t i = 0; i < set.train.size(); ++i) {
    const int number = static_cast<int>(set.train.image(i)[0]);
    EXPECT_EQ(number % 5, set.train.labels[i] == 0 ? 4 : 1);
  }
}

TEST(DataSet, SeedDecidesWhichImages) {
  const auto train = [](uint64_t seed) {
    return select(numbered(50, 5, 0), numbered(20, 5, 0), 5, {{}, 10, 0, 5, seed}, "mnist")
        .train.pixels;
  };
  EXPECT_EQ(train(1), train(1));
  EXPECT_NE(train(1), train(2));
}

TEST(DataSet, RefusesSelectionsThatDoNotFit) {
  const LabelledImages pool = numbered(50, 5, 0), tests = numbered(20, 5, 1000);
  EXPECT_EQ(error_of(pool, tests, 5, {{}, 31, 20, 5, 1}),
            "mnist: found 30 images for training, wanted 31: choose fewer");
  EXPECT_EQ(error_of(pool, tests, 5, {{}, {}, 51, 5, 1}),
            "mnist: found 50 images for validation, wanted 51: choose fewer");
  EXPECT_EQ(error_of(pool, tests, 5, {{}, 1, 1, 21, 1}),
            "mnist: found 20 images for test, wanted 21: choose fewer");
  EXPECT_EQ(error_of(pool, tests, 5, {{}, {}, 50, 5, 1}),
            "mnist: found no images left to train on");
  EXPECT_EQ(error_of(pool, tests, 6, {{5}, 1, 0, 1, 1}),
            "mnist: found no image of class 5, wanted some");
  EXPECT_EQ(error_of(pool, tests, 5, {{5}, 1, 0, 1, 1}),
            "mnist: found class 5, wanted one of 0..4");
  EXPECT_EQ(error_of(pool, numbered(3, 3, 0), 5, {}),
            "mnist: found no image of class 3, wanted some");
}

}  // namespace
}  // namespace wattgrind
