#include "estimator/base/suggestion.h"

#include <gmock/gmock.h>

namespace wattgrind {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Suggestion, NearestFirst) {
  EXPECT_THAT(nearest_words("vgg17", {"alexnet", "vgg", "vgg16", "lenet5"}),
              ElementsAre("vgg16", "vgg"));
  EXPECT_THAT(nearest_words("strid", {"stride", "string", "kernel"}),
              ElementsAre("stride", "string"));
}

TEST(Suggestion, NothingNear) {
  EXPECT_THAT(nearest_words("resnet50", {"vgg16"}), IsEmpty());
  EXPECT_THAT(nearest_words(std::string(100'000, 'a'), {"a"}), IsEmpty());
  EXPECT_EQ(suggest("resnet50", {"alexnet", "vgg16"}), "known: alexnet, vgg16");
}

TEST(Suggestion, SameSpellingButForMarks) {
  const std::vector<std::string_view> known = {"raspberry_pi_4", "zen3", "rail_way", "rail-way"};
  EXPECT_EQ(same_spelling("zen3", known), "zen3");
  EXPECT_EQ(same_spelling("raspberrypi4", known), "raspberry_pi_4");
  EXPECT_EQ(same_spelling("Raspberry-Pi-4", known), "raspberry_pi_4");
  EXPECT_EQ(same_spelling("ZEN_3", known), "zen3");
  EXPECT_EQ(same_spelling("raspberrypi5", known), std::nullopt);
  EXPECT_EQ(same_spelling("raspberry pi 4", known), std::nullopt);
}

TEST(Suggestion, SameSpellingOfTwoIsNeitherButForItself) {
  const std::vector<std::string_view> known = {"rail_way", "rail-way"};
  EXPECT_EQ(same_spelling("railway", known), std::nullopt);
  EXPECT_EQ(same_spelling("rail-way", known), "rail-way");
  EXPECT_EQ(suggest("railway", known), "did you mean rail_way or rail-way?");
}

TEST(Suggestion, Words) {
  EXPECT_EQ(suggest("lenet", {"lenet5", "vgg16"}), "did you mean lenet5?");
}

}  // namespace
}  // namespace wattgrind
