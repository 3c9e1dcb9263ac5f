#include <fmt/format.h>

#include "estimator/operations.h"
#include "kernels/count_source.h"

namespace wattgrind {
namespace {

EventCounts no_events(size_t levels) {
  EventCounts counts;
  counts.bytes = References{};
  counts.levels.resize(levels);
  for (LevelCounts& level : counts.levels) level.hits = 0;
  return counts;
}

CountedRow row_of(const Layer& layer, Isa isa, int64_t batch) {
  CountedRow row;
  row.name = layer.name;
  row.kind = kind_name(layer.operation);
  row.output_shape = layer.output_shape;
  row.parameters = layer.parameters;
  const auto images = static_cast<uint64_t>(batch);
  row.operations = {layer.macs * images, other_operations(layer) * images,
                    padding_macs(layer, isa, batch)};
  return row;
}

std::string nests_text(const Program& program) {
  std::string text;
  for (const Step& step : program.steps) {
    text += fmt::format("# {}\n{}\n", step.symbol, to_text(step.nest));
  }
  return text;
}

}  // namespace

NetworkCounts count_network(const Network& network, int64_t batch, const Machine& machine,
                            bool steady, CountSource& source, const ProgressReport& progress,
                            std::vector<Artifact>* artifacts) {
  const Isa isa = source.isa(machine);
  const Program program = lower_network(network, isa, batch);
  CountedProgram counted = source.count(program, machine, steady, progress);
  NetworkCounts result{network.name, batch, steady, std::move(counted.origin), {}};
  result.origin.isa = isa;
  for (const Layer& layer : network.layers) {
    result.rows.push_back(row_of(layer, isa, batch));
    result.rows.back().counts = no_events(machine.levels.size());
  }
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    CountedRow& row = result.rows[static_cast<size_t>(step.layer)];
    if (!counted.tensors.empty()) row.tensors = std::move(counted.tensors[i]);
    EventCounts& counts = row.counts;
    counts = counted.steps[i];
    const ReferenceCounts references = count_references(program.access_program(step));
    counts.bytes = References{references.read_bytes, references.written_bytes};
  }
  if (counted.runtime) {
    CountedRow runtime;
    runtime.name = runtime.kind = "runtime";
    runtime.counts = *counted.runtime;
    result.rows.push_back(std::move(runtime));
  }
  if (artifacts != nullptr) {
    *artifacts = std::move(counted.artifacts);
    artifacts->push_back({"loop_nests.txt", nests_text(program)});
  }
  return result;
}

}  // namespace wattgrind
