#include "estimator/system/interrupt.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

bool is_readable(int fd) {
  pollfd wait{fd, POLLIN, 0};
  return poll(&wait, 1, 0) == 1;
}

TEST(Interrupt, ASignalIsSeenUntilTheOutermostGuardEnds) {
  EXPECT_EQ(interrupt_fd(), -1);
  {
    const InterruptGuard outer;
    {
      const InterruptGuard inner;
      EXPECT_FALSE(interrupted());
      EXPECT_FALSE(is_readable(interrupt_fd()));
      raise(SIGTERM);
    }
    EXPECT_TRUE(interrupted());
    EXPECT_TRUE(is_readable(interrupt_fd()));
    try {
      throw_if_interrupted();
      FAIL() << "not interrupted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
    }
  }
  EXPECT_FALSE(interrupted());
  const InterruptGuard later;
  EXPECT_FALSE(interrupted());
  EXPECT_FALSE(is_readable(interrupt_fd()));
}

TEST(InterruptDeathTest, ASecondSignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        const InterruptGuard guard;
        raise(SIGINT);
        raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "");
}

TEST(InterruptDeathTest, WithoutAGuardASignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        { const InterruptGuard guard; }
        raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(Interrupt, AnIgnoredSignalStaysIgnored) {
  const auto previous = signal(SIGINT, SIG_IGN);
  {
    const InterruptGuard guard;
    raise(SIGINT);
    EXPECT_FALSE(interrupted());
  }
  EXPECT_EQ(signal(SIGINT, previous), SIG_IGN);
}

}  // namespace
}  // namespace wattgrind
