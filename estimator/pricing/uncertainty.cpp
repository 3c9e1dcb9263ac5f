#include "estimator/pricing/uncertainty.h"

#include "estimator/pricing/root_of_squares.h"

namespace wattgrind {
namespace {

// What static models of cores miss by: llvm-mca's mean error on the BHive benchmarks is 17 to 26 %
// on Intel's cores from Haswell to Ice Lake (Abel and Reineke, uiCA, ICS 2022).
constexpr double kCoreModelFactor = 1.25;

double both(double a, double b) { return 1 + root_of_squares(a - 1, b - 1); }

// Adds up parts of a sum and what each may be off.
class Sum {
 public:
  void add(double part, double factor) {
    total_ += part;
    off_ = root_of_squares(off_, part * (factor - 1));
  }
  double factor() const { return total_ > 0 ? 1 + off_ / total_ : 1; }

 private:
  double total_ = 0;
  double off_ = 0;
};

template <typename Part>
double figure_factor(const std::optional<Part>& part,
                     std::optional<Sourced<double>> Part::*member) {
  return part && (*part).*member ? factor_of(((*part).*member)->basis) : factor_of(std::nullopt);
}

// The watts of what is awake, each with its factor.
double awake_factor(const Power& power) {
  Sum sum;
  sum.add(power.core_w->value, factor_of(power.core_w->basis));
  sum.add(power.uncore_w->value, factor_of(power.uncore_w->basis));
  return sum.factor();
}

template <typename Amount>
void add_events(const EnergyBreakdown<Amount>& energy, const Machine& machine, Sum& sum) {
  sum.add(energy.compute.value(), factor_of(machine.operations.fp32_multiply_pj.basis));
  for (size_t i = 0; i < energy.levels.size(); ++i) {
    sum.add(energy.levels[i].value(), factor_of(machine.levels[i].read_energy_pj.basis));
  }
  sum.add(energy.dram.value(), factor_of(machine.dram.read_energy_pj.basis));
}

}  // namespace

double factor_of(std::optional<Basis> basis) {
  if (!basis) return 2.5;
  switch (*basis) {
    case Basis::kMeasured:
    case Basis::kFitted:
      return 1.1;
    case Basis::kPublished:
      return 1.25;
    case Basis::kFamily:
      return 1.5;
    case Basis::kScaled:
      return 1.75;
    case Basis::kBounded:
      return 2;
    case Basis::kAssumed:
      break;
  }
  return 2.5;
}

std::optional<double> time_factor(const Estimate& estimate, const PricedRow& row) {
  if (!row.predicted || estimate.machine.time) return std::nullopt;
  const Machine& machine = estimate.machine;
  const PredictedTime& time = *row.predicted;
  const double clock = factor_of(clock_hz(machine, estimate.counts.origin.isa).basis);
  Sum sum;
  sum.add(time.core_s, both(kCoreModelFactor, clock));
  for (size_t i = 0; i < time.lines_s.size(); ++i) {
    const auto& bandwidth = machine.levels[i + 1].bytes_per_cycle;
    const double own = bandwidth ? factor_of(bandwidth->basis) : 1;
    sum.add(time.lines_s[i], both(own, clock));
  }
  const auto& bandwidth = machine.dram.read_bytes_per_s;
  sum.add(time.dram_s, bandwidth ? factor_of(bandwidth->basis) : 1);
  return sum.factor();
}

std::optional<double> energy_factor(const Estimate& estimate, const PricedRow& row) {
  const Machine& machine = estimate.machine;
  const EnergyScope scope = estimate.pricing.scope;
  if (scope == EnergyScope::kEvents || estimate.pricing.prices.origin != PriceOrigin::kDefault) {
    return std::nullopt;
  }
  return std::visit(
      [&](const auto& energy) -> std::optional<double> {
        Sum sum;
        add_events(energy, machine, sum);
        if (!energy.instructions) return std::nullopt;
        sum.add(energy.instructions->value(),
                figure_factor(machine.instructions, &InstructionEnergy::handling_pj));
        if (scope == EnergyScope::kActivity) return sum.factor();
        const auto time = time_factor(estimate, row);
        if (!time || !energy.awake) return std::nullopt;
        sum.add(energy.awake->value(), both(*time, awake_factor(*machine.power)));
        if (scope == EnergyScope::kRunning) return sum.factor();
        if (!energy.idle) return std::nullopt;
        sum.add(energy.idle->value(),
                both(*time, figure_factor(machine.power, &Power::package_idle_w)));
        return sum.factor();
      },
      row.energy);
}

}  // namespace wattgrind
