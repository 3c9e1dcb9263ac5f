// Intel SoC Watch: energy of CPU packages and DRAM from its text report (`socwatch -f power`).
//
// SoC Watch runs beside the load, in another terminal, and writes its report when it ends; the
// report gives one average for its whole collection. stop() waits for the report of a collection
// that covers the run and is hardly longer than it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/meters/meter.h"

namespace wattgrind {

struct SocwatchReport {
  double start_unix_s = 0;  // of the collection, to the second
  double duration_s = 0;
  std::vector<RailEnergy> rails;  // "CPU/Package_0", "DRAM/DRAM_0", ...: disjoint, all in_total
};

// Throws Error(kInput), naming the file and what is missing in it, for anything but the report of
// a collection with power summaries.
SocwatchReport parse_socwatch(std::string_view text, std::string_view file);

std::unique_ptr<Meter> make_socwatch_meter(const std::string& file, Clock& clock);

}  // namespace wattgrind
