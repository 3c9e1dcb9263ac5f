#include "cli/commands/network_case.h"

#include <algorithm>

#include "cli/commands/layer_readings.h"
#include "cli/commands/plan_options.h"
#include "kernels/count/count_source.h"

namespace wattgrind {

Pricing default_pricing(const Machine& machine) {
  Pricing pricing;
  pricing.prices = machine_prices(machine);
  pricing.scope = std::min(widest_scope(machine), EnergyScope::kRunning);
  return pricing;
}

CaseFigures case_figures(
    const NetworkCase& given, const LayerModels* models,
    const std::function<void(std::string_view what, uint64_t done, uint64_t total)>& progress) {
  const auto events = make_simulation_source(CacheModel::kMachine);
  const auto source = make_instruction_source(*events);
  PlanOptions plan;
  plan.plan = models != nullptr ? Plan::kLayers : given.plan;
  plan.algorithm = given.algorithm;
  const PlanRequest request = plan_request(plan, given.network, given.batch, false, given.machine,
                                           default_pricing(given.machine), progress);
  NetworkCounts counts =
      count_network(given.network, given.batch, given.machine, given.steady || models != nullptr,
                    *source, progress, nullptr, request);
  CaseFigures figures;
  figures.label = given.label;
  figures.images = counts.images;
  if (counts.memory) figures.memory_bytes = counts.memory->total();
  if (models != nullptr) {
    const NetworkPrediction prediction =
        predict_counted(given.network, counts, *models, given.machine);
    if (prediction.time_s) figures.model_time_s = prediction.time_s->value;
    if (prediction.energy_j) figures.model_energy_j = prediction.energy_j->value;
  }
  const Estimate estimate =
      price_estimate(std::move(counts), given.machine, default_pricing(given.machine), {});
  const auto figures_of = [&](const PricedRow& row) {
    LayerFigures layer;
    layer.name = row.row.name;
    layer.macs = row.row.operations.macs;
    layer.other_operations = row.row.operations.other;
    layer.parameters = row.row.parameters;
    layer.latency_cycles = row.cost.value();
    layer.time_s = row.time_s;
    layer.energy_j = 1e-12 * energy_of(row.energy, estimate.pricing.scope).total;
    return layer;
  };
  figures.total = figures_of(estimate.total);
  for (const PricedRow& row : estimate.rows) figures.layers.push_back(figures_of(row));
  return figures;
}

}  // namespace wattgrind
