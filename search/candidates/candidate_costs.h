// What candidates cost on a machine: counted by simulation, priced, and remembered, for costs are
// exact functions of the candidate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "estimator/accelerator/accelerator.h"
#include "estimator/base/bounded_cache.h"
#include "estimator/machine/machine.h"
#include "estimator/network/network_size.h"
#include "kernels/count/count_training.h"
#include "search/candidates/candidate.h"
#include "search/candidates/objective.h"

namespace wattgrind {

// An accelerator that inference is priced on, and how layers lie on it. What the dataflow does not
// map (functions, normalisation) costs nothing there.
struct AcceleratorTarget {
  Accelerator accelerator;
  std::string dataflow;
};

// The target as the candidate would build it.
Accelerator designed_accelerator(const AcceleratorTarget& target, const AcceleratorDesign& design);

class CandidateCostModel {
 public:
  // Inference is the steady cost of a pass of `infer_batch` images, divided by them; latencies are
  // charged to hits (powerML's Eq. 2.1), energies are the machine's own prices.
  // Costs of the unit are told, and those of others where they need no predicted time. Throws
  // Error(kInput) where the unit needs figures that the machine's profile lacks.
  // With a target, inference is one pass on that, mapped for least energy or, where costs are
  // cycles, for least delay; training stays the machine's. Throws Error(kInput) where the unit is
  // neither cycles nor picojoules, or the target has no energies in picojoules.
  CandidateCostModel(Machine machine, const TrainingLength& length, int64_t infer_batch,
                     CostUnit unit, const SizeBounds& bounds = {},
                     std::optional<AcceleratorTarget> target = std::nullopt);

  // Learning rates cost nothing: candidates that differ in them alone cost the same. May be called
  // from several threads at once. Throws Error(kInput) for a network that cannot be lowered or
  // exceeds the bounds.
  CandidateCosts costs(const Candidate& candidate);

  // The same, but the cost of training is a lower bound: what it would be if every reference hit
  // the first level. Training is not simulated for that.
  CandidateCosts least_costs(const Candidate& candidate);

  // What one image costs in the first pass, from empty caches, at the batch of inference; on a
  // target every pass is alike.
  Cost cold_infer_cost(const Candidate& candidate) const;

 private:
  Cost train_cost(const Candidate& candidate);
  Cost counted_train_cost(const Candidate& candidate, CountSource& source) const;
  Cost infer_cost(const Candidate& candidate);
  Cost accelerated_infer_cost(const Candidate& candidate) const;
  CandidateCosts with_sizes(const Candidate& candidate, Cost train);
  Cost counted_infer_cost(const Network& network, bool steady) const;
  Cost price(const NetworkCounts& counts) const;
  // Calls count(source) with the source or, where the unit predicts time, with one that counts
  // instructions too.
  template <typename Count>
  NetworkCounts counted(CountSource& source, const Count& count) const;

  const Machine machine_;
  const TrainingLength length_;
  const int64_t infer_batch_;
  const CostUnit unit_;
  const SizeBounds bounds_;
  const std::optional<AcceleratorTarget> target_;
  BoundedCache<Cost> train_costs_;  // by network, batch and optimiser
  BoundedCache<Cost> infer_costs_;  // by network and design
};

}  // namespace wattgrind
