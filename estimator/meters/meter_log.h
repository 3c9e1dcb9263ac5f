// A power log that something else writes: a smart plug's, an external logger's.
//
// A CSV with a column of times, `unix_s` (seconds since 1970) or `time` (date and time of day, UTC
// unless it names a zone), and a column of power, `power_w` or `power_mw`. It is read when the run
// is over and joined to it by the calendar's clock.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/meters/meter.h"
#include "estimator/meters/power_series.h"

namespace wattgrind {

// Samples over seconds since 1970. Throws Error(kInput), naming file and line, for a missing
// column, a power that is negative or no number, and times that do not ascend.
std::vector<PowerSample> parse_power_log(std::string_view text, std::string_view file);

// The file must be there, readable and well-formed when the meter is made; stop() waits for it to
// reach the end of the run, as long as the log's own pace gives reason to.
std::unique_ptr<Meter> make_log_meter(const std::string& file, Clock& clock);

}  // namespace wattgrind
