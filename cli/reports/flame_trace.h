// An estimate on a time line, as Chrome's trace event format, which Perfetto, chrome://tracing and
// speedscope read.
#pragma once

#include <nlohmann/json.hpp>

#include "cli/reports/estimate_report.h"

namespace wattgrind {

// The network as one span, its layers inside it one after the other, in the order in which they
// run: of a training all layers forward, then from the last to the first backward and update. A
// span lasts as long as its layer takes by the estimate's time; where that is not told for every
// row, a latency cycle lasts a microsecond, and "otherData" says so. Counters beside them: misses
// of each level and reads of memory a layer, and power where time and energy are known.
nlohmann::ordered_json flame_trace(const Estimate& estimate);

}  // namespace wattgrind
