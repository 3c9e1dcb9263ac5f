#include "kernels/count/counted_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "estimator/network/operations.h"

namespace wattgrind {

EventCounts no_events(const EventCounts& example) {
  EventCounts counts = scaled(example, 0);
  counts.bytes = References{};
  for (LevelCounts& level : counts.levels) level.hits = 0;
  return counts;
}

CountedRow layer_row(const Layer& layer) {
  CountedRow row;
  row.name = layer.name;
  if (!layer.fused.empty()) row.parts.push_back(layer.own_name);
  for (const FusedLayer& fused : layer.fused) row.parts.push_back(fused.name);
  row.kind = kind_name(layer.operation);
  row.output_shape = layer.output_shape;
  row.parameters = layer.parameters;
  return row;
}

CountedRow inference_row(const Layer& layer, int64_t batch) {
  CountedRow row = layer_row(layer);
  const auto images = static_cast<uint64_t>(batch);
  row.operations = {layer.macs * images, other_operations(layer) * images, 0,
                    byte_macs(layer) * images, other_byte_operations(layer) * images};
  return row;
}

void add_step(const Step& step, EventCounts counts, CountedRow& row) {
  counts.bytes = bytes_of(step.references);
  row.counts = row.counts.levels.empty() ? std::move(counts) : sum(row.counts, counts);
  row.operations.padding_macs += step.padding_macs;
  if (step.choice && weight_form(step.choice->algorithm) != WeightForm::kTaps) {
    // What the nest makes beyond the layer's own other operations are transforms.
    const NestOperations made = operations_of(step);
    OperationCounts& of = row.operations;
    of.saved_macs = of.macs - std::min(of.macs, made.macs);
    of.padding_macs = made.macs - std::min(of.macs, made.macs);
    of.transform_operations = made.other - std::min(of.other, made.other);
  }
}

References bytes_of(const ReferenceCounts& references) {
  return {references.read_bytes, references.written_bytes};
}

std::string nests_text(const Program& program) {
  std::string text;
  for (const Step& step : program.steps) {
    text += fmt::format("# {}\n{}\n", step.symbol, to_text(step.nest));
  }
  return text;
}

}  // namespace wattgrind
