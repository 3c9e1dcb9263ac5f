#include "cli/reports/estimate_json.h"

#include <algorithm>

#include "cli/reports/estimate_report.h"
#include "estimator/base/error.h"
#include "estimator/pricing/uncertainty.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

ordered_json level_json(const Machine& machine, const EventCounts& counts, size_t i) {
  const LevelCounts& level = counts.levels[i];
  ordered_json json = {{"name", machine.levels[i].name}, {"accesses", level.accesses}};
  if (level.hits) json["hits"] = *level.hits;
  json["misses"] = level.misses;
  if (level.read_misses) json["read_misses"] = *level.read_misses;
  if (level.write_misses) json["write_misses"] = *level.write_misses;
  if (level.write_backs) json["write_backs"] = *level.write_backs;
  if (level.lines_from_above) json["lines_from_above"] = *level.lines_from_above;
  if (level.compulsory_misses) json["compulsory_misses"] = *level.compulsory_misses;
  const auto line_bytes = static_cast<uint64_t>(machine.levels[i].geometry.value.line_bytes);
  if (const auto bytes = bytes_moved(counts, i, line_bytes)) json["bytes_moved"] = *bytes;
  return json;
}

ordered_json levels_json(const Machine& machine, const EventCounts& counts) {
  ordered_json levels;
  for (size_t i = 0; i < counts.levels.size(); ++i) {
    levels.push_back(level_json(machine, counts, i));
  }
  ordered_json dram = {{"name", "DRAM"}, {"accesses", counts.dram.reads}};
  if (counts.dram.write_backs) dram["write_backs"] = *counts.dram.write_backs;
  levels.push_back(std::move(dram));
  return levels;
}

ordered_json energy_json(const Estimate& estimate, const Energy& priced_energy) {
  return std::visit(
      [&](const auto& energy) {
        ordered_json json = {{"compute", energy.compute.value()}};
        for (size_t i = 0; i < energy.levels.size(); ++i) {
          json["levels"][estimate.machine.levels[i].name] = energy.levels[i].value();
        }
        json["levels"]["DRAM"] = energy.dram.value();
        const EnergyParts parts = energy_of(priced_energy, estimate.pricing.scope);
        const auto add = [&](const char* key, const std::optional<double>& part) {
          if (part) json[key] = *part;
        };
        add("static", parts.static_energy);
        add("instructions", parts.instructions);
        add("awake", parts.awake);
        add("activity", parts.activity);
        add("running", parts.running);
        add("machine", parts.machine);
        add("wall", parts.wall);
        json["total"] = parts.total;
        return json;
      },
      priced_energy);
}

std::string energy_key(const Estimate& estimate) {
  return estimate.pricing.unit == EnergyUnit::kPicojoules ? "energy_pj" : "energy_mac";
}

ordered_json instructions_json(const EventCounts& counts) {
  ordered_json json = {{"total", *counts.executed_instructions}};
  if (!counts.instructions) return json;
  for (const InstructionClassName& name : kInstructionClasses) {
    json[std::string(name.key)] = counts.instructions->of(name.instruction_class);
  }
  json["memory_operands"] = counts.instructions->memory_operands;
  json["vector_128_bits"] = counts.instructions->vector_128_bits;
  return json;
}

// Fitted times have an interval in percent, predicted ones a factor.
ordered_json time_json(const Estimate& estimate, const PricedRow& row) {
  const double time_s = *row.time_s;
  if (const auto& fitted = estimate.machine.time) {
    const double part = fitted->interval_percent / 100;
    return {{"value", time_s},
            {"low", std::max(0.0, 1 - part) * time_s},
            {"high", (1 + part) * time_s}};
  }
  const double factor = time_factor(estimate, row).value();
  ordered_json json = {{"value", time_s}, {"low", time_s / factor}, {"high", time_s * factor}};
  const PredictedTime& time = row.predicted.value();
  json["core"] = time.core_s;
  for (size_t i = 0; i < time.lines_s.size(); ++i) {
    json["lines"][estimate.machine.levels[i + 1].name] = time.lines_s[i];
  }
  json["lines"]["DRAM"] = time.dram_s;
  return json;
}

void append_row_json(const Estimate& estimate, const PricedRow& row, ordered_json& json) {
  const EventCounts& counts = row.row.counts;
  json["macs"] = row.row.operations.macs;
  json["other_operations"] = row.row.operations.other;
  json["padding_macs"] = row.row.operations.padding_macs;
  if (row.row.operations.transform_operations > 0) {
    json["executed_macs"] = row.row.operations.executed_macs();
    json["transform_operations"] = row.row.operations.transform_operations;
  }
  if (row.row.operations.byte_macs + row.row.operations.other_byte > 0) {
    json["int8_macs"] = row.row.operations.byte_macs;
    json["other_int8_operations"] = row.row.operations.other_byte;
  }
  json["parameters"] = row.row.parameters;
  json["data_refs"] = {{"reads", counts.refs.reads}, {"writes", counts.refs.writes}};
  if (counts.bytes) {
    json["data_bytes"] = {{"reads", counts.bytes->reads}, {"writes", counts.bytes->writes}};
  }
  json["levels"] = levels_json(estimate.machine, counts);
  if (counts.executed_instructions) json["instructions"] = instructions_json(counts);
  json["cost_cycles"] = row.cost.value();
  if (row.time_s) json["time_s"] = time_json(estimate, row);
  const std::string key = energy_key(estimate);
  json[key] = energy_json(estimate, row.energy);
  if (const auto interval = energy_interval(estimate, row)) {
    json[key]["interval"] = {{"low", interval->low_pj}, {"high", interval->high_pj}};
  } else if (const auto factor = energy_factor(estimate, row)) {
    const double energy = json[key]["total"];
    json[key]["interval"] = {{"low", energy / *factor}, {"high", energy * *factor}};
  }
  for (size_t i = 0; i < row.tensors.size(); ++i) {
    const EventCounts& tensor = row.row.tensors[i].counts;
    ordered_json tensor_json = {
        {"tensor", row.tensors[i].tensor},
        {"data_refs", {{"reads", tensor.refs.reads}, {"writes", tensor.refs.writes}}},
        {"levels", levels_json(estimate.machine, tensor)},
        {key, energy_json(estimate, row.tensors[i].energy)}};
    json["tensors"].push_back(std::move(tensor_json));
  }
}

