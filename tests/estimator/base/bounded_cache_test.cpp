#include "estimator/base/bounded_cache.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

TEST(BoundedCache, ForgetsTheOldest) {
  BoundedCache<int> cache(2);
  cache.insert("a", 1);
  cache.insert("b", 2);
  EXPECT_EQ(cache.find("a"), 1);
  cache.insert("c", 3);
  EXPECT_EQ(cache.find("a"), std::nullopt);
  EXPECT_EQ(cache.find("b"), 2);
  EXPECT_EQ(cache.find("c"), 3);
}

TEST(BoundedCache, AKeyThatIsThereTakesNoSecondPlace) {
  BoundedCache<int> cache(2);
  cache.insert("a", 1);
  cache.insert("a", 1);
  cache.insert("b", 2);
  cache.insert("b", 2);
  EXPECT_EQ(cache.find("a"), 1);
}

}  // namespace
}  // namespace wattgrind
