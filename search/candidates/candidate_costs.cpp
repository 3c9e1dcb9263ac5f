#include "search/candidates/candidate_costs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/pricing/prices.h"
#include "kernels/count/count_source.h"

namespace wattgrind {
namespace {

// How many costs are remembered: far more than a study has candidates that come up again. Each
// takes some hundred bytes.
constexpr size_t kRemembered = 10'000;

Cost price(const NetworkCounts& counts, const Machine& machine) {
  const PriceTable prices = machine_prices(machine);
  Cost cost;
  for (const CountedRow& row : counts.rows) {
    cost.cycles += latency_cost(row.counts, machine, Accounting::kHits);
    cost.energy += energy_pj(row.counts, row.operations, prices).total();
  }
  return cost;
}

void no_progress(std::string_view, uint64_t, uint64_t) {}

void refuse_oversize(const Network& network, const BatchPass& pass, const SizeBounds& bounds) {
  if (const auto found = oversize(network, pass, bounds)) {
    fail(ErrorKind::kInput, "{}: {}", network.name, to_text(*found));
  }
}

}  // namespace

CandidateCostModel::CandidateCostModel(Machine machine, const TrainingLength& length,
                                       int64_t infer_batch, const SizeBounds& bounds)
    : machine_(std::move(machine)),
      length_(length),
      infer_batch_(infer_batch),
      bounds_(bounds),
      train_costs_(kRemembered),
      infer_costs_(kRemembered) {}

CandidateCosts CandidateCostModel::costs(const Candidate& candidate) {
  const Network& network = candidate.network;
  return {train_cost(candidate), infer_cost(network), network.parameters(), network.macs()};
}

CandidateCosts CandidateCostModel::least_costs(const Candidate& candidate) {
  const Network& network = candidate.network;
  const auto source = make_reference_source();
  return {counted_train_cost(candidate, *source), infer_cost(network), network.parameters(),
          network.macs()};
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
  return price(count_training(candidate.network, candidate.optimizer, candidate.batch, length_,
                              machine_, source, no_progress)
                   .whole,
               machine_);
}

Cost CandidateCostModel::infer_cost(const Network& network) {
  if (const auto known = infer_costs_.find(network.name)) return *known;
  const Cost cost = counted_infer_cost(network, true);
  infer_costs_.insert(network.name, cost);
  return cost;
}

Cost CandidateCostModel::cold_infer_cost(const Network& network) const {
  return counted_infer_cost(network, false);
}

Cost CandidateCostModel::counted_infer_cost(const Network& network, bool steady) const {
  refuse_oversize(network, {infer_batch_}, bounds_);
  const auto source = make_simulation_source(CacheModel::kMachine);
  const Cost pass =
      price(count_network(network, infer_batch_, machine_, steady, *source, no_progress, nullptr),
            machine_);
  const auto images = static_cast<double>(infer_batch_);
  return {Cycles::rounded(pass.cycles.value() / images),
          Picojoules::rounded(pass.energy.value() / images)};
}

}  // namespace wattgrind
