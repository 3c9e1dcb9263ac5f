// A case is a network on a machine, by a plan and with a batch: what compare and sweep set side by
// side.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/reports/compare_report.h"
#include "estimator/machine/machine.h"
#include "estimator/models/layer_models.h"
#include "estimator/network/network.h"
#include "estimator/network/network_size.h"
#include "estimator/pricing/priced_estimate.h"
#include "kernels/program/engine_plan.h"

namespace wattgrind {

// The profile's own prices, in picojoules, of the running energy or, where that is not known, the
// widest that is.
Pricing default_pricing(const Machine& machine);

struct NetworkCase {
  std::string label;
  Network network;
  Machine machine;
  Plan plan = Plan::kFused;
  int64_t batch = 1;
  bool steady = false;
  std::optional<std::string> algorithm = {};  // of convolutions, in the words of --algorithm
};

// Counts by simulation and prices. Where there are models, they tell time and energy of the network
// as written, too.
CaseFigures case_figures(
    const NetworkCase& given, const LayerModels* models,
    const std::function<void(std::string_view what, uint64_t done, uint64_t total)>& progress);

}  // namespace wattgrind
