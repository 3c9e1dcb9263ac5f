// Writes an estimate with what layer models say of its layers beside the counts.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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
// That of the estimate, with a member "model".
nlohmann::ordered_json model_estimate_json(const ModelEstimate& estimate);
Table model_estimate_csv(const ModelEstimate& estimate, const std::vector<std::string>& metrics);

}  // namespace wattgrind
