#include "estimator/readings/measurement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>

#include "estimator/base/error.h"
#include "estimator/system/interrupt.h"
#include "tests/error_text.h"
#include "tests/fake_clock.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kIdleW = 20;

// A machine whose power is set by what runs on it, and a meter of it.
class Bench {
 public:
  // A repetition of a load that takes power above idle.
  Load load(const std::string& workload, double seconds, double power_w) {
    return {workload, [this, seconds, power_w] {
              ++repetitions;
              pass(seconds, kIdleW + power_w * (1 + ripple(repetitions)));
            }};
  }
  // Everyone's time goes on; what nobody uses is idle.
  void pass(double seconds, double power_w) {
    const double unused_s = clock.now_s() - accounted_s_;
    energy_j += unused_s * kIdleW + seconds * power_w;
    series.push_back({clock.now_s() + 1e-9, power_w});
    clock.advance(seconds);
    series.push_back({clock.now_s(), power_w});
    accounted_s_ = clock.now_s();
  }
  double energy_now_j() { return energy_j + (clock.now_s() - accounted_s_) * kIdleW; }

  FakeClock clock;
  std::function<double(uint64_t)> ripple = [](uint64_t) { return 0.0; };
  uint64_t repetitions = 0;
  double energy_j = 0;
  std::vector<PowerSample> series;

 private:
  double accounted_s_ = 100;  // FakeClock's start
};

class BenchMeter : public Meter {
 public:
  BenchMeter(Bench& bench, bool has_energy, bool tells_apart, double least_s = 0)
      : bench_(bench), has_energy_(has_energy), tells_apart_(tells_apart), least_s_(least_s) {}

  std::string name() const override { return "bench"; }
  bool reads_energy() const override { return has_energy_; }
  bool tells_loads_apart() const override { return tells_apart_; }
  void start() override {
    ++starts;
    start_s_ = bench_.clock.now_s();
    start_j_ = bench_.energy_now_j();
    bench_.series = {{start_s_, kIdleW}};
  }
  MeterReading stop() override {
    if (starts == vanishes_at) fail(ErrorKind::kFailed, "bench: gone");
    if (starts == interrupted_at) {
      std::raise(SIGINT);
      throw_if_interrupted();
    }
    MeterReading reading;
    reading.duration_s = bench_.clock.now_s() - start_s_;
    if (has_energy_) reading.energy_j = bench_.energy_now_j() - start_j_;
    bench_.series.push_back({bench_.clock.now_s() + 1e-9, kIdleW});
    reading.series = pace_s > 0 ? paced_series(reading.duration_s) : bench_.series;
    reading.most_pause_s = most_pause_s > 0 ? most_pause_s : INFINITY;
    reading.warnings = {"bench: a warning"};
    reading.samples = 10;
    reading.missed_samples = 1;
    if (has_energy_) add_rails(reading);
    return reading;
  }
  double least_duration_s(double, double) const override { return least_s_; }

  int starts = 0;
  int vanishes_at = -1;
  int interrupted_at = -1;
  double pace_s = 0;        // of samples of 50 W; 0: the bench's own series
  double most_pause_s = 0;  // 0: none is a gap
  std::function<bool(double)> in_gap = [](double) { return false; };  // where samples are missing

 private:
  std::vector<PowerSample> paced_series(double duration_s) const {
    std::vector<PowerSample> series;
    for (double time_s = start_s_; time_s < start_s_ + duration_s + pace_s; time_s += pace_s) {
      if (!in_gap(time_s)) series.push_back({time_s, 50});
    }
    return series;
  }

  // A quarter of the power is the memory's, a part of the total.
  void add_rails(MeterReading& reading) const {
    reading.rails = {{"all", *reading.energy_j, true}, {"memory", *reading.energy_j / 4, false}};
    if (!tells_apart_) return;
    for (RailEnergy& rail : reading.rails) {
      rail.series = reading.series;
      for (PowerSample& sample : rail.series) sample.power_w *= rail.in_total ? 1 : 0.25;
    }
  }

  Bench& bench_;
  bool has_energy_, tells_apart_;
  double least_s_;
  double start_s_ = 0, start_j_ = 0;
};

