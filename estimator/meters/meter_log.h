// A power log (power_log.h) that something else writes: a smart plug's, an external logger's.
//
// It is read when the run is over and joined to it by the calendar's clock. That is checked before
// the run: the meter, when it is made, waits until the file grows once, and its newest line must
// then be as old as the log's pace says, which neither a clock that is wrong is nor times whose
// zone is not written. A logger may write its lines in blocks: what it wrote at once tells how long
// stop() must be ready to wait for the next block.
#pragma once

#include <memory>
#include <string>

#include "estimator/meters/meter.h"

namespace wattgrind {

// Throws Error(kInput) where the file is not there or not well-formed, Error(kFailed) where it does
// not grow within ten seconds and three of its paces, or its newest line is ahead of now or behind
// it by more than three paces; the message names the offset.
//
// stop() waits for the file to reach the end of the run as long as it grows, and throws
// Error(kFailed) when it does not any more.
std::unique_ptr<Meter> make_log_meter(const std::string& file, Clock& clock);

}  // namespace wattgrind
