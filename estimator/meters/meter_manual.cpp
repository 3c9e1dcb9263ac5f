#include "estimator/meters/meter_manual.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"

namespace wattgrind {
namespace {

// A Kill-A-Watt's, before any number was typed (P4400, operation manual: 0.01 to 9999 kWh).
constexpr int kPresumedDecimals = 2;
// Meters for the sockets of 16 A that most countries have: at most 250 V.
constexpr double kMostPowerW = 4000;
constexpr double kJoulesPerKwh = 3.6e6;
constexpr int kAnswerTries = 3;

// A number as a person read it from the display.
struct Display {
  double kwh = 0;
  int decimals = 0;
  bool had_comma = false;
};

std::optional<Display> parse_display(std::string text) {
  Display display;
  size_t mark = text.find('.');
  if (mark == std::string::npos) {
    mark = text.find(',');
    display.had_comma = mark != std::string::npos;
    if (display.had_comma) text[mark] = '.';
  }
  const std::optional<double> kwh = parse_number(text);
  if (!kwh || *kwh < 0) return std::nullopt;
  display.kwh = *kwh;
  if (mark != std::string::npos) display.decimals = static_cast<int>(text.size() - mark - 1);
  return display;
}

class ManualMeter : public Meter {
 public:
  ManualMeter(Operator& person, Clock& clock) : person_(person), clock_(clock) {}

  std::string name() const override { return "manual"; }

  void start() override {
    before_ = ask("kWh on the display before the run: ");
    start_s_ = clock_.now_s();
  }

  MeterReading stop() override {
    MeterReading reading;
    reading.duration_s = clock_.now_s() - start_s_;
    const double start_kwh = before_->kwh;
    const Display after = ask("kWh on the display after the run: ");
    const double stop_kwh = after.kwh;
    // A person who leaves a last 0 out types one decimal fewer than the display has.
    before_->decimals = std::max(before_->decimals, after.decimals);
    const double energy_j = kJoulesPerKwh * (stop_kwh - start_kwh);
    if (stop_kwh < start_kwh) {
      fail(ErrorKind::kFailed, "the display went from {} down to {} kWh: was it reset?", start_kwh,
           stop_kwh);
    }
    if (stop_kwh == start_kwh) {
      fail(ErrorKind::kFailed,
           "the display stayed at {} kWh for {:.0f} s: it counts in steps of {} kWh; run longer",
           start_kwh, reading.duration_s, resolution_kwh());
    }
    if (energy_j / reading.duration_s > kMostPowerW) {
      fail(ErrorKind::kFailed,
           "from {} to {} kWh in {:.0f} s would be {:.0f} W, more than the meter stands: read it "
           "again",
           start_kwh, stop_kwh, reading.duration_s, energy_j / reading.duration_s);
    }
    reading.energy_j = energy_j;
    reading.rails = {{"wall", energy_j, true}};
    const double resolution = 100 * resolution_kwh() / (stop_kwh - start_kwh);
    if (resolution > 5) {
      reading.warnings.push_back(fmt::format(
          "one step of the display is {:.0f} % of the reading: run longer", resolution));
    }
    return reading;
  }

  // Each of the two readings is known to one step at best, so their difference is too.
  double least_duration_s(double power_w, double relative_error) const override {
    CHECK(power_w > 0 && relative_error > 0, "{} W, {}", power_w, relative_error);
    return kJoulesPerKwh * resolution_kwh() / (power_w * relative_error);
  }

 private:
  double resolution_kwh() const {
    return std::pow(10.0, -(before_ ? before_->decimals : kPresumedDecimals));
  }

  Display ask(const std::string& question) {
    for (int i = 0; i < kAnswerTries; ++i) {
      const std::optional<std::string> answer = person_.ask(question);
      if (!answer) break;
      const std::optional<Display> display = parse_display(*answer);
      if (display && display->had_comma) {
        person_.tell(
            fmt::format("'{}' is taken for {:.{}f} kWh", *answer, display->kwh, display->decimals));
      }
      if (display) return *display;
      person_.tell(fmt::format("'{}' is not a number of kWh, such as 12.34", *answer));
    }
    fail(ErrorKind::kFailed, "no reading was given");
  }

  Operator& person_;
  Clock& clock_;
  std::optional<Display> before_;
  double start_s_ = 0;
};

}  // namespace

std::unique_ptr<Meter> make_manual_meter(Operator& person, Clock& clock) {
  return std::make_unique<ManualMeter>(person, clock);
}

}  // namespace wattgrind
