#include <gtest/gtest.h>

#include "tests/cachesim/compare_countings.h"

namespace wattgrind {
namespace {

TEST(SimulatorFuzz, CollapsedReferencesEqualTheLists) {
  LevelTraffic events;
  compare_with_oracle(Counting::kCollapsed, 100'000, 40'000, 6000, events);
}

}  // namespace
}  // namespace wattgrind
