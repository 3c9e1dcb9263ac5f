#include "kernels/count/counted_rows.h"

#include <fmt/format.h>

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
