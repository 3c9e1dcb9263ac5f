// Writes a calibration as tables, JSON and CSV.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/calibration/calibration.h"
#include "estimator/calibration/energy_features.h"
#include "estimator/calibration/time_calibration.h"

namespace wattgrind {

struct CalibrateReport {
  std::string readings;       // the file's base name
  std::string energy_column;  // energies are in its unit and are shown as joules
  std::string machine;
  CalibrationOptions options;
  EnergyFeatures features;
  Calibration calibration;
  std::optional<TimeCalibration> time;  // absent: the durations are not known
  std::vector<std::string> notes;       // what is not exact
};

std::string calibrate_text(const CalibrateReport& report, const TextPage& page);
nlohmann::ordered_json calibrate_json(const CalibrateReport& report);
// Makes a table with a row for each reading: measured, fitted, left out.
Table calibrate_csv(const CalibrateReport& report);
// The model's prices with their intervals; and how good it is beside the baselines.
Table calibration_terms_table(const CalibrateReport& report);
Table calibration_quality_table(const CalibrateReport& report);

}  // namespace wattgrind
