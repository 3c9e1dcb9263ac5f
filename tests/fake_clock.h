// A clock that moves when someone sleeps, up to an end that the test sets. A sampler on it takes
// all its samples up to that end, whenever it is stopped.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "estimator/system/clock.h"

namespace wattgrind {

class FakeClock : public Clock {
 public:
  static constexpr double kUnixAtZero = 1.7e9;  // 2023-11-14 22:13:20 UTC

  double now_s() const override {
    const std::lock_guard lock(mutex_);
    return now_s_;
  }
  double unix_s() const override { return kUnixAtZero + now_s(); }

  bool sleep_until(double time_s, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    if (time_s <= end_s_ + 1e-9 || !stop.stop_possible()) {
      now_s_ = std::max(now_s_, time_s + (lateness_s ? lateness_s(time_s) : 0));
      return true;
    }
    now_s_ = std::max(now_s_, end_s_);
    stopped_.wait(lock, stop, [] { return false; });
    return false;
  }

  // How far a sampler that is started next will get.
  void set_end_after(double seconds) {
    const std::lock_guard lock(mutex_);
    end_s_ = now_s_ + seconds;
  }
  void advance(double seconds) {
    const std::lock_guard lock(mutex_);
    now_s_ += seconds;
  }

  // How much too late who sleeps until a time wakes; nobody is late without it.
  std::function<double(double time_s)> lateness_s;

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any stopped_;
  double now_s_ = 100;
  double end_s_ = 100;
};

}  // namespace wattgrind
