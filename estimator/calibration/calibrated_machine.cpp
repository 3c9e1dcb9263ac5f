#include "estimator/calibration/calibrated_machine.h"

#include <fmt/format.h>

namespace wattgrind {
namespace {

// Puts the coefficients of a calibration into prices, and writes into a price's source where it is
// from.
class Multiples {
 public:
  Multiples(const EnergyFeatures& features, const Calibration& calibration, std::string readings)
      : features_(features), calibration_(calibration), readings_(std::move(readings)) {}

  void apply(const Term& term, Sourced<double>& price) const {
    const std::optional<size_t> place = find(term);
    const double multiple = place ? calibration_.model.coefficients[*place] : 0;
    price.value *= multiple;
    price.basis = Basis::kFitted;
    if (!place) {
      price.source = fmt::format("fitted to {}: in the price of {}", readings_,
                                 describe(features_.table, calibration_.model.features));
      return;
    }
    const Interval interval = calibration_.coefficients[*place];
    price.source = fmt::format("fitted to {}: {:.4g} [{:.4g}, {:.4g}] times ({})", readings_,
                               multiple, interval.low, interval.high, price.source);
  }

  bool has(const Term& term) const { return find(term).has_value(); }

  std::optional<Sourced<double>> static_power() const {
    const std::optional<size_t> place = find({TermKind::kTime});
    if (!place) return std::nullopt;
    const Interval interval = calibration_.coefficients[*place];
    return Sourced<double>{calibration_.model.coefficients[*place],
                           fmt::format("fitted to {}: 95 % interval [{:.4g}, {:.4g}] W", readings_,
                                       interval.low, interval.high),
                           Basis::kFitted};
  }

 private:
  std::optional<size_t> find(const Term& term) const {
    return place_of(term, features_.terms, calibration_.model.features);
  }

  const EnergyFeatures& features_;
  const Calibration& calibration_;
  std::string readings_;
};

TimePrices time_prices(const TimeCalibration& time, const std::string& readings) {
  constexpr double kNanosecondsASecond = 1e9;
  TimePrices prices;
  prices.mac_ns.source = fmt::format("fitted to {}: in the price of {}", readings,
                                     describe(time.table, time.calibration.model.features));
  prices.mac_ns.basis = Basis::kFitted;
  prices.latency_cycle_ns = prices.mac_ns;
  const LinearModel& model = time.calibration.model;
  for (size_t i = 0; i < model.features.size(); ++i) {
    const bool is_macs = time.terms[model.features[i]].kind == TermKind::kMacs;
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
    return "The readings' durations are not known: no static energy is told apart, and time is "
           "predicted.";
  }
  return fmt::format(
      "Time is the terms {}, fitted to the readings' durations; leave-one-out MAPE {:.1f} %, 95 % "
      "interval +-{:.1f} %.",
      describe(time->table, time->calibration.model.features),
      time->calibration.left_out.mape_percent, time->calibration.interval_percent);
}

}  // namespace

Machine calibrated_machine(const Machine& machine, const EnergyFeatures& features,
                           const Calibration& calibration,
                           const std::optional<TimeCalibration>& time, const std::string& name,
                           const std::string& readings) {
  const FeatureTable& table = features.table;
  const Multiples multiples(features, calibration, readings);
  Machine calibrated = machine;
  calibrated.name = name;
  calibrated.prices = PriceOrigin::kCalibrated;
  calibrated.calibration =
      CalibrationOrigin{readings, workload_folds(table).size(), calibration.interval_percent};
  for (size_t i = 0; i < calibrated.levels.size(); ++i) {
    multiples.apply(level_term(machine, i), calibrated.levels[i].read_energy_pj);
    multiples.apply(level_term(machine, i), calibrated.levels[i].write_energy_pj);
  }
  multiples.apply({TermKind::kDram}, calibrated.dram.read_energy_pj);
  multiples.apply({TermKind::kDram}, calibrated.dram.write_energy_pj);
  for_each_price(calibrated.operations,
                 [&](std::string_view, std::string_view, Sourced<double>& price) {
                   multiples.apply({TermKind::kOperations}, price);
                 });
  calibrated.static_power_w = multiples.static_power();
  // The fitted prices hold all that the meter read, the static power what is awake and idle.
  calibrated.power.reset();
  if (multiples.has({TermKind::kInstructions})) {
    for_each_figure(*calibrated.instructions, kInstructionFigures,
                    [&](const auto&, Sourced<double>& price) {
                      multiples.apply({TermKind::kInstructions}, price);
                    });
  } else {
    calibrated.instructions.reset();
  }
  if (time) calibrated.time = time_prices(*time, readings);
  // These notes come before what the profile says of its own energies.
  const std::string energies = fmt::format(
      "Energies are those of {} ({}) fitted to {} ({} readings), not the ones that the notes below "
      "speak of; leave-one-out MAPE {:.1f} %, 95 % interval of a prediction +-{:.1f} %.",
      machine.name, describe(table, calibration.model.features), readings, table.samples.size(),
      calibration.left_out.mape_percent, calibration.interval_percent);
  calibrated.notes.insert(calibrated.notes.begin(), {energies, time_note(time)});
  return calibrated;
}

}  // namespace wattgrind
