#include "estimator/network/operations.h"
#include "kernels/count/count_source.h"
#include "kernels/count/counted_rows.h"

namespace wattgrind {
namespace {

CountedRow counted_row(const Layer& layer, int64_t batch) {
  CountedRow row = layer_row(layer);
  const auto images = static_cast<uint64_t>(batch);
  row.operations = {layer.macs * images, other_operations(layer) * images, 0,
                    byte_macs(layer) * images, other_byte_operations(layer) * images};
  return row;
}

}  // namespace

NetworkCounts count_network(const Network& network, int64_t batch, const Machine& machine,
                            bool steady, CountSource& source, const ProgressReport& progress,
                            std::vector<Artifact>* artifacts, Plan plan) {
  const Isa isa = source.isa(machine);
  const PlannedInference planned = plan_inference(network, plan, isa, batch);
  const Program& program = planned.program;
  const std::vector<const Program*> passes(steady ? 2 : 1, &program);
  CountedPasses counted = source.count(passes, machine, progress);
  NetworkCounts result;
  result.network = network.name;
  result.plan = name(plan);
  const ProgramBytes bytes = program_bytes(planned);
  result.memory = MemoryBytes{bytes.parameters, bytes.inputs, bytes.maps, bytes.scratch};
  result.batch = batch;
  result.images = static_cast<uint64_t>(batch);
  result.steady = steady;
  result.origin = std::move(counted.origin);
  CountedPass& pass = counted.passes.back();
  for (const Layer& layer : planned.network.layers) {
    result.rows.push_back(counted_row(layer, batch));
    result.rows.back().counts = no_events(pass.steps.at(0));
  }
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    CountedRow& row = result.rows[static_cast<size_t>(step.layer)];
    if (!pass.tensors.empty()) add_tensors(pass.tensors[i], row.tensors);
    pass.steps[i].bytes = bytes_of(step.references);
    row.counts = sum(row.counts, pass.steps[i]);
    row.operations.padding_macs += step.padding_macs;
  }
  if (counted.runtime && !steady) {
    CountedRow runtime;
    runtime.name = runtime.kind = "runtime";
    runtime.counts = *counted.runtime;
    result.rows.push_back(std::move(runtime));
  }
  if (artifacts != nullptr) {
    *artifacts = std::move(counted.artifacts);
    artifacts->push_back({"plan.txt", to_text(planned)});
    artifacts->push_back({"loop_nests.txt", nests_text(program)});
  }
  return result;
}

}  // namespace wattgrind
