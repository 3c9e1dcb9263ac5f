#include "estimator/meters/meter_manual.h"

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"

namespace wattgrind {
namespace {

// Kill-A-Watt P4400, operation manual: energy 0.01 to 9999 kWh, at most 1875 VA.
constexpr double kResolutionKwh = 0.01;
constexpr double kMostPowerW = 1875;
constexpr double kJoulesPerKwh = 3.6e6;
constexpr int kTries = 3;

class ManualMeter : public Meter {
 public:
  ManualMeter(Operator& person, Clock& clock) : person_(person), clock_(clock) {}

  std::string name() const override { return "manual"; }

  void start() override {
    start_kwh_ = ask_kwh("kWh on the display before the run: ");
    start_s_ = clock_.now_s();
  }

  MeterReading stop() override {
    MeterReading reading;
    reading.duration_s = clock_.now_s() - start_s_;
    const double stop_kwh = ask_kwh("kWh on the display after the run: ");
    const double energy_j = kJoulesPerKwh * (stop_kwh - start_kwh_);
    if (stop_kwh < start_kwh_) {
      fail(ErrorKind::kFailed, "the display went from {} down to {} kWh: was it reset?", start_kwh_,
           stop_kwh);
    }
    if (stop_kwh == start_kwh_) {
      fail(ErrorKind::kFailed,
           "the display stayed at {} kWh for {:.0f} s: it counts in steps of {} kWh; run longer",
           start_kwh_, reading.duration_s, kResolutionKwh);
    }
    if (energy_j / reading.duration_s > kMostPowerW) {
      fail(ErrorKind::kFailed,
           "from {} to {} kWh in {:.0f} s would be {:.0f} W, more than the meter stands: read it "
           "again",
           start_kwh_, stop_kwh, reading.duration_s, energy_j / reading.duration_s);
    }
    reading.energy_j = energy_j;
    reading.rails = {{"wall", energy_j, true}};
    const double resolution = 100 * kResolutionKwh / (stop_kwh - start_kwh_);
    if (resolution > 5) {
      reading.warnings.push_back(fmt::format(
          "one step of the display is {:.0f} % of the reading: run longer", resolution));
    }
    return reading;
  }

  // Each of the two readings is known to one step at best, so their difference is too.
  double least_duration_s(double power_w, double relative_error) const override {
    CHECK(power_w > 0 && relative_error > 0, "{} W, {}", power_w, relative_error);
    return kJoulesPerKwh * kResolutionKwh / (power_w * relative_error);
  }

 private:
  double ask_kwh(const std::string& question) {
    for (int i = 0; i < kTries; ++i) {
      const std::optional<std::string> answer = person_.ask(question);
      if (!answer) break;
      const std::optional<double> kwh = parse_number(*answer);
      if (kwh && *kwh >= 0) return *kwh;
      person_.tell(fmt::format("'{}' is not a number of kWh, such as 12.34", *answer));
    }
    fail(ErrorKind::kFailed, "no reading was given");
  }

  Operator& person_;
  Clock& clock_;
  double start_kwh_ = 0;
  double start_s_ = 0;
};

}  // namespace

std::unique_ptr<Meter> make_manual_meter(Operator& person, Clock& clock) {
  return std::make_unique<ManualMeter>(person, clock);
}

}  // namespace wattgrind
