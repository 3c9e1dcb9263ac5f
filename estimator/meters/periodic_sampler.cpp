#include "estimator/meters/periodic_sampler.h"

#include <algorithm>
#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {

PeriodicSampler::PeriodicSampler(Clock& clock, double period_s, std::function<void(double)> sample)
    : clock_(clock), period_s_(period_s), sample_(std::move(sample)) {
  CHECK(period_s > 0, "a period of {} s", period_s);
}

void PeriodicSampler::start() {
  CHECK(!thread_.joinable(), "started twice");
  missed_ = 0;
  failure_ = nullptr;
  const double start_s = clock_.now_s();
  sample_(start_s);
  thread_ = std::jthread([this, start_s](const std::stop_token& stop) { run(stop, start_s); });
}

uint64_t PeriodicSampler::stop() {
  CHECK(thread_.joinable(), "stopped without a start");
  thread_.request_stop();
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
  sample_(clock_.now_s());
  return missed_;
}

void PeriodicSampler::run(const std::stop_token& stop, double start_s) {
  uint64_t period = 1;
  while (clock_.sleep_until(start_s + static_cast<double>(period) * period_s_, stop)) {
    const double now_s = clock_.now_s();
    const auto elapsed = static_cast<uint64_t>((now_s - start_s) / period_s_ + 1e-6);
    if (elapsed > period) missed_ += elapsed - period;
    try {
      sample_(now_s);
    } catch (...) {
      failure_ = std::current_exception();
      return;
    }
    period = std::max(period, elapsed) + 1;
  }
}

}  // namespace wattgrind
