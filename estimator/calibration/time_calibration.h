// Time from counts, fitted to the durations of energy readings: what static energy needs once the
// meter is gone.
#pragma once

#include <optional>
#include <vector>

#include "estimator/calibration/calibration.h"
#include "estimator/calibration/energy_features.h"

namespace wattgrind {

inline constexpr const char* kMacsFeature = "MACs";
inline constexpr const char* kLatencyFeature = "latency cost";

// seconds = price * multiply-accumulates + price * cycles of latency cost, either or both: chosen
// by leave-one-out error, as terms of energy are. Coarser than a TimeModel, which knows the loop
// nest; readings are few.
struct TimeCalibration {
  FeatureTable table;  // features "MACs" and "latency cost"; its energies are seconds
  Calibration calibration;
};

// Errors count in percent: readings range from a layer's microseconds to a network's seconds.
// Absent where a reading's duration is not known. Needs 3 workloads, as calibrate() does.
std::optional<TimeCalibration> calibrate_time(const std::vector<CountedReading>& readings,
                                              const Machine& machine,
                                              const BootstrapOptions& bootstrap);

}  // namespace wattgrind
