#include "estimator/calibration/calibrated_machine.h"

#include <fmt/format.h>

namespace wattgrind {
namespace {

// The coefficient of one feature, and how to tell where it is from.
class Multiples {
 public:
  Multiples(const FeatureTable& table, const Calibration& calibration, std::string readings)
      : table_(table), calibration_(calibration), readings_(std::move(readings)) {}

  void apply(const std::string& feature, Sourced<double>& price) const {
    const std::optional<size_t> term = find(feature);
    const double multiple = term ? calibration_.model.coefficients[*term] : 0;
    price.value *= multiple;
    if (!term) {
      price.source = fmt::format("fitted to {}: in the price of {}", readings_,
                                 describe(table_, calibration_.model.terms));
      return;
    }
    const Interval interval = calibration_.coefficients[*term];
    price.source = fmt::format("fitted to {}: {:.4g} [{:.4g}, {:.4g}] times ({})", readings_,
                               multiple, interval.low, interval.high, price.source);
  }

  std::optional<Sourced<double>> static_power() const {
    const std::optional<size_t> term = find("time");
    if (!term) return std::nullopt;
    const Interval interval = calibration_.coefficients[*term];
    return Sourced<double>{calibration_.model.coefficients[*term],
                           fmt::format("fitted to {}: 95 % interval [{:.4g}, {:.4g}] W", readings_,
                                       interval.low, interval.high)};
  }

 private:
  // Place of a feature among the model's terms.
  std::optional<size_t> find(const std::string& feature) const {
    const Terms& terms = calibration_.model.terms;
    for (size_t i = 0; i < terms.size(); ++i) {
      if (table_.features[terms[i]].name == feature) return i;
    }
    return std::nullopt;
  }

  const FeatureTable& table_;
  const Calibration& calibration_;
  std::string readings_;
};

TimePrices time_prices(const TimeCalibration& time, const std::string& readings) {
  constexpr double kNanosecondsASecond = 1e9;
  TimePrices prices;
  prices.mac_ns.source = fmt::format("fitted to {}: in the price of {}", readings,
                                     describe(time.table, time.calibration.model.terms));
  prices.latency_cycle_ns.source = prices.mac_ns.source;
  const EnergyModel& model = time.calibration.model;
  for (size_t i = 0; i < model.terms.size(); ++i) {
    const bool is_macs = time.table.features[model.terms[i]].name == kMacsFeature;
    const Interval interval = time.calibration.coefficients[i];
    Sourced<double>& price = is_macs ? prices.mac_ns : prices.latency_cycle_ns;
    price.value = kNanosecondsASecond * model.coefficients[i];
    price.source =
        fmt::format("fitted to {}: 95 % interval [{:.4g}, {:.4g}] ns", readings,
                    kNanosecondsASecond * interval.low, kNanosecondsASecond * interval.high);
  }
  prices.interval_percent = time.calibration.interval_percent;
  return prices;
}

std::string time_note(const std::optional<TimeCalibration>& time) {
  if (!time) {
    return "The readings' durations are not known: no time is told, and no static energy apart.";
  }
  return fmt::format(
      "Time is the terms {}, fitted to the readings' durations; leave-one-out MAPE {:.1f} %, 95 % "
      "interval +-{:.1f} %.",
      describe(time->table, time->calibration.model.terms), time->calibration.left_out.mape_percent,
      time->calibration.interval_percent);
}

}  // namespace

Machine calibrated_machine(const Machine& machine, const FeatureTable& table,
                           const Calibration& calibration,
                           const std::optional<TimeCalibration>& time, const std::string& name,
                           const std::string& readings) {
  const Multiples multiples(table, calibration, readings);
  Machine calibrated = machine;
  calibrated.name = name;
  calibrated.prices = PriceOrigin::kCalibrated;
  calibrated.calibration =
      CalibrationOrigin{readings, workload_folds(table).size(), calibration.interval_percent};
  for (CacheLevel& level : calibrated.levels) {
    multiples.apply(level.name, level.read_energy_pj);
    multiples.apply(level.name, level.write_energy_pj);
  }
  multiples.apply("DRAM", calibrated.dram.read_energy_pj);
  multiples.apply("DRAM", calibrated.dram.write_energy_pj);
  OperationEnergy& operations = calibrated.operations;
  for (Sourced<double>* price : {&operations.fp32_add_pj, &operations.fp32_multiply_pj,
                                 &operations.int_add_pj, &operations.int_multiply_pj}) {
    multiples.apply("operations", *price);
  }
  calibrated.static_power_w = multiples.static_power();
  if (time) calibrated.time = time_prices(*time, readings);
  // Before what the profile says of its own energies.
  const std::string energies = fmt::format(
      "Energies are those of {} ({}) fitted to {} ({} readings), not the ones that the notes below "
      "speak of; leave-one-out MAPE {:.1f} %, 95 % interval of a prediction +-{:.1f} %.",
      machine.name, describe(table, calibration.model.terms), readings, table.samples.size(),
      calibration.left_out.mape_percent, calibration.interval_percent);
  calibrated.notes.insert(calibrated.notes.begin(), {energies, time_note(time)});
  return calibrated;
}

}  // namespace wattgrind
