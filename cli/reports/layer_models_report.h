// Writes what layer models fitted to readings are worth as tables, JSON and CSV.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/models/layer_models.h"
#include "estimator/models/reading_oddities.h"

namespace wattgrind {

struct LayerModelsReport {
  std::string readings_file;
  std::vector<LayerReading> readings;  // that were fitted
  LayerModels models;
  std::vector<PowerOutlier> outliers;
  std::vector<std::string> outlier_workloads;  // by outlier
  bool outliers_left_out = false;
  std::string check_file;           // empty: none
  std::vector<LayerReading> check;  // readings that no fit has seen
  size_t check_seen = 0;            // readings of that file that were seen, and are not predicted
};

std::vector<std::string> workloads_of(const std::vector<PowerOutlier>& outliers,
                                      const std::vector<LayerReading>& readings);

// What each form is worth, kind by kind.
Table layer_models_scores(const LayerModelsReport& report);
// Modes, jumps and outliers of the readings, a line each; empty where there are none.
std::string layer_models_oddities(const LayerModelsReport& report);
std::string layer_models_text(const LayerModelsReport& report, const TextPage& page);
nlohmann::ordered_json layer_models_json(const LayerModelsReport& report);
// Makes a table with a row for each reading and quantity: measured, and predicted left out or, of
// readings to check, by the model.
Table layer_models_csv(const LayerModelsReport& report);

}  // namespace wattgrind
