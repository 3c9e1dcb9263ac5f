// Measurements as a table, JSON and CSV.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal/table.h"
#include "estimator/readings/measurement.h"

namespace wattgrind {

// Which measurements belong to a network measured layer by layer, by the names of their workloads.
struct MeasuredParts {
  std::string network;
  std::vector<std::string> layers;   // each alone
  std::vector<std::string> leading;  // each with all before it
};

struct MeasureReport {
  std::string meter;
  std::string isa;  // of the kernels
  uint64_t batch = 1;
  std::optional<double> frequency_hz;  // at which the CPUs were held; absent: they were not
  double relative_error = 0;           // wanted
  bool idle_subtracted = false;
  Measurements measured;
  std::vector<MeasuredParts> parts;
};

std::string measure_text(const MeasureReport& report, Emphasis emphasis);
nlohmann::ordered_json measure_json(const MeasureReport& report);
// A row for each load measured.
Table measure_csv(const MeasureReport& report);

}  // namespace wattgrind
