// What tests of meters that read a sysfs tree have in common.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "estimator/meters/meter.h"
#include "tests/error_text.h"
#include "tests/fake_clock.h"
#include "tests/fake_sysfs.h"

namespace wattgrind {

class SysfsMeterTest : public testing::Test {
 protected:
  using MakeMeter = std::unique_ptr<Meter>(Sysfs&, Clock&);

  explicit SysfsMeterTest(MakeMeter* make) : make_meter_(make) {}

  std::unique_ptr<Meter> make_meter() { return make_meter_(sysfs_, clock_); }

  MeterReading measure(double seconds) {
    const auto meter = make_meter();
    clock_.set_end_after(seconds);
    meter->start();
    return meter->stop();
  }

  std::string error_of(double seconds, ErrorKind kind = ErrorKind::kFailed) {
    return error_text([&] { measure(seconds); }, kind);
  }

  FakeClock clock_;
  FakeSysfs sysfs_;

 private:
  MakeMeter* make_meter_;
};

}  // namespace wattgrind
