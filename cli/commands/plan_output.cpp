#include "cli/commands/plan_output.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

ordered_json kernels_json(const PlannedInference& inference) {
  ordered_json kernels = ordered_json::array();
  for (const Step& step : inference.program.steps) {
    const Layer& layer = inference.network.layers[static_cast<size_t>(step.layer)];
    ordered_json kernel = {{"name", step.symbol}, {"layer", layer.name}};
    if (step.choice) {
      kernel["algorithm"] = name(step.choice->algorithm);
      if (!step.choice->why.empty()) kernel["why"] = step.choice->why;
    }
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

ordered_json plan_json(const PlannedInference& inference) {
  const Program& program = inference.program;
  const ProgramBytes bytes = program_bytes(inference);
  ordered_json json = {{"schema", "wattgrind/plan/1"},
                       {"network", inference.network.name},
                       {"batch", program.batch},
                       {"isa", traits(program.isa).name},
                       {"kernels", kernels_json(inference)},
                       {"maps", ordered_json::array()}};
  for (const MapPlace& place : map_places(inference.program)) {
    json["maps"].push_back({{"name", place.name},
                            {"offset", place.offset},
                            {"bytes", place.bytes},
                            {"first_kernel", place.first},
                            {"last_kernel", place.last}});
  }
  json["memory_bytes"] = {{"parameters", bytes.parameters},
                          {"inputs", bytes.inputs},
                          {"maps", bytes.maps},
                          {"scratch", bytes.scratch}};
  return json;
}

Table plan_table(const PlannedInference& inference) {
  Table table;
  table.columns = {{"map", "map"},
                   {"offset", "offset"},
                   {"bytes", "bytes"},
                   {"first_kernel", "first kernel"},
                   {"last_kernel", "last kernel"}};
  for (const MapPlace& place : map_places(inference.program)) {
    table.rows.push_back({place.name, place.offset, place.bytes, place.first, place.last});
  }
  return table;
}

}  // namespace

void print_plan(const PlannedInference& inference, Output& output) {
  output.print({[&](const TextPage&) { return to_text(inference); },
                [&] { return plan_json(inference); }, [&] { return plan_table(inference); }});
}

}  // namespace wattgrind
