#include "search/candidates/candidate_costs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "estimator/accelerator/storage_area.h"
#include "estimator/base/error.h"
#include "estimator/dataflow/dataflow_estimate.h"
#include "estimator/pricing/priced_estimate.h"
#include "kernels/count/count_source.h"

namespace wattgrind {
namespace {

// How many costs are remembered: far more than a study has candidates that come up again. Each
// takes some hundred bytes.
constexpr size_t kRemembered = 10'000;

// What of the profile the unit needs and is absent; null: nothing.
const char* missing_figure(const Machine& machine, CostUnit unit) {
  if (!predicts_time(unit)) return nullptr;
  if (!machine.core || machine.core->llvm_cpu.empty()) return "core.llvm_cpu";
  for (size_t i = 1; i < machine.levels.size(); ++i) {
    if (!machine.levels[i].bytes_per_cycle) return "a level's bytes_per_cycle";
  }
  if (!machine.dram.read_bytes_per_s) return "dram.read_bytes_per_s";
  if (unit == CostUnit::kTime) return nullptr;
  if (!machine.instructions) return "instructions";
  return running_power(machine, kNoIdle) ? nullptr : "power.core_w and power.uncore_w";
}

void no_progress(std::string_view, uint64_t, uint64_t) {}

void refuse_oversize(const Network& network, const BatchPass& pass, const SizeBounds& bounds) {
  if (const auto found = oversize(network, pass, bounds)) {
    fail(ErrorKind::kInput, "{}: {}", network.name, to_text(*found));
  }
}

constexpr double kSquareMicrometresAMillimetre = 1e6;

void check_target(const AcceleratorTarget& target, CostUnit unit) {
  if (predicts_time(unit)) {
    fail(ErrorKind::kInput,
         "objective.cost: found \"{}\", wanted cycles or picojoules, which accelerator {} tells",
         kCostUnitNames[static_cast<size_t>(unit)], target.accelerator.name);
  }
  if (!target.accelerator.pj) {
    fail(ErrorKind::kInput,
         "machine: accelerator {} has no energies in picojoules, wanted energy.pj",
         target.accelerator.name);
  }
}

std::string design_text(const AcceleratorDesign& design) {
  return fmt::format("{} {} {} {}", design.rows.value_or(0), design.columns.value_or(0),
                     design.register_file_bytes.value_or(0), design.buffer_bytes.value_or(0));
}

}  // namespace

Accelerator designed_accelerator(const AcceleratorTarget& target, const AcceleratorDesign& design) {
  Accelerator accelerator = target.accelerator;
  const auto sized = [](int64_t value) {
    return Sourced<double>{static_cast<double>(value), "searched", Basis::kAssumed};
  };
  if (design.rows) accelerator.rows = sized(*design.rows);
  if (design.columns) accelerator.columns = sized(*design.columns);
  if (design.register_file_bytes) {
    accelerator.register_file = {sized(*design.register_file_bytes), {}};
  }
  if (design.buffer_bytes) accelerator.buffer_bytes = sized(*design.buffer_bytes);
  return accelerator;
}

CandidateCostModel::CandidateCostModel(Machine machine, const TrainingLength& length,
                                       int64_t infer_batch, CostUnit unit, const SizeBounds& bounds,
                                       std::optional<AcceleratorTarget> target)
    : machine_(std::move(machine)),
      length_(length),
      infer_batch_(infer_batch),
      unit_(unit),
      bounds_(bounds),
      target_(std::move(target)),
      train_costs_(kRemembered),
      infer_costs_(kRemembered) {
  if (target_) check_target(*target_, unit_);
  if (const char* missing = missing_figure(machine_, unit_)) {
    fail(ErrorKind::kInput, "objective.cost: found \"{}\", for which machine {} lacks {}",
         kCostUnitNames[static_cast<size_t>(unit_)], machine_.name, missing);
  }
}

Cost CandidateCostModel::price(const NetworkCounts& counts) const {
  Pricing pricing{machine_prices(machine_)};
  Cost cost;
  for (const CountedRow& row : counts.rows) {
    cost.cycles += latency_cost(row.counts, machine_, pricing.accounting);
    cost.energy += energy_pj(row.counts, row.operations, pricing.prices).total();
  }
  if (!predicts_time(unit_)) return cost;
  pricing.scope = EnergyScope::kRunning;
  const PricedRow total = price_total(counts.rows, machine_, pricing, core_use(counts.origin));
  cost.time_s = total.time_s.value();
  if (unit_ == CostUnit::kEnergyRunning) {
    const auto& energy = std::get<EnergyBreakdown<Picojoules>>(total.energy);
    cost.energy = energy.running().value();
  }
  return cost;
}

template <typename Count>
NetworkCounts CandidateCostModel::counted(CountSource& source, const Count& count) const {
  if (!predicts_time(unit_)) return count(source);
  return count(*make_instruction_source(source));
}

CandidateCosts CandidateCostModel::with_sizes(const Candidate& candidate, Cost train) {
  const Network& network = candidate.network;
  CandidateCosts costs = {train, infer_cost(candidate), network.parameters(), network.macs()};
  if (target_) {
    costs.area_mm2 = accelerator_area_um2(designed_accelerator(*target_, candidate.design)) /
                     kSquareMicrometresAMillimetre;
  }
  return costs;
}

CandidateCosts CandidateCostModel::costs(const Candidate& candidate) {
  return with_sizes(candidate, train_cost(candidate));
}

CandidateCosts CandidateCostModel::least_costs(const Candidate& candidate) {
  const auto source = make_reference_source();
  return with_sizes(candidate, counted_train_cost(candidate, *source));
}

Cost CandidateCostModel::train_cost(const Candidate& candidate) {
  // A network's name is its short form, which tells all of it. A batch larger than the data is one
  // short batch.
  const int64_t batch = std::min(candidate.batch, static_cast<int64_t>(length_.images));
  const std::string key = fmt::format("{} batch={} {}", candidate.network.name, batch,
                                      optimizer_name(candidate.optimizer));
  if (const auto known = train_costs_.find(key)) return *known;
  const auto source = make_simulation_source(CacheModel::kMachine);
  const Cost cost = counted_train_cost(candidate, *source);
  train_costs_.insert(key, cost);
  return cost;
}

Cost CandidateCostModel::counted_train_cost(const Candidate& candidate, CountSource& source) const {
  const int64_t batch = std::min(candidate.batch, static_cast<int64_t>(length_.images));
  refuse_oversize(candidate.network, {batch, true}, bounds_);
  return price(counted(source, [&](CountSource& counting) {
    return count_training(candidate.network, candidate.optimizer, candidate.batch, length_,
                          machine_, counting, no_progress)
        .whole;
  }));
}

Cost CandidateCostModel::infer_cost(const Candidate& candidate) {
  const std::string key = candidate.network.name + " " + design_text(candidate.design);
  if (const auto known = infer_costs_.find(key)) return *known;
  const Cost cost =
      target_ ? accelerated_infer_cost(candidate) : counted_infer_cost(candidate.network, true);
  infer_costs_.insert(key, cost);
  return cost;
}

Cost CandidateCostModel::accelerated_infer_cost(const Candidate& candidate) const {
  const MappingObjective objective =
      unit_ == CostUnit::kCycles ? MappingObjective::kDelay : MappingObjective::kEnergy;
  const DataflowEstimate estimate = estimate_dataflow(
      tasks_of(candidate.network, infer_batch_), designed_accelerator(*target_, candidate.design),
      find_dataflow(target_->dataflow), objective, AcceleratorUnit::kPicojoules);
  // What is left to the host would cost nothing here.
  for (const UnmappedLayer& layer : unmapped_layers(estimate)) {
    if (layer.reason.empty()) continue;
    fail(ErrorKind::kInput, "{}: layer {} has no {} mapping: {}", estimate.accelerator.name,
         layer.name, estimate.description, layer.reason);
  }
  const auto images = static_cast<double>(infer_batch_);
  return {Cycles::rounded(estimate.amounts.cycles / images),
          Picojoules::rounded(estimate.energy.total() / images)};
}

Cost CandidateCostModel::cold_infer_cost(const Candidate& candidate) const {
  return target_ ? accelerated_infer_cost(candidate) : counted_infer_cost(candidate.network, false);
}

Cost CandidateCostModel::counted_infer_cost(const Network& network, bool steady) const {
  refuse_oversize(network, {infer_batch_}, bounds_);
  const auto source = make_simulation_source(CacheModel::kMachine);
  const Cost pass = price(counted(*source, [&](CountSource& counting) {
    return count_network(network, infer_batch_, machine_, steady, counting, no_progress, nullptr);
  }));
  const auto images = static_cast<double>(infer_batch_);
  Cost image = {Cycles::rounded(pass.cycles.value() / images),
                Picojoules::rounded(pass.energy.value() / images)};
  if (pass.time_s) image.time_s = *pass.time_s / images;
  return image;
}

}  // namespace wattgrind
