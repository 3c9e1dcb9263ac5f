#include "kernels/codegen/core_peak.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

// Of these cores their makers say what they do: two multiply-adds of 8 values a cycle, two of 16,
// and two of 4.
TEST(CorePeak, IsWhatTheCoresMakersSay) {
  EXPECT_NEAR(peak_operations_per_cycle(Isa::kAvx2, {"skylake", std::nullopt}), 32, 0.5);
  EXPECT_NEAR(peak_operations_per_cycle(Isa::kAvx512, {"skylake-avx512", std::nullopt}), 64, 1);
  EXPECT_NEAR(peak_operations_per_cycle(Isa::kNeon, {"neoverse-n1", std::nullopt}), 16, 0.3);
}

// Parts of the same design have one unit of 512 bits.
TEST(CorePeak, IsHalvedWhereAPartHasHalfTheUnits) {
  EXPECT_NEAR(peak_operations_per_cycle(Isa::kAvx512, {"skylake-avx512", 1}), 32, 0.5);
}

}  // namespace
}  // namespace wattgrind
