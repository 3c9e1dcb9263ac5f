// The plan of an inference by the algorithms of convolution that take the least predicted time, as
// `estimate --algorithm auto` chooses them.
#pragma once

#include "cli/commands/plan_options.h"

namespace wattgrind {

inline PlanRequest fastest_plan(Plan plan, const Network& network, int64_t batch,
                                const Machine& machine) {
  PlanOptions options;
  options.plan = plan;
  options.algorithm = "auto";
  Pricing pricing;
  pricing.prices = machine_prices(machine);
  return plan_request(options, network, batch, false, machine, pricing,
                      [](std::string_view, uint64_t, uint64_t) {});
}

}  // namespace wattgrind