TEST(Measurement, IsNetOfIdleAndKnowsItsError) {
  Bench bench;
  bench.ripple = [](uint64_t i) { return i / 20 % 2 == 0 ? 0.01 : -0.01; };
  BenchMeter meter(bench, true, false);
  const Measurements result =
      measure({bench.load("a", 0.01, 50)}, meter, bench.clock, {0.02, 60, true}, {});
  ASSERT_EQ(result.loads.size(), 1u);
  const Measurement& load = result.loads[0];
  EXPECT_FALSE(result.interrupted);
  EXPECT_EQ(load.runs.size(), 5u);
  EXPECT_NEAR(load.seconds(), 0.01, 1e-9);
  EXPECT_DOUBLE_EQ(load.idle_power_w.value(), kIdleW);
  EXPECT_NEAR(load.power_w().value(), 50, 0.5);
  EXPECT_NEAR(load.energy_j().value(), 0.5, 0.005);
  EXPECT_GT(load.relative_error().value(), 0);
  EXPECT_LT(load.relative_error().value(), 0.02);
  EXPECT_THAT(load.warnings, ElementsAre("bench: a warning"));
  const Reading reading = reading_of(load, 4);
  EXPECT_EQ(reading.batch, 4u);
  EXPECT_EQ(reading.repetitions, load.repetitions());
  EXPECT_NEAR(reading.net_energy_j(), load.energy_j().value(), 1e-12);
  EXPECT_GT(reading.energy_j, 70 * 0.99 * load.duration_s());
}

TEST(Measurement, IdleIsLeftInWhereAskedTo) {
  Bench bench;
  BenchMeter meter(bench, true, false);
  const Measurements result =
      measure({bench.load("a", 0.01, 50)}, meter, bench.clock, {0.02, 60, false}, {});
  EXPECT_FALSE(result.loads[0].idle_power_w);
  EXPECT_NEAR(result.loads[0].energy_j().value(), 0.7, 1e-6);
}

TEST(Measurement, GoesOnUntilTheErrorIsSmallEnoughOrTimeIsUp) {
  Bench bench;
  bench.ripple = [](uint64_t i) { return 0.3 * std::sin(0.1 * static_cast<double>(i)); };
  BenchMeter meter(bench, true, false);
  const Measurement coarse =
      measure({bench.load("a", 0.05, 50)}, meter, bench.clock, {0.1, 1000, true}, {}).loads[0];
  const Measurement fine =
      measure({bench.load("a", 0.05, 50)}, meter, bench.clock, {0.01, 1000, true}, {}).loads[0];
  EXPECT_LE(fine.relative_error().value(), 0.01);
  EXPECT_GT(fine.runs.size(), coarse.runs.size());
  const Measurement limited =
      measure({bench.load("a", 0.05, 50)}, meter, bench.clock, {0.0001, 3, true}, {}).loads[0];
  EXPECT_LE(limited.duration_s(), 3);
  EXPECT_THAT(limited.warnings.back(), HasSubstr("raise the time limit"));
}

TEST(Measurement, RailsAndMissedSamplesAreTold) {
  for (const bool tells_apart : {false, true}) {
    Bench bench;
    BenchMeter meter(bench, true, tells_apart);
    const Measurements result = measure({bench.load("a", 0.01, 40), bench.load("b", 0.01, 80)},
                                        meter, bench.clock, {0.02, 60, true}, {});
    const auto readings = static_cast<uint64_t>(meter.starts);
    EXPECT_EQ(result.samples, 10 * readings);
    EXPECT_EQ(result.missed_samples, readings);
    const std::vector<RailPower> rails = result.loads[1].rails();
    ASSERT_EQ(rails.size(), 2u);
    EXPECT_EQ(rails[0].name, "all");
    EXPECT_TRUE(rails[0].in_total);
    EXPECT_NEAR(rails[0].power_w, 80, 0.01);
    EXPECT_EQ(rails[1].name, "memory");
    EXPECT_FALSE(rails[1].in_total);
    EXPECT_NEAR(rails[1].power_w, 20, 0.01);
  }
}