void append_passes_json(const Estimate& estimate, const PricedRow& row, ordered_json& json) {
  for (const PricedRow& pass : row.passes) {
    ordered_json& pass_json = json["passes"][pass.row.name];
    pass_json = ordered_json::object();
    append_row_json(estimate, pass, pass_json);
    pass_json.erase("parameters");
  }
}

ordered_json per_image_json(const Estimate& estimate) {
  const auto images = static_cast<double>(estimate.counts.images);
  return {{"cost_cycles", estimate.total.cost.value() / images},
          {energy_key(estimate),
           energy_of(estimate.total.energy, estimate.pricing.scope).total / images}};
}

ordered_json training_json(const Estimate& estimate) {
  const PricedTraining& training = *estimate.training;
  ordered_json json = {{"optimizer", training.optimizer}};
  if (!training.steps) return json;
  json["images"] = *training.images;
  json["epochs"] = *training.epochs;
  json["steps"] = *training.steps;
  for (const PricedStep& kind : training.kinds) {
    ordered_json step = {{"step", kind.step}, {"times", kind.times}};
    append_row_json(estimate, kind.total, step);
    json["kinds"].push_back(std::move(step));
  }
  return json;
}

ordered_json machine_json(const Machine& machine) {
  ordered_json json = {{"name", machine.name}, {"isa", traits(machine.isa).name}};
  for (const CacheLevel& level : machine.levels) {
    const CacheGeometry& geometry = level.geometry.value;
    json["levels"].push_back({{"name", level.name},
                              {"size_bytes", geometry.size_bytes},
                              {"ways", geometry.ways},
                              {"line_bytes", geometry.line_bytes},
                              {"latency_cycles", level.latency_cycles.value},
                              {"read_energy_pj", level.read_energy_pj.value},
                              {"write_energy_pj", level.write_energy_pj.value}});
  }
  json["levels"].push_back({{"name", "DRAM"},
                            {"latency_cycles", machine.dram.latency_cycles.value},
                            {"read_energy_pj", machine.dram.read_energy_pj.value},
                            {"write_energy_pj", machine.dram.write_energy_pj.value}});
  if (!machine.notes.empty()) json["notes"] = machine.notes;
  return json;
}

ordered_json counts_json(const CountOrigin& origin, bool steady) {
  ordered_json json = {{"source", origin.source}};
  if (origin.version) json["version"] = *origin.version;
  if (origin.commands.size() == 1) {
    json["command"] = origin.commands[0];
  } else if (!origin.commands.empty()) {
    json["command"] = origin.commands;
  }
  json["isa"] = traits(origin.isa).name;
  json["pass"] = steady ? "second" : "first";
  if (!origin.notes.empty()) json["notes"] = origin.notes;
  return json;
}

}  // namespace

ordered_json estimate_json(const Estimate& estimate) {
  const NetworkCounts& counts = estimate.counts;
  const CountedRow whole = total(counts.rows);
  ordered_json json;
  json["schema"] = "wattgrind/estimate/2";
  json["network"] = {{"name", counts.network},
                     {"batch", counts.batch},
                     {"phase", estimate.training ? "training" : "inference"},
                     {"macs", whole.operations.macs},
                     {"parameters", whole.parameters}};
  json["machine"] = machine_json(estimate.machine);
  json["counts"] = counts_json(counts.origin, counts.steady);
  if (!counts.plan.empty()) json["plan"] = counts.plan;
  if (const auto& memory = counts.memory) {
    json["memory_bytes"] = {{"parameters", memory->parameters},
                            {"inputs", memory->inputs},
                            {"maps", memory->maps},
                            {"scratch", memory->scratch},
                            {"total", memory->total()}};
  }
  json["prices"] = origin_name(estimate.pricing.prices.origin);
  json["energy"] = scope_name(estimate.pricing.scope);
  if (const auto absent = absent_figures(estimate); !absent.empty()) json["absent"] = absent;
  if (estimate.training) json["training"] = training_json(estimate);
  json["accounting"] = estimate.pricing.accounting == Accounting::kHits ? "hits" : "accesses";
  for (const PricedRow& row : estimate.rows) {
    ordered_json layer = {{"name", row.row.name}, {"kind", row.row.kind}};
    if (!row.row.parts.empty()) layer["layers"] = row.row.parts;
    if (const auto& shape = row.row.output_shape) {
      layer["output_shape"] = {shape->channels, shape->height, shape->width};
    }
    append_row_json(estimate, row, layer);
    append_passes_json(estimate, row, layer);
    json["layers"].push_back(std::move(layer));
  }
  json["total"] = ordered_json::object();
  append_row_json(estimate, estimate.total, json["total"]);
  append_passes_json(estimate, estimate.total, json["total"]);
  json["per_image"] = per_image_json(estimate);
  return json;
}

}  // namespace wattgrind
