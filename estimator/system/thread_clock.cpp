#include "estimator/system/thread_clock.h"

#include <cerrno>
#include <cstring>
#include <ctime>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

class ThreadClock : public Clock {
 public:
  double now_s() const override {
    timespec time{};
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) {
      fail(ErrorKind::kFailed, "cannot read the thread's CPU time: {}", std::strerror(errno));
    }
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  double unix_s() const override { return system_clock().unix_s(); }
  bool sleep_until(double time_s, std::stop_token) override {
    CHECK(false, "a thread's time stands still while it sleeps: to {} s", time_s);
  }
};

}  // namespace

Clock& thread_clock() {
  static ThreadClock clock;
  return clock;
}

}  // namespace wattgrind