TEST(Measurement, WithoutEnergyIsTimeAlone) {
  Bench bench;
  BenchMeter meter(bench, false, false);
  const Measurement load =
      measure({bench.load("a", 0.003, 50)}, meter, bench.clock, {0.02, 60, true}, {}).loads[0];
  EXPECT_EQ(meter.starts, 5);  // no idle
  EXPECT_NEAR(load.seconds(), 0.003, 1e-9);
  EXPECT_FALSE(load.energy_j());
  EXPECT_NEAR(load.relative_error().value(), 0, 1e-9);
}

TEST(Measurement, JoinsMarksToTheSeries) {
  Bench bench;
  BenchMeter meter(bench, true, true);
  const Measurements result = measure({bench.load("light", 0.01, 5), bench.load("heavy", 0.02, 80)},
                                      meter, bench.clock, {0.02, 60, true}, {});
  ASSERT_EQ(result.loads.size(), 2u);
  EXPECT_EQ(meter.starts, 1 + 5);  // idle, then one reading a round
  EXPECT_NEAR(result.loads[0].power_w().value(), 5, 0.01);
  EXPECT_NEAR(result.loads[1].power_w().value(), 80, 0.01);
  EXPECT_NEAR(result.loads[1].energy_j().value(), 1.6, 0.001);
}

TEST(Measurement, AMeterTooCoarseForTheTimeLimitIsReadOnce) {
  Bench bench;
  BenchMeter meter(bench, true, false, 18000);
  std::vector<std::string> told;
  const Measurement load =
      measure({bench.load("a", 0.01, 50)}, meter, bench.clock, {0.02, 10, true},
              {{}, [&](const std::string& message) { told.push_back(message); }, {}})
          .loads[0];
  EXPECT_EQ(load.runs.size(), 1u);
  EXPECT_NEAR(load.duration_s(), 10, 0.02);
  EXPECT_FALSE(load.relative_error());
  EXPECT_EQ(told.front(),
            "bench: to read a load of 50 W within 2 % takes 18000 s, and the time limit is 10 s: "
            "raise it, or be content with a larger error");
}

TEST(Measurement, AnInterruptionKeepsWholeRuns) {
  Bench bench;
  BenchMeter meter(bench, true, false);
  const InterruptGuard guard;
  Load first = bench.load("first", 0.1, 50), second = bench.load("second", 0.1, 50);
  second.run = [&, run = second.run] {
    if (meter.starts == 7) std::raise(SIGINT);  // idle, three rounds, in the third of the second
    run();
  };
  std::vector<std::string> finished;
  const Measurements result =
      measure({first, second}, meter, bench.clock, {0.02, 60, true},
              {{}, {}, [&](const Measurement& load) { finished.push_back(load.workload); }});
  EXPECT_TRUE(result.interrupted);
  EXPECT_THAT(finished, ElementsAre("first", "second"));
  EXPECT_EQ(result.loads[0].runs.size(), 3u);
  EXPECT_EQ(result.loads[1].runs.size(), 2u);
  EXPECT_THAT(result.loads[1].warnings.back(), "2 of 5 runs: the measurement was cut short");
}

TEST(Measurement, AnInterruptionOfAMeterThatWaitsKeepsTheRunsBefore) {
  Bench bench;
  BenchMeter meter(bench, true, false);
  meter.interrupted_at = 4;  // idle, three runs
  const InterruptGuard guard;
  const Measurements result =
      measure({bench.load("a", 0.1, 50)}, meter, bench.clock, {0.02, 60, true}, {});
  EXPECT_TRUE(result.interrupted);
  ASSERT_EQ(result.loads.size(), 1u);
  EXPECT_EQ(result.loads[0].runs.size(), 2u);
}

TEST(Measurement, AMeterThatFailsKeepsTheRunsBefore) {
  Bench bench;
  BenchMeter meter(bench, true, false);
  meter.vanishes_at = 20;
  const Load steady = bench.load("steady", 0.1, 50);
  const Load noisy = {"noisy",
                      [&] { bench.pass(0.1, 60 + 30 * std::sin(0.7 * bench.clock.now_s())); }};
  std::vector<std::string> finished;
  const Measurements result =
      measure({noisy, steady}, meter, bench.clock, {0.0005, 600, true},
              {{}, {}, [&](const Measurement& load) { finished.push_back(load.workload); }});
  ASSERT_TRUE(result.failure);
  EXPECT_STREQ(result.failure->what(), "bench: gone");
  EXPECT_EQ(result.failure->kind(), ErrorKind::kFailed);
  EXPECT_THAT(finished, ElementsAre("steady", "noisy"));
  ASSERT_EQ(result.loads.size(), 2u);
  EXPECT_EQ(result.loads[0].runs.size(), 13u);  // 18 after idle, five of them of the other
  EXPECT_THAT(result.loads[0].warnings.back(), HasSubstr("the measurement was cut short"));
}

