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

TEST(Suggestion, Words) {
  EXPECT_EQ(suggest("lenet", {"lenet5", "vgg16"}), "did you mean lenet5?");
}

}  // namespace
}  // namespace wattgrind
