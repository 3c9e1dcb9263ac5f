#include "estimator/system/cpu_pin.h"

#include <gtest/gtest.h>
#include <sched.h>

namespace wattgrind {
namespace {

std::vector<int> allowed() {
  cpu_set_t set;
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

TEST(CpuPin, KeepsTheThreadOnTheFirstItMayUseAndLetsItGoAgain) {
  const std::vector<int> before = allowed();
  constexpr int kNotThere = 60000;
  {
    const CpuPin pin({kNotThere, before.back(), before.front()});
    EXPECT_EQ(pin.cpu(), before.back());
    EXPECT_EQ(allowed(), std::vector<int>{before.back()});
    EXPECT_EQ(sched_getcpu(), before.back());
  }
  EXPECT_EQ(allowed(), before);
}

TEST(CpuPin, ChangesNothingWhereNoneMayBeUsed) {
  const std::vector<int> before = allowed();
  for (const std::vector<int>& none : {std::vector<int>{}, {60000}, {-1}, {1 << 30}}) {
    const CpuPin pin(none);
    EXPECT_EQ(pin.cpu(), std::nullopt);
    EXPECT_EQ(allowed(), before);
  }
}

}  // namespace
}  // namespace wattgrind
