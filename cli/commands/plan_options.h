// The options that say how an inference is put together: --plan, --algorithm, --choose.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "estimator/machine/machine.h"
#include "estimator/network/network.h"
#include "estimator/pricing/priced_estimate.h"
#include "kernels/count/count_source.h"
#include "kernels/program/engine_plan.h"

namespace wattgrind {

struct PlanOptions {
  std::optional<Plan> plan;              // absent: that of the phase
  std::optional<std::string> algorithm;  // as on the command line
  std::optional<std::string> choose;     // "time", "energy"

  // Whether algorithms are left to what they cost on the machine.
  bool chooses(bool training) const;
  Plan plan_of(bool training) const {
    return plan.value_or(training ? Plan::kLayers : Plan::kFused);
  }
};

std::shared_ptr<PlanOptions> add_plan_options(CLI::App& command);

// The plan with the algorithms that were asked for. Of the other convolutions those are taken that
// cost least on the machine (kernels/count/algorithm_choice.h): in the fused plan or where an
// option says so. Throws Error(kUsage) for words that name no algorithm or no layer, and for a
// training.
PlanRequest plan_request(const PlanOptions& options, const Network& network, int64_t batch,
                         bool training, const Machine& machine, const Pricing& pricing,
                         const ProgressReport& progress);

}  // namespace wattgrind
