#include "estimator/pricing/priced_estimate.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/pricing/root_of_squares.h"

namespace wattgrind {
namespace {

Energy price_energy(const EventCounts& counts, const OperationCounts& operations,
                    const Pricing& pricing) {
  if (pricing.unit == EnergyUnit::kPicojoules) {
    return energy_pj(counts, operations, pricing.prices);
  }
  return energy_macs(counts, operations, pricing.prices);
}

std::optional<double> fitted_time_s(const CountedRow& row, const Machine& machine) {
  if (!machine.time) return std::nullopt;
  constexpr double kSecondsANanosecond = 1e-9;
  const double cycles = latency_cost(row.counts, machine, Accounting::kHits).value();
  return kSecondsANanosecond *
         (machine.time->mac_ns.value * static_cast<double>(row.operations.executed_macs()) +
          machine.time->latency_cycle_ns.value * cycles);
}

// Passes run one after the other, and each has its own bottleneck.
std::optional<PredictedTime> predicted_time_of(const CountedRow& row, const Machine& machine,
                                               const CoreUse& core) {
  if (row.passes.empty()) return predicted_time(row.counts, machine, core);
  PredictedTime sum;
  for (const PassCounts& pass : row.passes) {
    const auto time = predicted_time(pass.counts, machine, core);
    if (!time) return std::nullopt;
    sum += *time;
  }
  return sum;
}

// Adds what is drawn over the row's time, where it and the power are known, and what instructions
// cost. Both are the machine's own, and go with its own prices only.
void add_running(const Machine& machine, const Pricing& pricing, PricedRow& row) {
  if (pricing.prices.origin != machine.prices) return;
  constexpr double kPicojoulesAJoule = 1e12;
  std::visit(
      [&](auto& energy) {
        using Amount = std::decay_t<decltype(energy.compute)>;
        const double unit_pj =
            std::is_same_v<Amount, Picojoules> ? 1 : pricing.prices.normalising_mac_pj;
        const auto amount = [&](double pj) { return Amount::rounded(pj / unit_pj); };
        const auto over_time = [&](double watts) {
          return amount(kPicojoulesAJoule * watts * *row.time_s);
        };
        if (row.time_s && machine.static_power_w) {
          energy.static_energy = over_time(machine.static_power_w->value);
        }
        if (machine.instructions && row.row.counts.instructions) {
          energy.instructions =
              amount(instructions_pj(*row.row.counts.instructions, *machine.instructions));
        }
        const auto power = running_power(machine, pricing.idle);
        if (!power || !row.time_s) return;
        energy.awake = over_time(power->awake_w);
        if (power->idle_w) energy.idle = over_time(*power->idle_w);
        if (!power->around_w || !energy.machine()) return;
        const double inside_pj = energy.machine()->value() * unit_pj +
                                 kPicojoulesAJoule * *power->around_w * *row.time_s;
        if (const auto wall_pj = behind_supply(machine, inside_pj)) {
          energy.around = amount(*wall_pj - energy.machine()->value() * unit_pj);
        }
      },
      row.energy);
}

// A sum lacks the time that one of its rows lacks.
template <typename Time>
void add(std::optional<Time>& sum, const std::optional<Time>& time) {
  if (!time) sum.reset();
  if (sum) *sum += *time;
}

void add_times(PricedRow& sum, const PricedRow& row) {
  add(sum.time_s, row.time_s);
  add(sum.predicted, row.predicted);
}

void add(Energy& sum, const Energy& energy) {
  std::visit([&](auto& total) { total += std::get<std::decay_t<decltype(total)>>(energy); }, sum);
}

PricedRow priced(CountedRow row, const Machine& machine, const Pricing& pricing,
                 const CoreUse& core) {
  PricedRow result;
  result.cost = latency_cost(row.counts, machine, pricing.accounting);
  if (row.tensors.empty()) {
    result.energy = price_energy(row.counts, row.operations, pricing);
  } else {
    EventCounts nothing;
    nothing.bytes = References{};
    nothing.levels.resize(machine.levels.size());
    result.energy = price_energy(nothing, row.operations, pricing);
    for (const TensorCounts& tensor : row.tensors) {
      result.tensors.push_back({tensor.tensor, price_energy(tensor.counts, {}, pricing)});
      add(result.energy, result.tensors.back().energy);
    }
  }
  result.predicted = predicted_time_of(row, machine, core);
  result.time_s = fitted_time_s(row, machine);
  if (!result.time_s && result.predicted) result.time_s = result.predicted->seconds;
  for (const PassCounts& pass : row.passes) {
    CountedRow part;
    part.name = pass.pass;
    part.operations = pass.operations;
    part.counts = pass.counts;
    result.passes.push_back(priced(std::move(part), machine, pricing, core));
  }
  result.row = std::move(row);
  add_running(machine, pricing, result);
  return result;
}

void add_passes(const std::vector<PricedRow>& passes, std::vector<PricedRow>& sums) {
  for (const PricedRow& pass : passes) {
    const auto at =
        std::ranges::find(sums, pass.row.name, [](const PricedRow& sum) { return sum.row.name; });
    if (at == sums.end()) {
      sums.push_back(pass);
    } else {
      at->row.operations = sum(at->row.operations, pass.row.operations);
      at->row.counts = sum(at->row.counts, pass.row.counts);
      at->cost += pass.cost;
      add(at->energy, pass.energy);
      add_times(*at, pass);
    }
  }
}

PricedRow sum_of(const std::vector<PricedRow>& rows) {
  std::vector<CountedRow> counted;
  for (const PricedRow& row : rows) counted.push_back(row.row);
  PricedRow sum;
  sum.row = total(counted);
  sum.energy = rows[0].energy;
  sum.time_s = rows[0].time_s;
  sum.predicted = rows[0].predicted;
  for (size_t i = 0; i < rows.size(); ++i) {
    sum.cost += rows[i].cost;
    if (i > 0) {
      add(sum.energy, rows[i].energy);
      add_times(sum, rows[i]);
    }
    add_passes(rows[i].passes, sum.passes);
    for (const PricedTensor& tensor : rows[i].tensors) {
      const auto at = std::ranges::find(sum.tensors, tensor.tensor, &PricedTensor::tensor);
      if (at == sum.tensors.end()) {
        sum.tensors.push_back(tensor);
      } else {
        add(at->energy, tensor.energy);
      }
    }
  }
  return sum;
}

}  // namespace

Estimate price_estimate(NetworkCounts counts, Machine machine, Pricing pricing,
                        const std::vector<std::string>& layers) {
  Estimate estimate{std::move(counts), std::move(machine), std::move(pricing), {}, {}, {}};
  const auto holds = [](const CountedRow& row, const std::string& layer) {
    return row.name == layer || std::ranges::find(row.parts, layer) != row.parts.end();
  };
  const auto wanted = [&](const CountedRow& row) {
    return layers.empty() ||
           std::ranges::any_of(layers, [&](const std::string& layer) { return holds(row, layer); });
  };
  for (const std::string& layer : layers) {
    if (std::ranges::none_of(estimate.counts.rows,
                             [&](const CountedRow& row) { return holds(row, layer); })) {
      fail(ErrorKind::kUsage, "{} has no layer {}", estimate.counts.network, layer);
    }
  }
  const CoreUse core = core_use(estimate.counts.origin);
  for (const CountedRow& row : estimate.counts.rows) {
    if (wanted(row)) estimate.rows.push_back(priced(row, estimate.machine, estimate.pricing, core));
  }
  estimate.total = sum_of(estimate.rows);
  return estimate;
}

PricedRow price_total(const std::vector<CountedRow>& rows, const Machine& machine,
                      const Pricing& pricing, const CoreUse& core) {
  std::vector<PricedRow> all;
  for (const CountedRow& row : rows) all.push_back(priced(row, machine, pricing, core));
  return sum_of(all);
}

CoreUse core_use(const CountOrigin& origin) {
  return {origin.isa, origin.reorders_instructions.value_or(true)};
}

EnergyParts energy_of(const Energy& energy, EnergyScope scope) {
  return std::visit(
      [scope](const auto& parts) {
        const auto number = [](const auto& amount) {
          return amount ? std::optional(amount->value()) : std::nullopt;
        };
        EnergyParts numbers;
        numbers.compute = parts.compute.value();
        numbers.static_energy = number(parts.static_energy);
        numbers.instructions = number(parts.instructions);
        numbers.awake = number(parts.awake);
        numbers.activity = number(parts.activity());
        numbers.running = number(parts.running());
        numbers.machine = number(parts.machine());
        numbers.wall = number(parts.wall());
        numbers.total = parts.total(scope).value();
        return numbers;
      },
      energy);
}

std::optional<EnergyInterval> energy_interval(const Estimate& estimate, const PricedRow& row) {
  const Pricing& pricing = estimate.pricing;
  const bool is_calibrated =
      pricing.prices.origin == PriceOrigin::kCalibrated && estimate.machine.calibration;
  if (!is_calibrated || pricing.unit != EnergyUnit::kPicojoules) return std::nullopt;
  const EnergyParts energy = energy_of(row.energy, pricing.scope);
  const double prices_pj = estimate.machine.calibration->interval_percent / 100 * energy.total;
  const double time_percent = estimate.machine.time ? estimate.machine.time->interval_percent : 0;
  const double time_pj = time_percent / 100 * energy.static_energy.value_or(0);
  const double half_pj = root_of_squares(prices_pj, time_pj);
  return EnergyInterval{std::max(0.0, energy.total - half_pj), energy.total + half_pj};
}

}  // namespace wattgrind
