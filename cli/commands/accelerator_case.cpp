#include "cli/commands/accelerator_case.h"

#include "estimator/base/checked_math.h"

namespace wattgrind {
namespace {

constexpr double kJoulesAPicojoule = 1e-12;

void add_accelerator_costs(const Accelerator& accelerator, const AccessAmounts& amounts,
                           const DataflowEnergy& energy, double dram_bytes, LayerFigures& figures) {
  figures.array_cycles = amounts.cycles;
  figures.dram_bytes = dram_bytes;
  if (accelerator.clock_hz) figures.time_s = amounts.cycles / accelerator.clock_hz->value;
  if (accelerator.pj) figures.energy_j = kJoulesAPicojoule * energy.total();
}

}  // namespace

CaseFigures accelerator_figures(const std::string& label, const Network& network,
                                const Accelerator& accelerator, int64_t batch) {
  const DataflowEstimate estimate =
      estimate_dataflow(tasks_of(network, batch), accelerator, find_dataflow(accelerator.dataflow),
                        MappingObjective::kEnergy, preferred_unit(accelerator));
  CaseFigures figures;
  figures.label = label;
  figures.images = static_cast<uint64_t>(batch);
  figures.total.macs = saturated_product({network.macs(), figures.images});
  figures.total.parameters = network.parameters();
  add_accelerator_costs(estimate.accelerator, estimate.amounts, estimate.energy,
                        estimate.dram_bytes, figures.total);
  for (size_t i = 0; i < estimate.layers.size(); ++i) {
    const DataflowLayer& mapped = estimate.layers[i];
    if (!mapped.mapped) continue;
    LayerFigures layer;
    layer.name = mapped.task.name;
    layer.macs = saturated_product({network.layers[i].macs, figures.images});
    layer.parameters = network.layers[i].parameters;
    add_accelerator_costs(estimate.accelerator, mapped.amounts, mapped.energy, mapped.dram_bytes,
                          layer);
    figures.layers.push_back(std::move(layer));
  }
  figures.unmapped = unmapped_layers(estimate);
  return figures;
}

}  // namespace wattgrind
