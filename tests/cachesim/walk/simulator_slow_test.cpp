#include <gtest/gtest.h>

#include "tests/cachesim/walk/compare_countings.h"

namespace wattgrind {
namespace {

TEST(SimulatorFuzz, CollapsedReferencesEqualTheLists) {
  EXPECT_EQ(compare_counting(Counting::kCollapsed, 6000, 100'000, 40'000).programs, 120'000u);
}

TEST(SimulatorFuzz, ReplayedReferencesEqualTheLists) {
  EXPECT_EQ(compare_replay(30000, 200'000, 10'000).programs, 30'000u);
}

}  // namespace
}  // namespace wattgrind