TEST(Measurement, AMeterThatFailsBeforeAnyRunIsAnError) {
  Bench bench;
  BenchMeter meter(bench, true, false);
  meter.vanishes_at = 2;
  const auto run = [&] {
    measure({bench.load("a", 0.1, 50)}, meter, bench.clock, {0.02, 60, true}, {});
  };
  EXPECT_EQ(error_text(run, ErrorKind::kFailed), "bench: gone");
}

TEST(Measurement, ALoadThatIsRefusedLeavesTheOthers) {
  Bench bench;
  BenchMeter meter(bench, true, false);
  const Measurements result =
      measure({bench.load("nothing", 0.1, -5), bench.load("something", 0.1, 50)}, meter,
              bench.clock, {0.02, 60, true}, {});
  ASSERT_TRUE(result.failure);
  EXPECT_THAT(result.failure->what(), HasSubstr("nothing: the load took 15.00 W"));
  ASSERT_EQ(result.loads.size(), 1u);
  EXPECT_EQ(result.loads[0].workload, "something");
}

// A sample every 0.05 s and one load of 4 s in all, 0.25 s of it in the run that is told without.
TEST(Measurement, GapsOfTheSeriesAreSaidAndAboveATenthRefused) {
  const auto run = [](double gap_s) {
    Bench bench;
    BenchMeter meter(bench, true, true, 4);
    meter.most_pause_s = 0.1;
    meter.pace_s = 0.05;
    const double gap_from_s = 102.5;
    meter.in_gap = [=](double time_s) {
      return time_s > gap_from_s && time_s < gap_from_s + gap_s - 0.01;
    };
    return measure({bench.load("light", 0.5, 5), bench.load("heavy", 0.5, 80)}, meter, bench.clock,
                   {0.02, 60, false}, {});
  };
  const std::vector<Measurement> whole = run(0).loads;
  EXPECT_THAT(whole[0].warnings, ElementsAre("bench: a warning"));
  const std::vector<Measurement> some = run(0.3).loads;
  EXPECT_THAT(some[0].warnings,
              ElementsAre("bench: a warning",
                          "0.3 of 20 s (1.5 %) lie in gaps between the meter's samples"));
  EXPECT_THAT(some[1].warnings, ElementsAre("bench: a warning"));  // it ran later
  EXPECT_EQ(error_text([&] { run(2); }, ErrorKind::kFailed),
            "light: 2 of 4 s (50 %) lie in gaps between the meter's samples, more than a tenth: "
            "see why the meter paused, and measure again");
}

TEST(Measurement, RailsInTheTotalAddUpToItAfterIdleIsSubtracted) {
  Measurement load{"a", 12, {{"x", 4, true}, {"x (b)", 8, true}, {"in x", 3, false}}, {}, {}};
  load.runs.push_back({1, 2, 100.0, {{"x", 40, true}, {"x (b)", 60, true}, {"in x", 20, false}}});
  double sum_w = 0;
  for (const RailPower& rail : load.rails()) sum_w += rail.in_total ? rail.power_w : 0;
  EXPECT_DOUBLE_EQ(sum_w, 100.0 / 2 - 12);
  EXPECT_DOUBLE_EQ(load.power_w().value(), sum_w);
  EXPECT_DOUBLE_EQ(load.rails()[1].power_w, 30 - 8);
}

TEST(Measurement, ALoadThatTakesNoMoreThanIdleIsRefused) {
  Bench bench;
  BenchMeter meter(bench, true, false);
  const auto run = [&] {
    measure({bench.load("nothing", 0.1, -5)}, meter, bench.clock, {0.02, 60, true}, {});
  };
  EXPECT_EQ(error_text(run, ErrorKind::kFailed),
            "nothing: the load took 15.00 W, the idle system 20.00 W: end what else runs and "
            "measure again");
}

}  // namespace
}  // namespace wattgrind
