// Writes an estimate with what layer models say of its layers beside the counts.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/reports/estimate_metrics.h"
#include "cli/terminal/table.h"
#include "estimator/models/network_prediction.h"
#include "estimator/pricing/priced_estimate.h"

namespace wattgrind {

struct ModelEstimate {
  Estimate estimate;  // of every layer alone
  NetworkPrediction prediction;
  std::string readings;     // what the models were fitted to
  bool bottleneck = false;  // whether the layers that take most are named
};

std::string model_estimate_text(const ModelEstimate& estimate,
                                const std::vector<std::string>& metrics, const TextPage& page);
// What the models are of, and what they cannot say of these layers: lines, the first of which names
// the readings.
std::string model_notes(const ModelEstimate& estimate);
// The layers that take most, a line for each quantity; empty where they are not asked for.
std::string bottleneck_text(const ModelEstimate& estimate);
// Those of the estimate, with columns for what the models say.
Table model_estimate_table(const ModelEstimate& estimate, const std::vector<std::string>& metrics,
                           Audience audience);
// That of the estimate, with a member "model".
nlohmann::ordered_json model_estimate_json(const ModelEstimate& estimate);

}  // namespace wattgrind
