#include "estimator/system/thread_clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace wattgrind {
namespace {

TEST(ThreadClock, StandsStillWhileTheThreadSleeps) {
  const double start_s = thread_clock().now_s();
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  EXPECT_LT(thread_clock().now_s() - start_s, 0.03);
}

TEST(ThreadClock, GoesOnWhileItRuns) {
  const double start_s = thread_clock().now_s();
  double last_s = start_s;
  while (last_s - start_s < 0.01) {
    const double now_s = thread_clock().now_s();
    ASSERT_GE(now_s, last_s);
    last_s = now_s;
  }
}

}  // namespace
}  // namespace wattgrind
