// What pruning a network came to, as tables, JSON and CSV.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/charts/svg_plot.h"
#include "estimator/network/network.h"
#include "search/pruning/prune.h"

namespace wattgrind {

struct PrunedCase {
  PruningOrder order = PruningOrder::kEnergy;
  PruningResult result;
  double test_accuracy = 0;
};

struct PruneReport {
  Network whole;
  std::string machine, data;
  double budget = 0;
  double whole_test_accuracy = 0;
  std::vector<PrunedCase> cases;  // the first is the one that was asked for
};

// Shows the first case step by step, and what became of the network by each.
std::string prune_text(const PruneReport& report, const TextPage& page);
// All steps of all cases, as "wattgrind/prune/1".
nlohmann::ordered_json prune_json(const PruneReport& report);
// A row for each step of each case; the test accuracy is known of the first and the last.
Table prune_csv(const PruneReport& report);
// Validation accuracy over the energy that is left, a line for each case.
ScatterPlot prune_plot(const PruneReport& report);

}  // namespace wattgrind
