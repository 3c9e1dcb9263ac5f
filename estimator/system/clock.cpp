#include "estimator/system/clock.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace wattgrind {
namespace {

template <typename T>
double seconds_since_epoch() {
  return std::chrono::duration<double>(T::now().time_since_epoch()).count();
}

class SystemClock : public Clock {
 public:
  double now_s() const override { return seconds_since_epoch<std::chrono::steady_clock>(); }
  double unix_s() const override { return seconds_since_epoch<std::chrono::system_clock>(); }

  bool sleep_until(double time_s, std::stop_token stop) override {
    using Steady = std::chrono::steady_clock;
    const Steady::time_point time(
        std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(time_s)));
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    woken.wait_until(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace wattgrind
