#include "estimator/pricing/priced_estimate.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

Energy price_energy(const EventCounts& counts, const OperationCounts& operations,
                    const Pricing& pricing) {
  if (pricing.unit == EnergyUnit::kPicojoules) {
    return energy_pj(counts, operations, pricing.prices);
  }
  return energy_macs(counts, operations, pricing.prices);
}

std::optional<double> time_of(const CountedRow& row, const Machine& machine) {
  if (!machine.time) return std::nullopt;
  constexpr double kSecondsANanosecond = 1e-9;
  const double cycles = latency_cost(row.counts, machine, Accounting::kHits).value();
  return kSecondsANanosecond *
         (machine.time->mac_ns.value * static_cast<double>(row.operations.macs) +
          machine.time->latency_cycle_ns.value * cycles);
}

// Adds the static power over the row's time, where both are known and the machine's own prices are
// used.
void add_static(const Machine& machine, const Pricing& pricing, PricedRow& row) {
  const bool is_own = pricing.prices.origin == machine.prices;
  if (!is_own || !row.time_s || !machine.static_power_w) return;
  constexpr double kPicojoulesAJoule = 1e12;
  const double static_pj = kPicojoulesAJoule * machine.static_power_w->value * *row.time_s;
  if (auto* energy = std::get_if<EnergyBreakdown<Picojoules>>(&row.energy)) {
    energy->static_energy = Picojoules::rounded(static_pj);
  } else {
    std::get<EnergyBreakdown<MacEnergies>>(row.energy).static_energy =
        MacEnergies::rounded(static_pj / pricing.prices.normalising_mac_pj);
  }
}

void add_time(std::optional<double>& sum_s, const std::optional<double>& time_s) {
  if (sum_s && time_s) *sum_s += *time_s;
}

void add(Energy& sum, const Energy& energy) {
  std::visit([&](auto& total) { total += std::get<std::decay_t<decltype(total)>>(energy); }, sum);
}

PricedRow priced(CountedRow row, const Machine& machine, const Pricing& pricing) {
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
  result.time_s = time_of(row, machine);
  add_static(machine, pricing, result);
  for (const PassCounts& pass : row.passes) {
    CountedRow part;
    part.name = pass.pass;
    part.operations = pass.operations;
    part.counts = pass.counts;
    result.passes.push_back(priced(std::move(part), machine, pricing));
  }
  result.row = std::move(row);
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
      add_time(at->time_s, pass.time_s);
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
  for (size_t i = 0; i < rows.size(); ++i) {
    sum.cost += rows[i].cost;
    if (i > 0) {
      add(sum.energy, rows[i].energy);
      add_time(sum.time_s, rows[i].time_s);
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
  const auto wanted = [&](const CountedRow& row) {
    return layers.empty() || std::ranges::find(layers, row.name) != layers.end();
  };
  for (const std::string& layer : layers) {
    if (std::ranges::find(estimate.counts.rows, layer, &CountedRow::name) ==
        estimate.counts.rows.end()) {
      fail(ErrorKind::kUsage, "{} has no layer {}", estimate.counts.network, layer);
    }
  }
  for (const CountedRow& row : estimate.counts.rows) {
    if (wanted(row)) estimate.rows.push_back(priced(row, estimate.machine, estimate.pricing));
  }
  estimate.total = sum_of(estimate.rows);
  return estimate;
}

PricedRow price_total(const std::vector<CountedRow>& rows, const Machine& machine,
                      const Pricing& pricing) {
  std::vector<PricedRow> all;
  for (const CountedRow& row : rows) all.push_back(priced(row, machine, pricing));
  return sum_of(all);
}

EnergyParts energy_of(const Energy& energy) {
  return std::visit(
      [](const auto& parts) {
        EnergyParts numbers{parts.compute.value(), std::nullopt, parts.total().value()};
        if (parts.static_energy) numbers.static_energy = parts.static_energy->value();
        return numbers;
      },
      energy);
}

std::optional<EnergyInterval> energy_interval(const Estimate& estimate, const PricedRow& row) {
  const Pricing& pricing = estimate.pricing;
  const bool is_calibrated =
      pricing.prices.origin == PriceOrigin::kCalibrated && estimate.machine.calibration;
  if (!is_calibrated || pricing.unit != EnergyUnit::kPicojoules) return std::nullopt;
  const EnergyParts energy = energy_of(row.energy);
  const double prices_pj = estimate.machine.calibration->interval_percent / 100 * energy.total;
  const double time_percent = estimate.machine.time ? estimate.machine.time->interval_percent : 0;
  const double time_pj = time_percent / 100 * energy.static_energy.value_or(0);
  const double half_pj = std::hypot(prices_pj, time_pj);
  return EnergyInterval{std::max(0.0, energy.total - half_pj), energy.total + half_pj};
}

}  // namespace wattgrind
