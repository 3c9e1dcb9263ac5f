// The clock is an interface, so that what waits and samples can be tested without waiting.
#pragma once

#include <stop_token>

namespace wattgrind {

class Clock {
 public:
  virtual ~Clock() = default;

  virtual double now_s() const = 0;   // never goes back; starts anywhere
  virtual double unix_s() const = 0;  // calendar time: seconds since the start of 1970, UTC
  // Waits until now_s() >= time_s. False if a stop was asked for first.
  virtual bool sleep_until(double time_s, std::stop_token stop) = 0;
};

// The clock of the system.
Clock& system_clock();

}  // namespace wattgrind
