#include "search/candidates/limit_check.h"

#include <algorithm>
#include <optional>

#include "estimator/base/error.h"
#include "estimator/base/isa.h"
#include "estimator/pricing/prices.h"

namespace wattgrind {
namespace {

// Whether the network with the lowest values has the fewest parameters and operations of the space.
// It has where maps keep their size: more layers, units, filters or larger filters then add to
// both.
bool lowest_is_smallest(const SearchConfig& config) {
  if (config.form.fixed.contains("pooling")) return false;
  for (const Parameter& parameter : config.space.parameters()) {
    if (parameter.name == "pooling" || parameter.group == "pooling") return false;
    const bool of_network = parameter.name != "optimizer" && parameter.name != "learning_rate";
    if (of_network && std::holds_alternative<Choice>(parameter.domain)) return false;
    if (parameter.condition && parameter.group.empty()) return false;
  }
  return true;
}

// The fewest cycles of a pass: every parameter is loaded once, by the widest vectors, from the
// nearest level.
double least_pass_cycles(const Machine& machine, const Network& network) {
  double latency_cycles = machine.dram.latency_cycles.value;
  for (const CacheLevel& level : machine.levels) {
    latency_cycles = std::min(latency_cycles, level.latency_cycles.value);
  }
  const auto parameters = static_cast<double>(network.parameters());
  return parameters / traits(machine.isa).float_lanes * latency_cycles;
}

void check(std::string_view key, std::optional<double> limit, double least,
           std::string_view where) {
  if (!limit || *limit >= least) return;
  fail(ErrorKind::kInput,
       "{}: objective.limits.{}: found {}, wanted at least {:.6g}: the smallest network of the "
       "space needs that",
       where, key, *limit, least);
}

}  // namespace

void check_limits(const SearchConfig& config, const Candidate& smallest, std::string_view where) {
  if (!lowest_is_smallest(config)) return;
  const Limits& limits = config.objective.limits;
  const auto macs = static_cast<double>(smallest.network.macs());
  check("parameters", limits.parameters, static_cast<double>(smallest.network.parameters()), where);
  check("macs", limits.macs, macs, where);
  const double energy_pj = macs * machine_prices(config.machine).mac_pj;
  // An accelerator's inference is not bounded by what the machine that trains would need.
  if (!config.target) check("infer_energy_pj", limits.infer_energy_pj, energy_pj, where);
  const double pass_cycles = least_pass_cycles(config.machine, smallest.network);
  if (!config.target) {
    check("infer_cycles", limits.infer_cycles,
          pass_cycles / static_cast<double>(config.infer_batch), where);
  }
  check("train_cycles", limits.train_cycles, pass_cycles * static_cast<double>(config.epochs),
        where);
  const std::optional<uint64_t> images = effective_selection(config.data).train;
  if (!images) return;
  // A training step does at least what a forward pass does.
  const double passes = static_cast<double>(*images) * static_cast<double>(config.epochs);
  check("train_energy_pj", limits.train_energy_pj, energy_pj * passes, where);
}

}  // namespace wattgrind
