// What `estimate` was asked for.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/dimension_option.h"
#include "cli/commands/plan_options.h"
#include "cli/commands/quantize_option.h"
#include "cli/commands/size_options.h"
#include "cli/terminal/output.h"
#include "estimator/machine/machine.h"
#include "estimator/pricing/priced_estimate.h"

namespace wattgrind {

struct EstimateOptions {
  std::string network;
  DimensionSizes dimensions;
  std::string machine = "host";
  int64_t batch = 1;
  SizeBounds bounds;
  bool training = false;
  std::shared_ptr<PlanOptions> plan;
  bool show_plan = false;
  std::string optimizer = "adam";
  uint64_t images = 0;  // 0: one step
  std::optional<uint64_t> epochs;
  bool steady = false;
  std::string counts = "simulate";
  bool verify = false;
  Accounting accounting = Accounting::kHits;
  PriceOrigin prices = PriceOrigin::kDefault;
  std::optional<EnergyUnit> unit;
  std::optional<EnergyScope> scope;
  IdleShare idle = kAllIdle;
  bool by_tensor = false;
  std::vector<std::string> layers;
  std::vector<std::string> metrics;
  std::string keep;
  QuantizeOptions quantize;
  std::vector<std::string> models;  // files of layer models; empty: none
  bool bottleneck = false;
  std::string report;
  std::string flame;  // empty: none
  bool roofline = false;
  std::string plot;  // file of the roofline's drawing; empty: none
  std::shared_ptr<OutputOptions> output;
};

std::shared_ptr<EstimateOptions> add_estimate_options(CLI::App& command);

// Throws Error(kUsage) for options that do not go together.
void check(const EstimateOptions& options);

// The prices that the options ask for. Throws Error(kInput) where the machine lacks figures that
// they need.
Pricing pricing_of(const EstimateOptions& options, const Machine& machine);

}  // namespace wattgrind
