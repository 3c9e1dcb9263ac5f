#include "cli/priced_estimate.h"

#include <algorithm>

#include "estimator/error.h"

namespace wattgrind {
namespace {

Energy price_energy(const EventCounts& counts, const OperationCounts& operations,
                    const Pricing& pricing) {
  if (pricing.unit == EnergyUnit::kPicojoules) {
    return energy_pj(counts, operations, pricing.prices);
  }
  return energy_macs(counts, operations, pricing.prices);
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
    }
  }
}

PricedRow sum_of(const std::vector<PricedRow>& rows) {
  std::vector<CountedRow> counted;
  for (const PricedRow& row : rows) counted.push_back(row.row);
  PricedRow sum;
  sum.row = total(counted);
  sum.energy = rows[0].energy;
  for (size_t i = 0; i < rows.size(); ++i) {
    sum.cost += rows[i].cost;
    if (i > 0) add(sum.energy, rows[i].energy);
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
      fail(ErrorKind::kUsage, "--layers: {} has no layer {}", estimate.counts.network, layer);
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
        return EnergyParts{parts.compute.value(), parts.total().value()};
      },
      energy);
}

std::optional<EnergyInterval> energy_interval(const Estimate& estimate, const PricedRow& row) {
  const Pricing& pricing = estimate.pricing;
  const bool is_calibrated =
      pricing.prices.origin == PriceOrigin::kCalibrated && estimate.machine.calibration;
  if (!is_calibrated || pricing.unit != EnergyUnit::kPicojoules) return std::nullopt;
  const double part = estimate.machine.calibration->interval_percent / 100;
  const double total_pj = energy_of(row.energy).total;
  return EnergyInterval{std::max(0.0, 1 - part) * total_pj, (1 + part) * total_pj};
}

}  // namespace wattgrind
